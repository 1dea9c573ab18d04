"""Tokens: updated, rotated, rotated by somebody else, kept elsewhere."""

import time

from adding import QUICK
from stage import Stage
from ways import until


def another_token(stage: Stage) -> None:
    gitlab = stage.gitlab()
    stage.add("main", gitlab, "maintainer")
    stage.read()
    sealed = stage.query("SELECT sealed FROM secrets WHERE name = 'connection/main/token'")
    for token in ["revoked", "no_scope", "deploy"]:
        refused = stage.cli("update-token", "main", "--token-file", "-", stdin=gitlab.tokens[token], exits=1)
        assert "nothing was changed" in refused.stderr, refused
    assert stage.query("SELECT sealed FROM secrets WHERE name = 'connection/main/token'") == sealed, "the old one stays"
    assert stage.tested()["facts"]["tokenOwner"] == "mateus.corrie"
    done = stage.cli("update-token", "main", "--token-file", "-", stdin=gitlab.tokens["owner"] + "\n", exits=0)
    assert "uses the new token" in done.stdout, done
    gitlab.end_token("maintainer")
    assert stage.tested()["facts"]["tokenOwner"] == "hana.dvor"
    stage.again()
    assert stage.tested()["reads"] and stage.connection()["report"]["facts"]["tokenOwner"] == "hana.dvor"
    stage.cli("update-token", "none", "--token-file", "-", stdin=gitlab.tokens["owner"], exits=4)


def rotated_here(stage: Stage) -> None:
    """With scope `api`, and with `read_api` and `self_rotate`; not with `read_api` alone."""
    for name, role in [("main", "owner"), ("narrow", "self_rotate")]:
        gitlab = stage.gitlab("--seed", str(len(name)))
        old = gitlab.tokens[role]
        stage.add(name, gitlab, role)
        stage.read(name)
        done = stage.cli("rotate", name, "--expires-on", until_day(gitlab), exits=0)
        assert "the old one has ended" in done.stdout, done
        new = stage.secret(gitlab.now(role))
        assert new != old and gitlab.api("user", old)[0] == 401 and gitlab.api("user", new)[0] == 200
        assert stage.tested(name)["facts"]["daysLeft"] > 20
        stage.again()
        report = stage.tested(name)
        assert report["reads"], report
        stage.works(name, after=stage.connection(name)["checkedAt"])
        stage.cli("rotate", name, exits=0)
        stage.secret(gitlab.now(role))
        assert gitlab.api("user", new)[0] == 401 and stage.tested(name)["reads"]
    gitlab = stage.gitlab("--seed", "99")
    stage.add("reader", gitlab, "read_only")
    refused = stage.cli("rotate", "reader", exits=1)
    assert "self_rotate" in refused.stderr or "api" in refused.stderr, refused
    assert stage.tested("reader")["reads"] and gitlab.now("read_only") == gitlab.tokens["read_only"]
    stage.cli("rotate", "main", "--expires-on", "tomorrow", exits=2)
    stage.cli("rotate", "none", exits=4)


def until_day(gitlab) -> str:
    """Some weeks on, by the instance's clock."""
    now = time.time() + 28 * 24 * 3600
    return time.strftime("%Y-%m-%d", time.gmtime(now))


def rotated_by_somebody_else(stage: Stage) -> None:
    gitlab = stage.gitlab()
    stage.add("main", gitlab, "owner")
    stage.read()
    before = set(stage.entities())
    ways = {
        "revoked": lambda: gitlab.end_token("owner"),
        "expired": lambda: gitlab.end_token("maintainer", "expired"),
        "rotated": lambda: gitlab.api("personal_access_tokens/self/rotate", gitlab.tokens["developer"], "POST", {}),
    }
    for (how, does), mend in zip(ways.items(), ["maintainer", "developer", "reporter"]):
        worked = stage.works(after=stage.connection()["checkedAt"])
        does()
        failing = stage.failing()["failing"]
        assert failing["since"] > worked["checkedAt"] and failing["workedUntil"] >= worked["checkedAt"], (failing, worked["checkedAt"])
        assert failing["since"] >= failing["workedUntil"] and failing["remedy"]["text"] and failing["title"], failing
        if how != "rotated":
            assert how in failing["title"].lower() + failing["detail"].lower(), (how, failing)
        mark, since = stage.connection()["checkedAt"], failing["since"]
        until("it is looked at again", lambda: stage.connection()["checkedAt"] > mark)
        assert stage.connection()["failing"]["since"] == since, "since is when it began"
        stage.call("POST", "v1/catalog/refresh", {})
        until("a reading failed", lambda: stage.status()["error"])
        assert set(stage.entities()) == before, "nothing leaves"
        assert stage.cli("test", "main").returncode == 1
        row = stage.cli("list").stdout.splitlines()[1]
        assert "failing" in row and failing["title"][:10] in row, row
        assert "worked until" in stage.cli("show", "main").stdout
        stage.again()
        assert stage.connection()["failing"]["since"] == since, "a restart forgets nothing"
        assert set(stage.entities()) == before
        mark = stage.status()["lastGoodAt"]
        stage.cli("update-token", "main", "--token-file", "-", stdin=gitlab.tokens[mend], exits=0)
        assert stage.connection()["state"] == "working"
        stage.read(after=mark)
    stage.secret(gitlab.now("developer"))


def kept_elsewhere(stage: Stage) -> None:
    gitlab = stage.gitlab()
    folder = stage.data / "secrets"
    folder.mkdir()
    stage.file("outside", gitlab.tokens["maintainer"])
    for name in ["../outside", str(stage.folder / "outside"), "/etc/passwd", "..", ".hidden", "", "a/b", "a\0b"]:
        status, problem = stage.add_by_file("main", gitlab, name)
        assert status == 400 or status == 422, (name, status, problem)
        assert "root:" not in str(problem), problem
    for variable in ["PATH", "STAGEDOOR_DATABASE", "STAGEDOOR_SECRET_", "HOME"]:
        status, problem = stage.call("POST", "v1/connections", {"name": "main", "url": gitlab.url, "tokenFrom": {"env": variable}})
        assert status in (400, 422) and "STAGEDOOR_SECRET_" in problem["detail"], (variable, status, problem)
    status, problem = stage.add_by_file("main", gitlab, "token")
    assert status == 422, (status, problem)
    assert stage.names() == []
    token = folder / "token"
    token.write_text(gitlab.tokens["owner"] + "\n")
    status, added = stage.add_by_file("main", gitlab, "token")
    assert status == 201 and added["tokenSource"] == "file" and added["tokenPlace"].endswith("token"), added
    stage.read()
    assert stage.query("SELECT name FROM secrets WHERE name LIKE '%/token'") == []
    assert stage.connection()["report"]["facts"]["tokenOwner"] == "hana.dvor"
    refused = stage.cli("rotate", "main", exits=1)
    assert "taken up by itself" in refused.stderr and gitlab.now("owner") == gitlab.tokens["owner"], refused
    # Put beside and renamed into place, as what renews secrets does.
    beside = folder / "token.new"
    beside.write_text(gitlab.tokens["maintainer"])
    beside.rename(token)
    gitlab.end_token("owner")
    mark = stage.connection()["checkedAt"]
    stage.works(after=mark)
    assert stage.tested()["facts"]["tokenOwner"] == "mateus.corrie"
    mark = stage.status()["lastGoodAt"]
    stage.call("POST", "v1/catalog/refresh", {})
    stage.read(after=mark)
    # First it fails, then the new one comes.
    gitlab.end_token("maintainer")
    stage.failing()
    token.write_text(gitlab.tokens["reporter"])
    stage.works()
    # Gone while it is in use: it goes on until the next start, which tells.
    token.unlink()
    stage.works(after=stage.connection()["checkedAt"])
    stage.again()
    failing = stage.failing()["failing"]
    assert "token" in failing["detail"] and failing["remedy"]["text"], failing
    assert "component:default/payments-api" in stage.entities()
    token.write_text(gitlab.tokens["reporter"])
    stage.works()
    stage.cli("update-token", "main", "--token-file", "-", stdin=gitlab.tokens["developer"], exits=0)
    assert stage.connection()["tokenSource"] == "kept"
    token.unlink()
    stage.again()
    assert stage.tested()["reads"]


def ended_during_the_first_reading(stage: Stage) -> None:
    gitlab = stage.gitlab("--projects", "1000", "--latency", "200")
    stage.add("main", gitlab, "admin")
    seen = until("some of it is read", lambda: (s := stage.status())["projectsSeen"] and s)
    gitlab.end_token("admin")
    assert seen["projectsSeen"] < 1000, seen
    failed = until("the reading failed", lambda: (s := stage.status())["error"] and s)
    held = len(stage.paths())
    assert 0 < held < 1000, held
    error = failed["error"]
    assert "token" in (error["message"] + error["remedy"]).lower() or "401" in error["message"], error
    failing = stage.failing()
    assert failing["failing"]["check"] == "token"
    assert len(stage.paths()) >= held
    stage.again()
    assert len(stage.paths()) >= held, "what was read is kept"
    stage.cli("update-token", "main", "--token-file", "-", stdin=gitlab.tokens["owner"], exits=0)
    stage.read()
    assert len(stage.paths()) >= 990, len(stage.paths())
    assert stage.status()["error"] is None


TESTS = [(another_token, {}), (rotated_here, {}), (rotated_by_somebody_else, {}), (kept_elsewhere, {}), (ended_during_the_first_reading, QUICK)]
