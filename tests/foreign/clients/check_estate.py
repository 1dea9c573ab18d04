"""python-gitlab against a generated estate of 2,000 projects: paging that holds, answers that stay the same."""

from __future__ import annotations

import hashlib
from collections import Counter

import gitlab
import requests
import yaml
from checks import ADMIN, TOKENS, URL, check, equal, holds, run

PROJECTS = 2000


def admin() -> gitlab.Gitlab:
    return gitlab.Gitlab(URL, private_token=ADMIN)


def catalog(project: object) -> str | None:
    try:
        return project.files.raw(file_path="catalog-info.yaml", ref="main").decode()
    except gitlab.GitlabGetError as error:
        equal(error.response_code, 404)
        return None


@check("all projects over keyset pages, none twice, none lost")
def _() -> None:
    rows = admin().projects.list(iterator=True, pagination="keyset", order_by="id", sort="asc", per_page=100, membership=True)
    ids = [row.id for row in rows]
    equal(len(ids), PROJECTS)
    equal(ids, sorted(set(ids)))


@check("the administrator is a member of every project")
def _() -> None:
    equal(admin().projects.list(iterator=True, membership=True).total, PROJECTS)


@check("about one group for twelve projects, five direct members each")
def _() -> None:
    gl = admin()
    groups = gl.groups.list(get_all=True, per_page=100)
    holds(PROJECTS / 14 <= len(groups) <= PROJECTS / 10, f"{len(groups)} groups")
    holds(any(group.full_path.count("/") >= 2 for group in groups), "not nested")
    for group in groups[::40]:
        people = [member for member in group.members.list(get_all=True) if "_bot_" not in member.username and "service_account_" not in member.username]
        equal(len(people), 5, group.full_path)


@check("seven in ten have a catalog file, one in ten names another file, two in ten have none")
def _() -> None:
    gl = admin()
    kinds: Counter[str] = Counter()
    sample = gl.projects.list(get_all=True, per_page=100, order_by="id", sort="asc")[::10]
    for row in sample:
        text = catalog(row)
        found = "none" if text is None else "+".join(sorted(doc["kind"] for doc in yaml.safe_load_all(text)))
        kinds[found] += 1
        if found == "Location":
            second = row.files.raw(file_path="catalog/service.yaml", ref="main").decode()
            equal(sorted(doc["kind"] for doc in yaml.safe_load_all(second)), ["API", "Component"])
    holds(set(kinds) == {"API+Component", "Location", "none"}, f"kinds {kinds}")
    share = {kind: count / len(sample) for kind, count in kinds.items()}
    # 200 projects: four standard deviations to either side.
    holds(abs(share["API+Component"] - 0.7) < 0.13 and abs(share["Location"] - 0.1) < 0.085, f"shares {share}")


@check("the same seed gives the same ids: the tree says what the content hashes to")
def _() -> None:
    project = next(row for row in admin().projects.list(iterator=True, order_by="id", sort="asc") if catalog(row))
    entry = next(e for e in project.repository_tree(get_all=True) if e["path"] == "catalog-info.yaml")
    data = project.files.raw(file_path="catalog-info.yaml", ref="main")
    equal(entry["id"], hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest())


@check("roles hold in the estate too")
def _() -> None:
    for role, level in (("owner", 50), ("maintainer", 40), ("developer", 30), ("reporter", 20)):
        gl = gitlab.Gitlab(URL, private_token=TOKENS[role])
        project = gl.projects.list(membership=True, get_all=False)[0]
        permissions = gl.projects.get(project.id).permissions
        levels = [access["access_level"] for access in permissions.values() if access]
        equal(max(levels), level, role)


@check("a CatalogPage of a hundred in one request")
def _() -> None:
    query = """query { projects(membership: true, first: 100) { pageInfo { hasNextPage endCursor }
      nodes { id fullPath repository { rootRef blobs(paths: ["catalog-info.yaml"], first: 1) { nodes { path oid rawTextBlob } } } } } }"""
    answer = requests.post(f"{URL}/api/graphql", json={"query": query}, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=60)
    page = answer.json()["data"]["projects"]
    equal(len(page["nodes"]), 100)
    equal(page["pageInfo"]["hasNextPage"], True)


if __name__ == "__main__":
    run()
