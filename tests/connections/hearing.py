"""What is read, and how GitLab tells of it."""

import json

from stage import Clone, Stage, asked, Relay
from ways import until

PAYMENTS = "sandrill/checkout/payments-api"


def what_is_read_follows_the_options(stage: Stage) -> None:
    gitlab = stage.gitlab()
    draft = {"name": "main", "url": gitlab.url, "token": gitlab.tokens["owner"], "discovery": {"groups": ["sandrill/checkout"]}}
    status, found = stage.call("POST", "v1/connections/preview", draft)
    assert status == 200 and found["exact"] and found["projects"] > 0, found
    assert stage.call("POST", "v1/connections", draft)[0] == 201
    stage.read()
    assert len(stage.paths()) == found["projects"], (found, stage.paths())
    for discovery, expected in [
        ({"groups": ["sandrill/checkout", "sandrill/harbour"]}, {"checkout", "harbour"}),
        ({"groups": ["sandrill/harbour"]}, {"harbour"}),
        ({"groups": ["sandrill/checkout"], "exclude": [PAYMENTS]}, {"checkout"}),
    ]:
        status, preview = stage.call("POST", "v1/connections/main/preview", discovery)
        assert status == 200, preview
        mark = stage.status()["lastGoodAt"]
        assert stage.call("PUT", "v1/connections/main/discovery", discovery)[0] == 200
        stage.read(after=mark)
        assert {path.split("/")[1] for path in stage.paths()} == expected, (discovery, stage.paths())
        assert len(stage.paths()) == preview["projects"], (preview, stage.paths())
    assert PAYMENTS not in stage.paths()
    before = stage.paths()
    # A group that is not to be seen is told, and removes nothing.
    mark = stage.status()["finishedAt"]
    assert stage.call("PUT", "v1/connections/main/discovery", {"groups": ["sandrill/checkout", "sandrill/nowhere"], "exclude": [PAYMENTS]})[0] == 200
    told = until("the group is told", lambda: (s := stage.status())["partial"] and (s["finishedAt"] or "") > mark and s)
    assert any("sandrill/nowhere" in part["what"] + part["reason"] for part in told["partial"]), told["partial"]
    assert stage.paths() == before
    status, problem = stage.call("PUT", "v1/connections/main/discovery", {"projects": ["["]})
    assert status == 400 and "projects" in problem["detail"], problem


def projects_that_move(stage: Stage) -> None:
    gitlab = stage.gitlab()
    stage.add("main", gitlab, "owner")
    stage.read()
    gitlab.move("sandrill/harbour/ops-tools", "sandrill/checkout/ops-next")
    gitlab.delete("sandrill/crew/safety-drills")
    stage.call("POST", "v1/catalog/refresh", {})
    gone = {"sandrill/harbour/ops-tools", "sandrill/crew/safety-drills"}
    until("both are as GitLab has them", lambda: "sandrill/checkout/ops-next" in stage.paths() and not gone & stage.paths())


def hooks_of_every_kind(stage: Stage) -> None:
    relay = Relay()
    stage.settings["STAGEDOOR__PUBLIC_URL"] = relay.url
    stage.again()
    relay.to = stage.url
    gitlab = stage.gitlab("--edition", "premium")
    stage.add("main", gitlab, "admin")
    stage.read()
    for scope, of in [("project", [PAYMENTS]), ("group", ["sandrill/checkout"]), ("system", [])]:
        rows = len(stage.audit())
        done = stage.cli("webhooks", "main", "--scope", scope, *of, exits=0)
        assert "registered" in done.stdout, done
        told = stage.audit()[rows:]
        assert [row["what"] for row in told] == ["decided", "ended"] and told[0]["action"] == "RegisterHook" and told[0]["allowed"], told
        again = stage.cli("webhooks", "main", "--scope", scope, *of, exits=0)
        assert "registered" in again.stdout and len(stage.audit()) == rows + 2, "there already: nothing is done"
    found = stage.connection()["webhooks"]
    assert found["mode"] == "listening" and found["hooks"] == 3, found
    path, headers, body = next(seen for seen in relay.seen if seen[0].endswith("/main"))
    stage.secret(headers["x-gitlab-token"])
    received = stage.connection()["webhooks"]["received"]
    clone = Clone(stage, gitlab, PAYMENTS)
    clone.describe("Told by a hook")
    until("the push shows", lambda: stage.entities()["component:default/payments-api"]["metadata"].get("description") == "Told by a hook")
    assert stage.connection()["webhooks"]["received"] > received
    for forged in [{"x-gitlab-token": "guess"}, {}]:
        kept = {name: value for name, value in headers.items() if name not in ("x-gitlab-token", "webhook-signature")}
        assert asked("POST", stage.url + path, body, **(kept | forged))[0] == 401, forged
    stage.cli("remove", "main", "--yes", exits=0)
    assert asked("POST", stage.url + path, body, **headers)[0] == 401, "a removed connection takes none"
    relay.stop()


def hooks_that_cannot_be(stage: Stage) -> None:
    gitlab = stage.gitlab()
    stage.add("main", gitlab, "maintainer")
    for scope, of, part in [("system", [], "administrator"), ("group", ["sandrill"], "Premium"), ("project", ["sandrill/none"], "Maintainer")]:
        done = stage.cli("webhooks", "main", "--scope", scope, *of, exits=1)
        assert part in done.stdout, done
    gitlab.control("PUT", "outbound", {"allow": False})
    done = stage.cli("webhooks", "main", "--scope", "project", PAYMENTS, exits=1)
    assert "Outbound requests" in done.stdout, done
    assert stage.connection()["webhooks"]["mode"] == "polling"
    outcomes = [row["outcome"] for row in stage.audit() if row["what"] == "ended"]
    assert any(outcome.startswith("failed") for outcome in outcomes), outcomes
    assert json.dumps(stage.audit()).count("RegisterHook") == 1, "only what was tried has rows"


TESTS = [(what_is_read_follows_the_options, {}), (projects_that_move, {}), (hooks_of_every_kind, {}), (hooks_that_cannot_be, {})]
