"""The answers' shapes against a community conversion of GitLab's own OpenAPI description.

The description is read from `../shared/data/gitlab/openapi.yaml` seen from the project's root, or from
`$STAGEDOOR_TEST_DATA/gitlab/openapi.yaml`. Where neither exists the checks are skipped, loudly.

The description is converted by machine and is loose. These corrections are made, and nothing else is forgiven:

- it never says that a value may be null, so everything may;
- where it has one row, a list of such rows is checked row by row;
- a property of which it says no more than `type: string` is one whose type the conversion did not know (ids are among
  them); for those the convention of names decides (`*_id`, `*_enabled`, `*_at`, …), and without one anything goes;
- where its own example contradicts its type, the example is believed.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import requests
import yaml
from checks import ADMIN, TOKENS, URL, Skipped, check, equal, holds, run
from jsonschema import Draft7Validator

ROOT = Path(__file__).resolve().parents[3]
PLACES = [Path(os.environ["STAGEDOOR_TEST_DATA"])] if "STAGEDOOR_TEST_DATA" in os.environ else []
PLACES.append(ROOT.parent / "shared" / "data")

INTEGERS = ("id", "_id", "access_level", "notification_level", "_protection", "_period", "_count", "_size")
BOOLEANS = ("_enabled", "_disabled", "bot", "_lock", "_hierarchy", "_branch_protected")
STRINGS = ("_at", "_on", "_url", "name", "path", "description", "state", "url", "_html")

# Where the description names an entity that has only what another one adds: the answer's real entity.
ENTITIES = {
    "GET /api/v4/user": "API_Entities_UserPublic",
    "GET /api/v4/projects": "API_Entities_ProjectWithAccess",
    "GET /api/v4/groups/{id}/projects": "API_Entities_ProjectWithAccess",
}


def loader() -> type:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read() -> dict | None:
    for place in PLACES:
        file = place / "gitlab" / "openapi.yaml"
        if file.exists():
            with file.open() as text:
                return yaml.load(text, Loader=loader())
    return None


DESCRIPTION = read()


def by_name(name: str) -> dict:
    """The type of a property that the conversion did not know."""
    for endings, kind in ((INTEGERS, "integer"), (BOOLEANS, "boolean"), (STRINGS, "string")):
        if name.endswith(endings):
            return {"type": [kind, "null"]}
    return {}


def typed(name: str, schema: dict) -> object:
    if schema == {"type": "string"}:
        return by_name(name)
    example = schema.get("example")
    if schema.get("type") == "string" and isinstance(example, (bool, int)):
        return {"type": ["boolean" if isinstance(example, bool) else "integer", "null"]}
    return nullable(schema)


def nullable(schema: object) -> object:
    """Every type may be null, and formats are not checked: the description says neither."""
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key == "properties":
            out[key] = {name: typed(name, item) for name, item in value.items()}
        elif key == "type" and isinstance(value, str):
            out[key] = [value, "null"]
        elif key == "$ref":
            # A list of these may stand where the description has one.
            out["anyOf"] = [{"$ref": value}, {"type": "array", "items": {"$ref": value}}, {"type": "null"}]
        elif key in ("example", "description", "format", "nullable", "default", "required"):
            continue
        elif key == "enum":
            out[key] = [*value, None]
        else:
            out[key] = nullable(value)
    return out


SCHEMAS = nullable(DESCRIPTION["components"]["schemas"]) if DESCRIPTION else {}


def answer_schema(method: str, path: str, status: int) -> dict | None:
    operation = DESCRIPTION["paths"].get(path, {}).get(method.lower())
    if operation is None:
        return None
    if entity := ENTITIES.get(f"{method} {path}"):
        return nullable({"$ref": f"#/components/schemas/{entity}"})
    responses = operation["responses"]
    answer = responses.get(str(status)) or next((r for code, r in responses.items() if code.startswith("2")), {})
    for content in answer.get("content", {}).values():
        if "schema" in content:
            return nullable(content["schema"])
    return {}


def faults(schema: dict, value: object) -> list[str]:
    """What does not fit; a list is checked row by row where the description only has the row."""
    rows = value if isinstance(value, list) and "array" not in (schema.get("type") or []) else [value]
    validator = Draft7Validator({**schema, "components": {"schemas": SCHEMAS}})
    found = set()
    for row in rows:
        for error in validator.iter_errors(row):
            deepest = max([error, *(error.context or [])], key=lambda e: (len(e.absolute_path), e.validator != "type"))
            pointer = "/".join("*" if isinstance(step, int) else str(step) for step in deepest.absolute_path)
            found.add(f"{pointer or '.'}: {deepest.message[:120]}")
    return sorted(found)


def properties(schema: dict) -> set[str]:
    """Names of the first level that the description has."""
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    if "$ref" in schema:
        return properties(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]])
    if "items" in schema:
        return properties(schema["items"])
    return set(schema.get("properties", {}))


PROJECT = quote("sandrill/checkout/payments-api", "")
GROUP = quote("sandrill/checkout", "")
FILE = f"/projects/{PROJECT}/repository/files/README.md"

# Address, the description's path, and whose token asks. The parts in angles are filled in by `known`.
READS: list[tuple[str, str, str]] = [
    ("/version", "/version", "guest"),
    ("/metadata", "/metadata", "guest"),
    ("/user", "/user", "owner"),
    ("/personal_access_tokens/self", "/personal_access_tokens/self", "owner"),
    ("/projects?per_page=50", "/projects", "owner"),
    ("/projects?simple=true", "/projects", "owner"),
    (f"/projects/{PROJECT}", "/projects/{id}", "owner"),
    (f"/projects/{quote('sandrill/data/tide-feed', '')}", "/projects/{id}", "owner"),
    (f"/projects/{PROJECT}/languages", "/projects/{id}/languages", "owner"),
    ("/groups", "/groups", "owner"),
    (f"/groups/{GROUP}", "/groups/{id}", "owner"),
    ("/groups/sandrill/subgroups", "/groups/{id}/subgroups", "owner"),
    ("/groups/sandrill/descendant_groups", "/groups/{id}/descendant_groups", "owner"),
    (f"/groups/{GROUP}/projects", "/groups/{id}/projects", "owner"),
    (f"/groups/{GROUP}/members", "/groups/{id}/members", "owner"),
    (f"/groups/{GROUP}/members/all", "/groups/{id}/members/all", "owner"),
    (f"/groups/{GROUP}/members/<member>", "/groups/{id}/members/{user_id}", "owner"),
    (f"/groups/{GROUP}/members/all/<member>", "/groups/{id}/members/all/{user_id}", "owner"),
    (f"/projects/{PROJECT}/members", "/projects/{id}/members", "owner"),
    (f"/projects/{PROJECT}/members/all", "/projects/{id}/members/all", "owner"),
    (f"/projects/{PROJECT}/repository/tree", "/projects/{id}/repository/tree", "reporter"),
    (f"{FILE}?ref=main", "/projects/{id}/repository/files/{file_path}", "reporter"),
    (f"/projects/{PROJECT}/repository/blobs/<blob>", "/projects/{id}/repository/blobs/{sha}", "reporter"),
    (f"/projects/{PROJECT}/repository/commits", "/projects/{id}/repository/commits", "reporter"),
    (f"/projects/{PROJECT}/repository/commits/<commit>", "/projects/{id}/repository/commits/{sha}", "reporter"),
    (f"/projects/{PROJECT}/repository/commits/<commit>/diff", "/projects/{id}/repository/commits/{sha}/diff", "reporter"),
    (f"/projects/{PROJECT}/repository/commits/<commit>/refs", "/projects/{id}/repository/commits/{sha}/refs", "reporter"),
    (f"/projects/{PROJECT}/repository/contributors", "/projects/{id}/repository/contributors", "reporter"),
    (f"/projects/{PROJECT}/repository/branches", "/projects/{id}/repository/branches", "reporter"),
    (f"/projects/{PROJECT}/repository/branches/main", "/projects/{id}/repository/branches/{branch}", "reporter"),
]


def ask(method: str, path: str, token: str, body: dict | None = None) -> requests.Response:
    return requests.request(method, f"{URL}/api/v4{path}", headers={"PRIVATE-TOKEN": token}, json=body, timeout=60)


def filled(path: str) -> str:
    token = TOKENS["owner"]
    if "<member>" in path:
        path = path.replace("<member>", str(ask("GET", f"/groups/{GROUP}/members", token).json()[0]["id"]))
    if "<commit>" in path:
        path = path.replace("<commit>", ask("GET", f"/projects/{PROJECT}/repository/commits", token).json()[0]["id"])
    if "<blob>" in path:
        path = path.replace("<blob>", ask("GET", f"{FILE}?ref=main", token).json()["blob_id"])
    return path


def fits(method: str, described: str, answer: requests.Response) -> None:
    holds(answer.ok, f"status {answer.status_code}: {answer.text[:200]}")
    schema = answer_schema(method, f"/api/v4{described}", answer.status_code)
    holds(schema is not None, f"the description has no {method} {described}")
    value = answer.json()
    holds(value not in ([], None), "nothing was answered, so nothing was checked")
    row = value[0] if isinstance(value, list) else value
    known = properties(schema)
    if known and isinstance(row, dict):
        beyond = sorted(set(row) - known)
        print(f"   {method} {described}: {len(known & set(row))} of {len(known)} fields, beyond them {', '.join(beyond) or 'none'}")
    wrong = faults(schema, value)
    holds(not wrong, "; ".join(wrong))


def declare(path: str, described: str, role: str) -> None:
    @check(f"GET {path.split('?')[0]} as described" + (" (simple)" if "simple" in path else ""))
    def _() -> None:
        need()
        fits("GET", described, ask("GET", filled(path), TOKENS[role]))


def need() -> None:
    if DESCRIPTION is None:
        looked = " and not in ".join(str(place) for place in PLACES)
        raise Skipped(f"NO OPENAPI DESCRIPTION: gitlab/openapi.yaml is not in {looked}; shapes are NOT checked")


for row in READS:
    declare(*row)


@check("a wrong answer would be noticed")
def _() -> None:
    need()
    project = ask("GET", f"/projects/{PROJECT}", TOKENS["owner"]).json()
    schema = answer_schema("GET", "/api/v4/projects/{id}", 200)
    equal(faults(schema, project), [])
    for name, wrong in (("archived", "no"), ("id", "1"), ("topics", "payments"), ("namespace", "checkout"), ("star_count", "many")):
        holds(faults(schema, project | {name: wrong}), f"{name} may be {wrong!r}")


@check("hooks as described")
def _() -> None:
    need()
    path = f"/projects/{PROJECT}/hooks"
    made = ask("POST", path, TOKENS["maintainer"], {"url": "http://127.0.0.1:9/", "push_events": True})
    equal(made.status_code, 201)
    fits("POST", "/projects/{id}/hooks", made)
    fits("GET", "/projects/{id}/hooks", ask("GET", path, TOKENS["maintainer"]))
    one = f"{path}/{made.json()['id']}"
    fits("GET", "/projects/{id}/hooks/{hook_id}", ask("GET", one, TOKENS["maintainer"]))
    fits("PUT", "/projects/{id}/hooks/{hook_id}", ask("PUT", one, TOKENS["maintainer"], {"url": "http://127.0.0.1:9/b"}))
    equal(ask("DELETE", one, TOKENS["maintainer"]).status_code, 204)


@check("rotated tokens as described")
def _() -> None:
    need()
    made = ask("POST", "/personal_access_tokens/self/rotate", TOKENS["expiring"])
    holds(made.json()["token"].startswith("glpat-"), "no new value")
    fits("POST", "/personal_access_tokens/self/rotate", made)
    one = f"/personal_access_tokens/{made.json()['id']}"
    fits("GET", "/personal_access_tokens/{id}", ask("GET", one, ADMIN))
    fits("POST", "/personal_access_tokens/{id}/rotate", ask("POST", f"{one}/rotate", ADMIN))
    for kind, place, role in (("projects", PROJECT, "project_bot"), ("groups", GROUP, "group_bot")):
        answer = ask("POST", f"/{kind}/{place}/access_tokens/self/rotate", TOKENS[role])
        fits("POST", f"/{kind}/{{id}}/access_tokens/self/rotate", answer)


@check("system hooks as described")
def _() -> None:
    need()
    made = ask("POST", "/hooks", ADMIN, {"url": "http://127.0.0.1:9/", "push_events": True})
    equal(made.status_code, 201)
    fits("GET", "/hooks", ask("GET", "/hooks", ADMIN))
    fits("GET", "/hooks/{hook_id}", ask("GET", f"/hooks/{made.json()['id']}", ADMIN))
    equal(ask("DELETE", f"/hooks/{made.json()['id']}", ADMIN).status_code, 204)


@check("what writes to a repository answers as described")
def _() -> None:
    need()
    project = f"/projects/{quote('sandrill/passenger/notice-mailer', '')}"
    actions = [{"action": "create", "file_path": "shape.md", "content": "x\n"}]
    body = {"branch": "main", "commit_message": "Shape", "actions": actions}
    fits("POST", "/projects/{id}/repository/commits", ask("POST", f"{project}/repository/commits", TOKENS["maintainer"], body))
    branch = ask("POST", f"{project}/repository/branches", TOKENS["developer"], {"branch": "shape", "ref": "main"})
    fits("POST", "/projects/{id}/repository/branches", branch)


@check("every route of the server is in the description, or is known to be missing there")
def _() -> None:
    need()
    # The facts say so: these exist in GitLab and not in the description.
    absent = {"/users", "/users/{}", "/users/{}/projects", "/hooks/{}", "/groups/{}/hooks", "/groups/{}/hooks/{}"}
    absent |= {"/groups/{}/hooks/{}/test/{}", "/groups/{}/hooks/{}/events"}
    for kind in ("projects", "groups"):
        absent |= {f"/{kind}/{{}}/access_tokens{rest}" for rest in ("", "/{}", "/{}/rotate")}

    def plain(path: str) -> str:
        return "/".join("{}" if step.startswith(("{", ":", "*")) else step for step in path.split("/"))

    described = {f"{method.upper()} {plain(path)}" for path, operations in DESCRIPTION["paths"].items() for method in operations}
    routes = requests.get(f"{URL}/-/sandbox/routes", timeout=60).json()
    strange = []
    for route in routes:
        method, path = route.split(" ", 1)
        if not path.startswith("/api/v4/") or method == "HEAD":
            continue
        shape = plain(path)
        if f"{method} {shape}" not in described and shape.removeprefix("/api/v4") not in absent:
            strange.append(route)
    holds(not strange, f"not in the description: {strange}")


if __name__ == "__main__":
    run()
