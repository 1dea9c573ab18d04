"""gql and graphql-core read the schema over introspection and query it; the refusals have GitLab's words."""

from __future__ import annotations

import gitlab
import requests
from checks import ADMIN, TOKENS, URL, check, equal, holds, run
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.requests import RequestsHTTPTransport
from graphql import GraphQLInterfaceType, GraphQLObjectType

PAYMENTS = "sandrill/checkout/payments-api"
CATALOG_PAGE = """
query CatalogPage($n: Int!, $nb: Int!, $after: String, $paths: [String!]!) {
  projects(membership: true, archived: EXCLUDE, first: $n, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id fullPath name archived visibility lastActivityAt topics group { id fullPath }
      repository { rootRef empty blobs(paths: $paths, first: $nb) { nodes { path oid rawSize rawTextBlob } } } } } }
"""
GROUP_MEMBERS = """
query GroupMembers($path: ID!, $n: Int!, $after: String) {
  group(fullPath: $path) { id fullPath
    groupMembers(relations: [DIRECT, INHERITED, SHARED_FROM_GROUPS], first: $n, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id expiresAt accessLevel { integerValue stringValue } user { id username name publicEmail state } group { fullPath } } } } }
"""
PATHS = [
    "catalog-info.yaml", "catalog-info.yml", "CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS", "package.json", "go.mod",
    "Cargo.toml",
]


def ask(query: str, variables: dict | None = None, token: str | None = ADMIN) -> dict:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"query": query, "variables": variables or {}}
    answer = requests.post(f"{URL}/api/graphql", json=body, headers=headers, timeout=60)
    equal(answer.status_code, 200, "status")
    return answer.json()


def words(answer: dict) -> str:
    holds("errors" in answer, f"no errors: {answer}"[:300])
    return answer["errors"][0]["message"]


def score(query: str, variables: dict) -> int:
    """What the server says the query costs; asking costs nothing by the rules but its own two fields and their parent."""
    opened = query.index("{")
    asked = query[: opened + 1] + " queryComplexity { limit score } " + query[opened + 1 :]
    answer = ask(asked, variables)
    return answer["data"]["queryComplexity"]["score"] - 3


@check("gql asks for a project")
def _() -> None:
    transport = RequestsHTTPTransport(f"{URL}/api/graphql", headers={"Authorization": f"Bearer {TOKENS['developer']}"})
    client = Client(transport=transport)
    with client as session:
        query = gql(f'{{ project(fullPath: "{PAYMENTS}") {{ id name repository {{ rootRef }} }} }}')
        answer = session.execute(query)
    equal(answer["project"]["name"], "payments-api")
    equal(answer["project"]["repository"]["rootRef"], "main")
    holds(answer["project"]["id"].startswith("gid://gitlab/Project/"), answer["project"]["id"])


@check("python-gitlab's GraphQL client")
def _() -> None:
    answer = gitlab.GraphQL(URL, token=TOKENS["maintainer"]).execute("{ currentUser { username name } metadata { version } }")
    equal(answer["currentUser"], {"username": "mateus.corrie", "name": "Mateus Corrie"})


@check("graphql-core rebuilds the schema from introspection")
def _() -> None:
    transport = RequestsHTTPTransport(f"{URL}/api/graphql", headers={"Authorization": f"Bearer {ADMIN}"})
    client = Client(transport=transport, fetch_schema_from_transport=True)
    try:
        with client:
            schema = client.schema
    except TransportQueryError as error:
        # The introspection of clients may be dearer than the limit; then it is refused in so many words.
        holds("exceeds max complexity" in str(error), str(error))
        return
    project = schema.type_map["Project"]
    holds(isinstance(project, (GraphQLObjectType, GraphQLInterfaceType)), "Project is no object")
    equal(str(project.fields["fullPath"].type), "ID!")
    equal(str(schema.type_map["RepositoryBlob"].fields["rawSize"].type), "BigInt")


@check("the whole catalog, page by page")
def _() -> None:
    seen: list[str] = []
    files: dict[str, set[str]] = {}
    after = None
    while True:
        answer = ask(CATALOG_PAGE, {"n": 20, "nb": 8, "after": after, "paths": PATHS})
        page = answer["data"]["projects"]
        for node in page["nodes"]:
            seen.append(node["fullPath"])
            files[node["fullPath"]] = {blob["path"] for blob in node["repository"]["blobs"]["nodes"]}
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    equal(len(seen), 46, "projects that are not archived")
    equal(len(set(seen)), 46)
    equal(files[PAYMENTS], {"catalog-info.yaml", ".gitlab/CODEOWNERS", "package.json"})
    equal(files["sandrill/crew/safety-drills"], set())


@check("text, size and id of a blob")
def _() -> None:
    query = f'{{ project(fullPath: "{PAYMENTS}") {{ repository {{ blobs(paths: ["catalog-info.yaml", "absent"]) {{ nodes {{ path oid rawSize rawTextBlob }} }} }} }} }}'
    (blob,) = ask(query)["data"]["project"]["repository"]["blobs"]["nodes"]
    rest = requests.get(
        f"{URL}/api/v4/projects/{PAYMENTS.replace('/', '%2F')}/repository/blobs/{blob['oid']}/raw",
        headers={"PRIVATE-TOKEN": ADMIN},
        timeout=60,
    )
    equal(rest.text, blob["rawTextBlob"])
    equal(blob["rawSize"], str(len(rest.content)), "a BigInt travels as a string")


@check("members of a group with their levels")
def _() -> None:
    answer = ask(GROUP_MEMBERS, {"path": "sandrill/checkout/ledger", "n": 100, "after": None}, TOKENS["owner"])
    levels = {row["user"]["username"]: row["accessLevel"] for row in answer["data"]["group"]["groupMembers"]["nodes"]}
    equal(levels["tomasz.rek"], {"integerValue": 50, "stringValue": "OWNER"})
    holds("hana.dvor" in levels, "inherited members are missing")


@check("the price of CatalogPage and GroupMembers")
def _() -> None:
    for pages, catalog, members in ((20, 44, 24), (50, 55, 30), (100, 74, 39)):
        equal(score(CATALOG_PAGE, {"n": pages, "nb": 8, "paths": PATHS}), catalog, f"CatalogPage of {pages}")
        equal(score(GROUP_MEMBERS, {"path": "sandrill", "n": pages}), members, f"GroupMembers of {pages}")


@check("what costs too much is refused, by who asks")
def _() -> None:
    def heavy(branches: int) -> str:
        roots = " ".join(
            f'a{n}: project(fullPath: "{PAYMENTS}") {{ repository {{ blobs(paths: ["a", "b", "c", "d", "e", "f", "g"]) {{ nodes {{ path }} }} }} }}'
            for n in range(branches)
        )
        return f"{{ {roots} }}"

    for token, limit in ((None, 200), (TOKENS["developer"], 250), (ADMIN, 300)):
        answer = ask(heavy(30), token=token)
        holds(words(answer).endswith(f"which exceeds max complexity of {limit}"), words(answer))
        holds("data" not in answer, "there is data")


@check("unknown fields and arguments are named")
def _() -> None:
    answer = ask("{ projects { nodes { colour } } }")
    equal(words(answer), "Field 'colour' doesn't exist on type 'Project'")
    equal(answer["errors"][0]["extensions"]["code"], "undefinedField")
    answer = ask("{ projects(colour: 1) { nodes { id } } }")
    equal(answer["errors"][0]["extensions"]["code"], "argumentNotAccepted")


@check("a query of more than 10,000 characters")
def _() -> None:
    answer = requests.post(
        f"{URL}/api/graphql", json={"query": "{ currentUser { id } }" + " " * 10_000}, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=60
    )
    equal((answer.status_code, answer.json()), (422, {"errors": [{"message": "Query too large"}]}))


@check("more than fifty full paths")
def _() -> None:
    answer = ask("query($p: [String!]) { projects(fullPaths: $p) { nodes { id } } }", {"p": [f"a/{n}" for n in range(51)]})
    equal(words(answer), "You cannot provide more than 50 full_paths")


@check("a bad token, no token, a token that may not")
def _() -> None:
    def post(headers: dict) -> requests.Response:
        return requests.post(f"{URL}/api/graphql", json={"query": "{ currentUser { id } }"}, headers=headers, timeout=60)

    wrong = post({"Authorization": "Bearer glpat-wrong00000000000000"})
    equal((wrong.status_code, wrong.json()), (401, {"errors": [{"message": "Invalid token"}]}))
    equal(post({}).json(), {"data": {"currentUser": None}})
    holds(post({"PRIVATE-TOKEN": TOKENS["read_only"]}).json()["data"]["currentUser"], "read_api reads")


@check("what one may not see is null, without an error")
def _() -> None:
    equal(ask(f'{{ project(fullPath: "{PAYMENTS}") {{ id }} }}', token=None), {"data": {"project": None}})
    guest = ask(f'{{ project(fullPath: "{PAYMENTS}") {{ name repository {{ rootRef }} }} }}', token=TOKENS["guest"])
    equal(guest["data"]["project"], {"name": "payments-api", "repository": None})


@check("a query over GET")
def _() -> None:
    answer = requests.get(
        f"{URL}/api/graphql", params={"query": "{ metadata { version } }"}, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=60
    )
    holds(answer.json()["data"]["metadata"]["version"], answer.text)


@check("several queries in one request")
def _() -> None:
    batch = [{"query": "{ currentUser { username } }"}, {"query": f'{{ project(fullPath: "{PAYMENTS}") {{ name }} }}'}]
    answer = requests.post(f"{URL}/api/graphql", json=batch, headers={"Authorization": f"Bearer {TOKENS['owner']}"}, timeout=60)
    equal(answer.json(), [{"data": {"currentUser": {"username": "hana.dvor"}}}, {"data": {"project": {"name": "payments-api"}}}])


@check("a hundred at most on a page")
def _() -> None:
    page = ask("{ projects(first: 500) { nodes { id } } }")["data"]["projects"]
    equal(len(page["nodes"]), 47)


if __name__ == "__main__":
    run()
