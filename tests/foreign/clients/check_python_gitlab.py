"""python-gitlab uses the stand-in the way scripts in companies do."""

from __future__ import annotations

import base64
import hashlib

import gitlab
import requests
from checks import ADMIN, TOKENS, URL, check, equal, holds, refused, run
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabCreateError,
    GitlabDeleteError,
    GitlabError,
    GitlabGetError,
    GitlabHttpError,
    GitlabListError,
    GitlabUpdateError,
)
from hooks import Receiver, signature

PAYMENTS = "sandrill/checkout/payments-api"


def api(role: str) -> gitlab.Gitlab:
    return gitlab.Gitlab(URL, private_token=TOKENS[role])


def admin() -> gitlab.Gitlab:
    return gitlab.Gitlab(URL, private_token=ADMIN)


def git_id(kind: str, data: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()


# ── who am I ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@check("the current user")
def _() -> None:
    gl = api("owner")
    gl.auth()
    equal(gl.user.username, "hana.dvor")
    equal(gl.user.state, "active")


@check("the same token as a bearer")
def _() -> None:
    gl = gitlab.Gitlab(URL, oauth_token=TOKENS["developer"])
    gl.auth()
    equal(gl.user.username, "ines.calder")


@check("version and metadata")
def _() -> None:
    gl = api("guest")
    version, revision = gl.version()
    holds(int(version.split(".")[0]) >= 17, f"version {version}")
    holds(revision, "no revision")
    metadata = gl.http_get("/metadata")
    equal(metadata["version"], version)
    holds("enabled" in metadata["kas"], "no kas.enabled")


@check("the token about itself")
def _() -> None:
    token = api("read_only").personal_access_tokens.get("self")
    equal(token.scopes, ["read_api"])
    equal((token.active, token.revoked), (True, False))
    holds(len(token.expires_at) == 10, "expires_at is no date")


@check("users by name, and one by id")
def _() -> None:
    gl = api("developer")
    found = gl.users.list(username="amara.okell", get_all=False)
    equal(len(found), 1)
    user = gl.users.get(found[0].id)
    equal((user.username, user.name), ("amara.okell", "Amara Okell"))
    refused(GitlabGetError, 404, lambda: gl.users.get(999_999), "404 User Not Found")


@check("users with a state")
def _() -> None:
    gl = admin()
    blocked = [user.username for user in gl.users.list(blocked=True, get_all=True)]
    equal(blocked, ["henrik.moor"])


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@check("no token, a wrong one, an expired one, a revoked one")
def _() -> None:
    refused(GitlabAuthenticationError, 401, lambda: gitlab.Gitlab(URL).http_get("/user"), "401 Unauthorized")
    wrong = gitlab.Gitlab(URL, private_token="glpat-doesnotexist00000000")
    refused(GitlabAuthenticationError, 401, lambda: wrong.auth(), "401 Unauthorized")
    refused(GitlabAuthenticationError, 401, lambda: api("expired").auth(), "Token is expired")
    refused(GitlabAuthenticationError, 401, lambda: api("revoked").auth(), "Token was revoked")


@check("a token without the scope")
def _() -> None:
    gl = api("no_scope")
    gl.auth()
    refused(GitlabListError, 403, lambda: gl.projects.list(get_all=False), "insufficient_scope")
    reader = api("read_only")
    project = reader.projects.get(PAYMENTS)
    change = {"file_path": "x", "branch": "main", "content": "x", "commit_message": "x"}
    refused(GitlabCreateError, 403, lambda: project.files.create(change), "insufficient_scope")


@check("a private project that one may not see is not there")
def _() -> None:
    anonymous = gitlab.Gitlab(URL)
    refused(GitlabGetError, 404, lambda: anonymous.projects.get(PAYMENTS), "404 Project Not Found")
    refused(GitlabGetError, 404, lambda: api("owner").projects.get("sandrill/checkout/absent"), "404 Project Not Found")
    equal(anonymous.projects.get("amara.okell/slot-sandbox").visibility, "public")


@check("an unknown route")
def _() -> None:
    refused(GitlabHttpError, 404, lambda: api("owner").http_get("/teapots"), "404 Not Found")


@check("a guest sees a private project and not its code")
def _() -> None:
    project = api("guest").projects.get(PAYMENTS)
    holds("default_branch" not in project.attributes, "default_branch is shown to a guest")
    try:
        project.files.get(file_path="README.md", ref="main")
    except GitlabError as error:
        holds(error.response_code in (403, 404), f"status {error.response_code}")
    else:
        raise AssertionError("a guest reads code")


@check("a reporter and a developer may read, only some may write")
def _() -> None:
    change = {"branch": "by-role", "start_branch": "main", "file_path": "role.txt", "content": "x", "commit_message": "x"}
    for role, may in (("reporter", False), ("developer", True), ("maintainer", True), ("owner", True)):
        project = api(role).projects.get("sandrill/checkout/fares-api")
        project.files.get(file_path="README.md", ref="main")
        own = change | {"branch": f"by-{role}"}
        if may:
            equal(project.files.create(own).file_path, "role.txt")
        else:
            refused(GitlabCreateError, 403, lambda p=project, o=own: p.files.create(o))


@check("the default branch is protected: a developer's commit goes to a branch")
def _() -> None:
    project = api("developer").projects.get("sandrill/passenger/loyalty-api")
    change = {"branch": "main", "file_path": "x.md", "content": "x", "commit_message": "x"}
    refused(GitlabCreateError, 403, lambda: project.files.create(change), "not allowed to push into this branch")
    equal(project.files.create(change | {"branch": "x", "start_branch": "main"}).branch, "x")


@check("hooks are for maintainers")
def _() -> None:
    for role, may in (("developer", False), ("maintainer", True)):
        project = api(role).projects.get(PAYMENTS)
        if may:
            equal(project.hooks.list(get_all=True), [])
        else:
            refused(GitlabListError, 403, lambda p=project: p.hooks.list(get_all=True))
    refused(GitlabListError, 403, lambda: api("owner").hooks.list(get_all=True))


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@check("all projects page by page, with totals")
def _() -> None:
    listing = admin().projects.list(iterator=True, membership=True, per_page=7, order_by="id", sort="asc")
    total, pages = listing.total, listing.total_pages
    ids = [project.id for project in listing]
    equal(total, 47)
    equal(pages, 7)
    equal(len(ids), total)
    equal(ids, sorted(set(ids)))


@check("keyset paging gives what offset paging gives")
def _() -> None:
    gl = admin()
    offset = [p.id for p in gl.projects.list(get_all=True, per_page=100, order_by="id", sort="asc")]
    keyset = gl.projects.list(iterator=True, pagination="keyset", order_by="id", sort="asc", per_page=9)
    equal([p.id for p in keyset], offset)
    down = gl.projects.list(iterator=True, pagination="keyset", order_by="id", sort="desc", per_page=9)
    equal([p.id for p in down], offset[::-1])


@check("a page holds a hundred at most")
def _() -> None:
    answer = requests.get(f"{URL}/api/v4/projects?per_page=500", headers={"PRIVATE-TOKEN": ADMIN}, timeout=60)
    equal(answer.headers["X-Per-Page"], "100")


@check("filters of the project list")
def _() -> None:
    gl = admin()

    def paths(**filters: object) -> set[str]:
        return {p.path_with_namespace for p in gl.projects.list(get_all=True, per_page=100, **filters)}

    everything = paths()
    equal(paths(archived=True), {"sandrill/passenger/legacy-booking"})
    equal(paths(archived=False), everything - {"sandrill/passenger/legacy-booking"})
    equal(paths(search="payments"), {PAYMENTS})
    equal(paths(topic="finance"), {f"sandrill/checkout/ledger/ledger-{what}" for what in ("service", "schema")})
    equal(paths(visibility="public"), {"amara.okell/slot-sandbox"})
    holds(PAYMENTS in paths(last_activity_after="2026-11-20T00:00:00Z"), "payments-api was active that day")
    holds("sandrill/terminals/gangway-control" not in paths(last_activity_after="2026-11-20T00:00:00Z"), "not that one")
    some = next(iter(gl.projects.list(get_all=True, order_by="id", sort="asc", id_after=40)))
    equal(some.id, 41)


@check("order by last activity")
def _() -> None:
    rows = admin().projects.list(get_all=True, order_by="last_activity_at", sort="desc")
    times = [row.last_activity_at for row in rows]
    equal(times, sorted(times, reverse=True))


@check("membership and min_access_level say what one may do")
def _() -> None:
    gl = api("developer")
    mine = {p.path_with_namespace for p in gl.projects.list(get_all=True, membership=True)}
    holds("amara.okell/slot-sandbox" not in mine, "a public project of someone else is no membership")
    equal(len(mine), 46)
    equal(gl.projects.list(get_all=True, min_access_level=40), [])


@check("simple rows are simple")
def _() -> None:
    row = api("owner").projects.list(simple=True, get_all=False)[0]
    holds("permissions" not in row.attributes and "path_with_namespace" in row.attributes, "not the simple form")


@check("a project by id and by path is the same project")
def _() -> None:
    gl = api("maintainer")
    by_path = gl.projects.get(PAYMENTS)
    equal(gl.projects.get(by_path.id).attributes, by_path.attributes)
    equal(by_path.permissions["group_access"]["access_level"], 40)
    equal(by_path.permissions["project_access"], None)
    equal(by_path.namespace["full_path"], "sandrill/checkout")
    equal(by_path.topics, ["payments", "tier-1"])


@check("fork, archived, empty, in a person's namespace")
def _() -> None:
    gl = admin()
    fork = gl.projects.get("sandrill/data/tide-feed")
    equal(fork.forked_from_project["path_with_namespace"], "sandrill/harbour/tide-feed")
    equal(gl.projects.get("sandrill/passenger/legacy-booking").archived, True)
    empty = gl.projects.get("sandrill/crew/safety-drills")
    equal(empty.empty_repo, True)
    refused(GitlabError, 404, lambda: empty.repository_tree(get_all=False), "404 Tree Not Found")
    own = gl.projects.get("amara.okell/slot-sandbox")
    equal((own.namespace["kind"], own.owner["username"]), ("user", "amara.okell"))


@check("languages add up")
def _() -> None:
    languages = api("reporter").projects.get(PAYMENTS).languages()
    equal(languages["TypeScript"], 91.4)
    equal(round(sum(languages.values())), 100)


# ── groups and members ───────────────────────────────────────────────────────────────────────────────────────────────


@check("groups, nested")
def _() -> None:
    gl = api("owner")
    paths = [group.full_path for group in gl.groups.list(get_all=True)]
    equal(len(paths), 17)
    root = gl.groups.get("sandrill")
    below = {group.full_path for group in root.descendant_groups.list(get_all=True)}
    equal(below, set(paths) - {"sandrill"})
    direct = {group.full_path for group in root.subgroups.list(get_all=True)}
    equal(direct, {path for path in below if path.count("/") == 1})
    edge = gl.groups.get("sandrill/fleet/telemetry/edge")
    equal(edge.full_name, "Sandrill / Fleet / Fleet Telemetry / Telemetry Edge")
    equal(edge.parent_id, gl.groups.get("sandrill/fleet/telemetry").id)


@check("projects of a group, with and without those further down")
def _() -> None:
    group = api("owner").groups.get("sandrill/checkout")
    direct = {p.path for p in group.projects.list(get_all=True)}
    equal(direct, {"payments-api", "fares-api", "refund-worker"})
    deep = {p.path for p in group.projects.list(get_all=True, include_subgroups=True)}
    equal(deep, direct | {"ledger-service", "ledger-schema"})


@check("members, direct and inherited")
def _() -> None:
    gl = api("owner")
    group = gl.groups.get("sandrill/checkout/ledger")
    direct = {m.username: m.access_level for m in group.members.list(get_all=True)}
    equal(direct, {"tomasz.rek": 50, "farid.kessel": 40})
    everyone = {m.username: m.access_level for m in group.members_all.list(get_all=True)}
    equal(everyone["noor.haddick"], 50)
    equal(everyone["farid.kessel"], 40, "the higher of two levels")
    equal(everyone["oskar.lindqvale"], 20)
    project = gl.projects.get(PAYMENTS)
    people = {m.username for m in project.members.list(get_all=True) if "_bot_" not in m.username}
    equal(people, {"amara.okell"})
    every = {m.username: m.access_level for m in project.members_all.list(get_all=True)}
    equal((every["amara.okell"], every["hana.dvor"]), (30, 50))


@check("one member")
def _() -> None:
    gl = api("owner")
    amara = gl.users.list(username="amara.okell", get_all=False)[0]
    project = gl.projects.get(PAYMENTS)
    equal(project.members.get(amara.id).access_level, 30)
    hana = gl.users.list(username="hana.dvor", get_all=False)[0]
    refused(GitlabGetError, 404, lambda: project.members.get(hana.id), "404 Not found")
    equal(project.members_all.get(hana.id).access_level, 50)


# ── repository ───────────────────────────────────────────────────────────────────────────────────────────────────────


@check("the tree, flat, deep and page by page")
def _() -> None:
    project = api("reporter").projects.get(PAYMENTS)
    top = {entry["path"]: entry for entry in project.repository_tree(get_all=True)}
    equal(top["src"]["type"], "tree")
    equal((top["package.json"]["type"], top["package.json"]["mode"]), ("blob", "100644"))
    deep = [entry["path"] for entry in project.repository_tree(recursive=True, get_all=True, per_page=100)]
    holds("test/integration/refund_idempotency.test.ts" in deep, "not recursive")
    holds(".gitlab/CODEOWNERS" in deep and ".gitignore" in deep, "hidden files are missing")
    paged = project.repository_tree(recursive=True, iterator=True, pagination="keyset", per_page=4)
    equal([entry["path"] for entry in paged], deep)
    inside = project.repository_tree(path="src", get_all=True)
    equal({entry["path"] for entry in inside}, {"src/money.ts", "src/refund.ts", "src/server.ts"})
    refused(GitlabError, 404, lambda: project.repository_tree(path="absent", get_all=False))


@check("a file: content, ids and headers")
def _() -> None:
    project = api("reporter").projects.get(PAYMENTS)
    file = project.files.get(file_path="openapi.yaml", ref="main")
    data = file.decode()
    equal(file.blob_id, git_id("blob", data))
    equal(file.size, len(data))
    equal(file.content_sha256, hashlib.sha256(data).hexdigest())
    equal(project.files.raw(file_path="openapi.yaml", ref="main"), data)
    head = project.files.head("openapi.yaml", "main")
    equal(head["X-Gitlab-Blob-Id"], file.blob_id)
    equal(head["X-Gitlab-Size"], str(len(data)))
    equal(head["X-Gitlab-Last-Commit-Id"], file.last_commit_id)
    equal(project.files.get(file_path="openapi.yaml", ref="HEAD").blob_id, file.blob_id)
    refused(GitlabGetError, 404, lambda: project.files.get(file_path="absent", ref="main"), "404 File Not Found")


@check("paths with spaces and letters beyond ASCII")
def _() -> None:
    project = api("reporter").projects.get("sandrill/harbour-ops/tools")
    holds(b"yellow roll" in project.files.raw(file_path="docs/how to print labels.md", ref="main"), "wrong content")
    over = project.files.get(file_path="docs/kaiübersicht.md", ref="main")
    equal(over.file_path, "docs/kaiübersicht.md")
    holds("Länge" in over.decode().decode(), "wrong content")


@check("a blob by its id")
def _() -> None:
    project = api("reporter").projects.get(PAYMENTS)
    entry = next(e for e in project.repository_tree(get_all=True) if e["path"] == "README.md")
    blob = project.repository_blob(entry["id"])
    data = project.repository_raw_blob(entry["id"])
    equal(base64.b64decode(blob["content"]), data)
    equal(git_id("blob", data), entry["id"])


@check("commits: list, filters, one")
def _() -> None:
    project = api("reporter").projects.get(PAYMENTS)
    commits = project.commits.list(get_all=True)
    equal(len(commits), 9)
    equal((commits[0].title, commits[0].author_name), ("Make refunds idempotent per booking", "Devin Strand"))
    equal(commits[0].parent_ids, [commits[1].id])
    equal(commits[-1].parent_ids, [])
    since = project.commits.list(get_all=True, since="2026-11-20T00:00:00Z")
    equal([c.id for c in since], [c.id for c in commits if c.committed_date >= "2026-11-20"])
    one = project.commits.get(commits[0].short_id)
    equal(one.id, commits[0].id)
    equal(one.refs(type="branch"), [{"type": "branch", "name": "main"}])
    first = project.commits.get(commits[-1].id)
    holds("README.md" in {change["new_path"] for change in one.diff(get_all=True) + first.diff(get_all=True)}, "no diff")
    refused(GitlabGetError, 404, lambda: project.commits.get("0" * 40), "404 Commit Not Found")


@check("a commit of several actions on a new branch")
def _() -> None:
    project = api("developer").projects.get("sandrill/passenger/notice-mailer")
    before = project.branches.get("main").commit["id"]
    commit = project.commits.create(
        {
            "branch": "several",
            "start_branch": "main",
            "commit_message": "Three things at once\n\nWith a body.",
            "actions": [
                {"action": "create", "file_path": "docs/new.md", "content": "# New\n"},
                {"action": "update", "file_path": "README.md", "content": "# Changed\n"},
                {"action": "delete", "file_path": "tests/test_send.py"},
                {"action": "move", "previous_path": "notice_mailer/send.py", "file_path": "notice_mailer/deliver.py"},
                {"action": "create", "file_path": "b.bin", "content": base64.b64encode(b"\x00\xff").decode(), "encoding": "base64"},
            ],
        }
    )
    equal(commit.parent_ids, [before])
    equal(project.branches.get("several").commit["id"], commit.id)
    equal(project.branches.get("main").commit["id"], before, "main")
    paths = {e["path"] for e in project.repository_tree(ref="several", recursive=True, get_all=True)}
    holds({"docs/new.md", "notice_mailer/deliver.py", "b.bin"} <= paths, "created or moved files are missing")
    holds(not {"tests/test_send.py", "notice_mailer/send.py"} & paths, "deleted or moved files are still there")
    equal(project.files.raw(file_path="b.bin", ref="several"), b"\x00\xff")
    holds(b"def render" in project.files.raw(file_path="notice_mailer/deliver.py", ref="several"), "the move lost its content")


@check("a commit is refused as a whole")
def _() -> None:
    project = api("maintainer").projects.get("sandrill/passenger/timetable-web")
    actions = [
        {"action": "create", "file_path": "fine.md", "content": "x"},
        {"action": "create", "file_path": "README.md", "content": "x"},
    ]
    wanted = {"branch": "main", "commit_message": "x", "actions": actions}
    refused(GitlabCreateError, 400, lambda: project.commits.create(wanted), "already exists")
    refused(GitlabGetError, 404, lambda: project.files.get(file_path="fine.md", ref="main"))


@check("a file made, changed and removed")
def _() -> None:
    project = api("maintainer").projects.get("sandrill/crew/rota-engine")
    file = project.files.create({"file_path": "docs/a.md", "branch": "main", "content": "one\n", "commit_message": "Add a"})
    file = project.files.get(file_path="docs/a.md", ref="main")
    first = file.last_commit_id
    file.content = "two\n"
    file.save(branch="main", commit_message="Change a")
    equal(project.files.raw(file_path="docs/a.md", ref="main"), b"two\n")
    stale = project.files.get(file_path="docs/a.md", ref="main")
    stale.content = "three\n"
    refused(
        GitlabUpdateError, 400, lambda: stale.save(branch="main", commit_message="x", last_commit_id=first), "changed since"
    )
    stale.delete(branch="main", commit_message="Remove a")
    refused(GitlabGetError, 404, lambda: project.files.get(file_path="docs/a.md", ref="main"))


@check("a write moves last_activity_at and the commit list of the file")
def _() -> None:
    gl = api("maintainer")
    project = gl.projects.get("sandrill/terminals/kiosk-gateway")
    before = project.last_activity_at
    project.files.create({"file_path": "NOTES.md", "branch": "main", "content": "x\n", "commit_message": "Notes"})
    after = gl.projects.get(project.id).last_activity_at
    holds(after > before, f"{after} is not after {before}")
    equal([c.title for c in project.commits.list(query_parameters={"path": "NOTES.md"}, get_all=True)], ["Notes"])


@check("branches")
def _() -> None:
    project = api("maintainer").projects.get("sandrill/platform/runbooks")
    equal([(b.name, b.default) for b in project.branches.list(get_all=True)], [("main", True)])
    made = project.branches.create({"branch": "feature/a-b", "ref": "main"})
    equal(project.branches.get("feature/a-b").commit["id"], made.commit["id"])
    refused(GitlabCreateError, 400, lambda: project.branches.create({"branch": "feature/a-b", "ref": "main"}), "already exists")
    made.delete()
    refused(GitlabGetError, 404, lambda: project.branches.get("feature/a-b"), "404 Branch Not Found")


# ── conditional reads, limits ────────────────────────────────────────────────────────────────────────────────────────


@check("If-None-Match is answered with 304 until something changes")
def _() -> None:
    headers = {"PRIVATE-TOKEN": TOKENS["maintainer"]}
    project = api("maintainer").projects.get("sandrill/platform/libraries/errors-go")
    address = f"{URL}/api/v4/projects/{project.id}/repository/branches/main"
    first = requests.get(address, headers=headers, timeout=60)
    tag = first.headers["ETag"]
    again = requests.get(address, headers=headers | {"If-None-Match": tag}, timeout=60)
    equal((again.status_code, again.content), (304, b""))
    project.files.create({"file_path": "n.md", "branch": "main", "content": "x", "commit_message": "n"})
    third = requests.get(address, headers=headers | {"If-None-Match": tag}, timeout=60)
    equal(third.status_code, 200)
    holds(third.headers["ETag"] != tag, "the same tag for another content")


@check("every answer tells the rate limit")
def _() -> None:
    answer = requests.get(f"{URL}/api/v4/projects", headers={"PRIVATE-TOKEN": TOKENS["owner"]}, timeout=60)
    limit, left = int(answer.headers["RateLimit-Limit"]), int(answer.headers["RateLimit-Remaining"])
    holds(0 < left < limit, f"{left} of {limit} left")
    equal(limit - left, int(answer.headers["RateLimit-Observed"]))
    holds(int(answer.headers["RateLimit-Reset"]) > 1_500_000_000, "the reset is no Unix time")
    holds(answer.headers["RateLimit-Name"], "no name")


@check("who asks too often is told to wait, and python-gitlab's waiting is enough")
def _() -> None:
    limits = f"{URL}/-/sandbox/limits"
    requests.put(limits, json={"requests": 3, "seconds": 1}, timeout=60).raise_for_status()
    try:
        headers = {"PRIVATE-TOKEN": TOKENS["guest"]}
        answers = [requests.get(f"{URL}/api/v4/version", headers=headers, timeout=60) for _ in range(8)]
        late = next(answer for answer in answers if answer.status_code == 429)
        equal((late.text.strip(), late.headers["Content-Type"].split(";")[0]), ("Retry later", "text/plain"))
        holds(int(late.headers["Retry-After"]) >= 0, "no Retry-After")
        holds("GMT" in late.headers["RateLimit-ResetTime"], "RateLimit-ResetTime is no HTTP date")
        gl = api("reporter")
        for _ in range(8):
            gl.http_get("/version", max_retries=-1)
    finally:
        requests.put(limits, json={"requests": 100_000, "seconds": 60}, timeout=60).raise_for_status()


@check("paging headers and links")
def _() -> None:
    address = f"{URL}/api/v4/projects?per_page=10&page=2&order_by=id&sort=asc"
    answer = requests.get(address, headers={"PRIVATE-TOKEN": ADMIN}, timeout=60)
    names = ("X-Page", "X-Next-Page", "X-Prev-Page", "X-Per-Page", "X-Total", "X-Total-Pages")
    equal([answer.headers[name] for name in names], ["2", "3", "1", "10", "47", "5"])
    equal(set(answer.links), {"first", "last", "next", "prev"})
    follow = requests.get(answer.links["next"]["url"], headers={"PRIVATE-TOKEN": ADMIN}, timeout=60)
    equal(follow.headers["X-Page"], "3")
    last = requests.get(answer.links["last"]["url"], headers={"PRIVATE-TOKEN": ADMIN}, timeout=60)
    equal((last.headers["X-Next-Page"], len(last.json())), ("", 7))


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────────────

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@check("a project hook: made, listed, changed, removed")
def _() -> None:
    project = api("maintainer").projects.get("sandrill/harbour/manifest-svc")
    hook = project.hooks.create({"url": "http://127.0.0.1:9/", "push_events": False, "token": "t"})
    holds("token" not in hook.attributes, "the token is shown")
    equal(hook.project_id, project.id)
    equal([h.id for h in project.hooks.list(get_all=True)], [hook.id])
    hook.push_events = True
    hook.url = "http://127.0.0.1:9/other"
    hook.save()
    equal(project.hooks.get(hook.id).url, "http://127.0.0.1:9/other")
    hook.delete()
    refused(GitlabGetError, 404, lambda: project.hooks.get(hook.id))
    refused(GitlabCreateError, 400, lambda: project.hooks.create({"push_events": True, "url": None}))


@check("a push is told to the project's hook, with token and signature")
def _() -> None:
    project = api("maintainer").projects.get("sandrill/terminals/boarding-gates")
    before = project.branches.get("main").commit["id"]
    with Receiver() as receiver:
        hook = project.hooks.create(
            {"url": receiver.url, "push_events": True, "token": "sesame", "signing_token": SECRET}
        )
        commit = project.commits.create(
            {
                "branch": "main",
                "commit_message": "Tell of it",
                "actions": [
                    {"action": "create", "file_path": "told.md", "content": "x\n"},
                    {"action": "update", "file_path": "README.md", "content": "y\n"},
                    {"action": "delete", "file_path": "src/gate.test.js"},
                ],
            }
        )
        delivery = receiver.next()
        hook.delete()
    headers, event = delivery.headers, delivery.event
    equal(headers["x-gitlab-event"], "Push Hook")
    equal(headers["x-gitlab-token"], "sesame")
    equal(headers["x-gitlab-instance"], URL)
    for name in ("x-gitlab-event-uuid", "x-gitlab-webhook-uuid", "idempotency-key"):
        holds(headers.get(name), f"no {name}")
    holds(headers["user-agent"].startswith("GitLab/"), headers["user-agent"])
    equal(headers["webhook-id"], headers["idempotency-key"])
    holds(signature(SECRET, delivery) in headers["webhook-signature"].split(" "), "the signature does not fit the body")
    equal((event["object_kind"], event["ref"]), ("push", "refs/heads/main"))
    equal((event["before"], event["after"], event["checkout_sha"]), (before, commit.id, commit.id))
    equal(event["project"]["path_with_namespace"], "sandrill/terminals/boarding-gates")
    equal((event["project_id"], event["user_username"]), (project.id, "mateus.corrie"))
    equal(event["total_commits_count"], 1)
    told = event["commits"][0]
    changed = (told["added"], told["modified"], told["removed"])
    equal(changed, (["told.md"], ["README.md"], ["src/gate.test.js"]))


@check("a hook can be tried")
def _() -> None:
    project = api("maintainer").projects.get("sandrill/data/weather-cache")
    with Receiver() as receiver:
        hook = project.hooks.create({"url": receiver.url, "push_events": True})
        hook.test("push_events")
        equal(receiver.next().event["object_kind"], "push")
        (event,) = api("maintainer").http_list(f"/projects/{project.id}/hooks/{hook.id}/events", get_all=True)
        equal((event["url"], event["response_status"]), (receiver.url, "204"))
        hook.delete()


@check("a system hook hears of every project and is for administrators")
def _() -> None:
    gl = admin()
    with Receiver() as receiver:
        hook = gl.hooks.create({"url": receiver.url, "push_events": True, "token": "system"})
        project = api("maintainer").projects.get("sandrill/fleet/fuel-ledger")
        project.files.create({"file_path": "s.md", "branch": "main", "content": "x", "commit_message": "s"})
        delivery = receiver.next()
        holds(hook.id in [h.id for h in gl.hooks.list(get_all=True)], "not in the list")
        equal(gl.hooks.get(hook.id).url, receiver.url)
        gl.http_put(f"/hooks/{hook.id}", post_data={"push_events": False})
        equal(gl.hooks.get(hook.id).push_events, False)
        gl.hooks.delete(hook.id)
    equal(delivery.headers["x-gitlab-event"], "System Hook")
    equal(delivery.headers["x-gitlab-token"], "system")
    equal((delivery.event["event_name"], delivery.event["project_id"]), ("push", project.id))
    refused(GitlabCreateError, 403, lambda: api("owner").hooks.create({"url": "http://127.0.0.1:9/"}))


@check("a branch cannot be deleted by a reporter")
def _() -> None:
    maintainer = api("maintainer").projects.get("sandrill/checkout/refund-worker")
    maintainer.branches.create({"branch": "keep", "ref": "main"})
    reporter = api("reporter").projects.get("sandrill/checkout/refund-worker")
    refused(GitlabDeleteError, 403, lambda: reporter.branches.delete("keep"))
    maintainer.branches.get("keep")


if __name__ == "__main__":
    run()
