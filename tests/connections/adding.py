"""Connections come, are read, and go."""

import json
import ssl
import stat

from stage import Stage, asked
from ways import Answering, Authority, Squid, until

QUICK = {"STAGEDOOR__CATALOG__INTERVAL_SECONDS": "10", "STAGEDOOR__CATALOG__POLL_SECONDS": "5"}


def through_a_proxy_with_a_private_authority(stage: Stage) -> None:
    """Everything by command; then the machine loses power."""
    ca = Authority(stage.folder)
    pair = ca.leaf("localhost", "DNS:localhost,IP:127.0.0.1")
    tls = ssl.create_default_context(cafile=ca.pem)
    gitlab = stage.gitlab("--tls-cert", pair[0], "--tls-key", pair[1], "--url", "https://localhost:0", tls=tls)
    password = stage.secret("p@ss:word/4711")
    squid = Squid(stage.folder, "keeper", password)
    try:
        credentials = stage.file("credentials", f"keeper:{password}")
        way = ["--ca", ca.pem, "--proxy", squid.url, "--proxy-credentials-file", credentials]
        assert "no connection yet" in stage.cli("list", exits=0).stdout
        refused = stage.add("main", gitlab, "group_bot", "--ca", ca.pem, "--proxy", squid.url, exits=1)
        assert "user name and password" in refused.stderr, refused
        added = stage.add("main", gitlab, "group_bot", *way)
        assert "5 projects" in added.stdout and "being read" in added.stdout, added
        stage.read()
        assert "component:default/payments-api" in stage.entities()
        assert "CONNECT localhost" in squid.seen() and "keeper" in squid.seen(), squid.seen()
        row = stage.cli("list").stdout.splitlines()[1]
        assert row.startswith("main") and "working" in row and "group" in row and "polling" in row, row
        shown = stage.cli("show", "main", exits=0).stdout
        assert squid.url in shown and "kept sealed" in shown and "Scope" in shown or "scope" in shown, shown
        before, added_at = set(stage.entities()), stage.connection()["addedAt"]
        stage.again()
        assert set(stage.entities()) == before, "all of it is there before GitLab was asked"
        mark = stage.connection()["checkedAt"]
        found = stage.works(after=mark)
        assert found["addedAt"] == added_at and found["proxy"] == squid.url and found["ca"], found
        asks = squid.seen().count("CONNECT")
        assert stage.tested()["reads"]
        assert squid.seen().count("CONNECT") > asks, "still through the proxy"
        gitlab.move("sandrill/checkout/fares-api", "sandrill/checkout/fares-next")
        mark = stage.status()["lastGoodAt"]
        assert stage.call("POST", "v1/catalog/refresh", {})[0] == 202
        stage.read(after=mark)
        assert "sandrill/checkout/fares-next" in stage.paths(), stage.paths()
    finally:
        squid.stop()


def what_fails_is_not_kept(stage: Stage) -> None:
    gitlab = stage.gitlab()
    # Printed as free text by the test's report, if at all.
    for token in ["revoked", "no_scope", "lonely", "deploy"]:
        refused = stage.add("main", gitlab, token, exits=1)
        assert "FAILED" in refused.stderr and "nothing was changed" in refused.stderr, refused
    refused = stage.add("main", gitlab, "maintainer", "--project", "(", exits=2)
    assert "/projects/0" in refused.stderr, refused
    stranger = Answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    done = stage.cli("add", "main", "--url", f"http://127.0.0.1:{stranger.port}", "--token-file", "-", stdin=gitlab.tokens["maintainer"], exits=1)
    assert "no GitLab" in done.stderr and gitlab.tokens["maintainer"].encode() not in stranger.sent, done
    stranger.stop()
    status, problem = stage.call("POST", "v1/connections", {"name": "main", "url": gitlab.url, "token": gitlab.tokens["revoked"]})
    report = problem["errors"][0]["report"]
    assert status == 422 and not report["reads"] and any(c["state"] == "failed" and c["id"] == "token" for c in report["checks"]), problem
    assert stage.names() == [] and stage.entities() == {}
    assert stage.query("SELECT name FROM secrets") == [] and stage.query("SELECT name FROM connections") == []
    rows = [row for row in stage.audit() if "AddConnection" in json.dumps(row)]
    ended = [row["outcome"] for row in stage.audit() if row["what"] == "ended"]
    assert len(rows) == len(ended) == 6, (rows, ended)


def twins_are_refused(stage: Stage) -> None:
    gitlab = stage.gitlab()
    stage.add("main", gitlab, "maintainer", "--group", "sandrill/checkout")
    other = stage.gitlab()
    refused = stage.add("main", other, "maintainer", exits=1)
    assert "choose another name" in refused.stderr, refused
    for groups in [[], ["--group", "sandrill"], ["--group", "sandrill/checkout/ledger"], ["--group", "SANDRILL/checkout"]]:
        refused = stage.add("second", gitlab, "maintainer", *groups, exits=1)
        assert "main reads" in refused.stderr and "own groups" in refused.stderr, refused
    stage.add("second", gitlab, "reporter", "--group", "sandrill/harbour")
    stage.add("third", other, "maintainer", "--group", "sandrill/checkout")
    assert stage.names() == ["main", "second", "third"]
    stage.read("main")
    stage.read("second")
    assert {path.split("/")[1] for path in stage.paths()} == {"checkout", "harbour"}, stage.paths()
    status, problem = stage.call("PUT", "v1/connections/second/discovery", {"groups": ["sandrill/checkout"]})
    assert status == 409 and "own groups" in problem["detail"], ("what would not be added is not changed to either", status, problem)


def declared_ones_are_read_only(stage: Stage) -> None:
    gitlab = stage.gitlab()
    stage.file("token", gitlab.tokens["maintainer"]).chmod(0o600)
    config = stage.file("stagedoor.yaml", f"gitlab:\n  - {{name: main, url: '{gitlab.url}', token: {{file: token}}, discovery: {{groups: [sandrill/checkout]}}}}\n")
    stage.stop()
    stage.start("--config", config)
    stage.read()
    found = stage.connection()
    assert found["declared"] and found["tokenSource"] == "file" and found["addedAt"] is None, found
    for method, path, body in [("PUT", "/token", {"token": gitlab.tokens["owner"]}), ("POST", "/rotate", {}), ("PUT", "/discovery", {}), ("DELETE", "", None)]:
        status, problem = stage.call(method, f"v1/connections/main{path}", body)
        assert status == 409 and "configuration file" in problem["detail"], (path, status, problem)
    refused = stage.cli("remove", "main", "--yes", exits=1)
    assert "configuration file" in refused.stderr, refused
    assert "the configuration file" in stage.cli("show", "main").stdout
    assert gitlab.api("user", gitlab.tokens["maintainer"])[0] == 200, "the token was not rotated"
    # Beside it others can be added, and stay when it is declared no longer.
    stage.add("second", gitlab, "reporter", "--group", "sandrill/harbour")
    stage.read("second")
    stage.stop()
    stage.start()
    assert stage.names() == ["second"]
    until("what it brought is gone", lambda: {path.split("/")[1] for path in stage.paths()} == {"harbour"})


def removed_without_a_trace(stage: Stage) -> None:
    gitlab, other = stage.gitlab(), stage.gitlab("--projects", "20", "--seed", "7")
    stage.add("main", gitlab, "maintainer")
    stage.add("second", other, "maintainer")
    stage.read()
    stage.read("second")
    key = stage.data / "secrets.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600, oct(key.stat().st_mode)
    master = stage.secret(key.read_text().strip())
    sealed = stage.query("SELECT sealed FROM secrets WHERE name LIKE 'connection/main/%'")
    assert len(sealed) == 3, "token and two secrets of webhooks"
    assert all(text.encode() in stage.content() for text in sealed), "what is looked for below is findable"
    stage.no_secret_is_told()
    of_main = {path for path in stage.paths() if path.startswith("sandrill")}
    of_second = stage.paths() - of_main
    assert of_main and of_second
    done = stage.cli("remove", "main", exits=2)
    assert "--yes" in done.stderr and stage.names() == ["main", "second"], done
    stage.cli("remove", "main", "--yes", exits=0)
    assert stage.names() == ["second"]
    until("what it brought is gone", lambda: stage.paths() == of_second)
    assert stage.cli("show", "main", exits=4) and stage.cli("remove", "main", "--yes", exits=4)
    assert stage.query("SELECT name FROM secrets WHERE name LIKE 'connection/main/%'") == []
    for table in ["projects", "files", "entities"]:
        assert stage.query(f"SELECT 1 FROM {table} WHERE connection = 'main'") == [], table
    content = stage.content()
    assert not any(text.encode() in content for text in sealed), "the sealed secrets are still in the file"
    assert master.encode() not in content
    stage.again()
    assert stage.names() == ["second"] and stage.paths() == of_second
    stage.add("main", gitlab, "owner")
    stage.read()
    assert stage.paths() > of_second


def key_files(stage: Stage) -> None:
    gitlab, other = stage.gitlab(), stage.gitlab("--projects", "20", "--seed", "7")
    (stage.data / "secrets").mkdir()
    (stage.data / "secrets" / "second").write_text(other.tokens["maintainer"])
    stage.add("main", gitlab, "maintainer")
    assert stage.add_by_file("second", other, "second")[0] == 201
    stage.read()
    stage.read("second")
    key = stage.data / "secrets.key"
    right = key.read_text()
    stage.stop()
    key.chmod(0o644)
    assert "chmod 600" in stage.refused_start()
    key.unlink()
    told = stage.refused_start()
    assert "backup" in told and "secrets.key" in told and not key.exists(), told
    key.write_text("0" * 64 + "\n")
    key.chmod(0o600)
    stage.start()
    failing = stage.failing()["failing"]
    assert "key" in failing["detail"] and failing["remedy"]["text"], failing
    assert stage.works("second")["state"] == "working"
    mark = stage.status("second")["lastGoodAt"]
    stage.call("POST", "v1/catalog/refresh", {"connection": "second"})
    stage.read("second", after=mark)
    assert "component:default/payments-api" in stage.entities(), "nothing leaves because a key does not fit"
    assert "key" in stage.cli("show", "main").stdout
    stage.stop()
    key.write_text(right)
    key.chmod(0o600)
    stage.start()
    stage.works()
    # A new key above the old one: both are opened, and what is used is sealed anew.
    stage.stop()
    before = stage.query("SELECT sealed FROM secrets ORDER BY name")
    key.write_text("1" * 64 + "\n" + right)
    stage.start()
    stage.works()
    assert not set(stage.query("SELECT sealed FROM secrets")) & set(before), "sealed with the new key"
    stage.stop()
    key.write_text("1" * 64 + "\n")
    stage.start()
    assert stage.tested()["reads"]


TESTS = [(through_a_proxy_with_a_private_authority, {}), (what_fails_is_not_kept, {}), (twins_are_refused, {}), (declared_ones_are_read_only, {}),
         (removed_without_a_trace, {}), (key_files, {})]
