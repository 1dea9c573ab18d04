#!/usr/bin/env python3
"""The server as it lives: filled, pushed to, killed, cut off from GitLab; on SQLite and on PostgreSQL.

Usage: run.py BINARY, with STAGEDOOR_TEST_POSTGRES naming a PostgreSQL. Ends with "N passed, N failed".
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request
from pathlib import Path

from faulty import Faulty

BINARY = Path(sys.argv[1]).resolve()
# How long anything may take before it counts as not happening; nothing here measures speed.
PATIENCE = 60
GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "Ilse", "GIT_AUTHOR_EMAIL": "ilse@sandrill.example",
       "GIT_COMMITTER_NAME": "Ilse", "GIT_COMMITTER_EMAIL": "ilse@sandrill.example", "GIT_CONFIG_GLOBAL": "/dev/null"}


class Process:
    def __init__(self, *command: object, folder: Path):
        self.log = folder / f"log-{time.monotonic_ns()}"
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=self.log.open("w"), text=True)
        line = self.process.stdout.readline()
        assert line, f"{command[1]} ended: {self.log.read_text()[-2000:]}"
        self.told = json.loads(line)
        self.url = self.told["url"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE)


def get(url: str, **headers: str):
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


def status_of(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> int:
    request = urllib.request.Request(url, method=method, data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def until(what: str, true):
    """Asks again and again until it holds: the state is awaited, not the time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


class World:
    """A sandbox, a proxy before it that can fail, and a server that reads through the proxy."""

    def __init__(self, folder: Path, database: str | None):
        self.folder = folder
        self.sandbox = Process(BINARY, "sandbox", "--data", folder / "gitlab", folder=folder)
        self.proxy = Faulty(self.sandbox.url)
        self.token = self.sandbox.told["admin_token"]
        (folder / "token").write_text(self.token)
        (folder / "hook").write_text("hook-secret-4711")
        self.config = folder / "stagedoor.yaml"
        self.config.write_text(
            f"data: {folder}/data\n" + (f"database: {database}\n" if database else "") +
            f"gitlab:\n  - name: main\n    url: {self.proxy.url}\n    token: {{file: token}}\n"
            "    webhooks: {secret: {file: hook}, register: true}\n"
        )
        self.start()

    def start(self):
        self.server = Process(BINARY, "serve", "--config", self.config, "--listen", "127.0.0.1:0", folder=self.folder)
        self.url = self.server.url

    def ready(self):
        until("ready", lambda: status_of(self.url + "/readyz") == 200)

    def entities(self) -> dict:
        found = get(self.url + "/api/catalog/entities")
        return {f"{e['kind']}:{e['metadata']['namespace']}/{e['metadata']['name']}".lower(): e for e in found}

    def connection(self) -> dict:
        return get(self.url + "/api/v1/catalog/status")["connections"][0]

    def refresh(self):
        assert status_of(self.url + "/api/v1/catalog/refresh", "POST", b"{}", **{"content-type": "application/json"}) == 202

    def git(self, *arguments: object, cwd: Path | None = None) -> str:
        done = subprocess.run(["git", *map(str, arguments)], cwd=cwd, env=os.environ | GIT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def clone(self, path: str) -> Path:
        target = self.folder / f"clone-{path.replace('/', '-')}-{time.monotonic_ns()}"
        address = self.sandbox.url.replace("http://", f"http://demo:{self.token}@")
        self.git("clone", "--quiet", f"{address}/{path}.git", target)
        return target

    def push(self, clone: Path, message: str):
        self.git("commit", "--quiet", "-am", message, cwd=clone)
        self.git("push", "--quiet", cwd=clone)

    def end(self):
        self.server.process.kill()
        self.sandbox.process.kill()
        self.proxy.stop()


PAYMENTS = "sandrill/checkout/payments-api"


def description(world: World, key: str = "component:default/payments-api") -> str | None:
    return world.entities().get(key, {}).get("metadata", {}).get("description")


def it_fills(world: World):
    world.ready()
    found = world.entities()
    assert len(found) > 60, len(found)
    relations = {(r["type"], r["targetRef"]) for r in found["component:default/payments-api"]["relations"]}
    assert ("providesApi", "api:default/payments-v2") in relations, relations
    consumers = {(r["type"], r["targetRef"]) for r in found["api:default/payments-v2"]["relations"]}
    assert ("apiConsumedBy", "component:default/ticketing-web") in consumers, consumers
    assert world.connection()["phase"] == "idle", world.connection()


def a_push_shows_on_an_open_page(world: World):
    until("the hook is registered", lambda: get(world.sandbox.url + "/api/v4/hooks", **{"private-token": world.token}))
    clone = world.clone(PAYMENTS)
    stream = urllib.request.urlopen(world.url + "/api/v1/events", timeout=PATIENCE)
    file = clone / "catalog-info.yaml"
    text = file.read_text()
    old = next(line for line in text.splitlines() if line.strip().startswith("description:"))
    file.write_text(text.replace(old, "  description: Takes money, gives receipts"))
    world.push(clone, "Say what it does")
    for line in stream:
        if b"component:default/payments-api" in line:
            break
    assert description(world) == "Takes money, gives receipts"
    assert world.connection()["webhooks"]["received"] >= 1


def a_deleted_file_goes_and_a_broken_one_stays(world: World):
    clone = world.clone(PAYMENTS)
    (clone / "catalog-info.yaml").write_text("apiVersion: [\n")
    world.push(clone, "Break it")
    page = "/api/v1/entities/component/default/payments-api"
    broken = until("the problem shows", lambda: (p := get(world.url + page))["problems"] and p)
    assert broken["row"]["stale"], broken["row"]
    assert any(p["code"] == "syntax" and p["line"] for p in broken["problems"]), broken["problems"]
    world.git("rm", "--quiet", "catalog-info.yaml", cwd=clone)
    world.push(clone, "Remove it")
    until("it is gone", lambda: "component:default/payments-api" not in world.entities())
    assert "component:default/sandrill.checkout.payments-api" in world.entities()
    world.git("revert", "--no-edit", "HEAD~1..HEAD", cwd=clone)
    world.git("revert", "--no-edit", "HEAD~2", cwd=clone)
    world.git("push", "--quiet", cwd=clone)
    until("it is back", lambda: description(world) == "Takes money, gives receipts")


def what_no_location_lists_stays_as_an_orphan(world: World):
    clone = world.clone(PAYMENTS)
    file, extra = clone / "catalog-info.yaml", clone / "extra.yaml"
    text = file.read_text()
    location = "\n---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: payments-more}\nspec: {targets: [./extra.yaml]}\n"
    extra.write_text("apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: payments-cache}\nspec: {type: cache, owner: checkout}\n")
    file.write_text(text + location)
    world.git("add", "extra.yaml", cwd=clone)
    world.push(clone, "List another file")
    key = "resource:default/payments-cache"
    until("it is listed", lambda: key in world.entities())
    file.write_text(text)
    world.push(clone, "List it no longer")
    orphan = until("it is an orphan", lambda: world.entities()[key]["metadata"]["annotations"].get("backstage.io/orphan"))
    assert orphan == "true"
    problems = get(world.url + "/api/v1/problems?code=orphan")["items"]
    assert [p["ref"] for p in problems] == [key], problems
    world.git("rm", "--quiet", "extra.yaml", cwd=clone)
    world.push(clone, "Remove it")
    until("it is gone", lambda: key not in world.entities())


def error_answers_remove_nothing(world: World):
    before = set(world.entities())
    for fault in ["500", "429", "403", "404", "html", "cut"]:
        world.proxy.fault = lambda method, path, body, fault=fault: fault if "graphql" in path else None
        seen = len(world.proxy.seen)
        world.refresh()
        until(f"{fault} was met", lambda: any("graphql" in s for s in world.proxy.seen[seen:]))
        until(f"{fault} is told", lambda: world.connection()["error"])
        assert set(world.entities()) == before, f"{fault} changed the catalog"
        assert world.connection()["error"]["remedy"], world.connection()
        world.proxy.fault = None
        world.refresh()
        until(f"recovered from {fault}", lambda: world.connection()["error"] is None and world.connection()["phase"] == "idle")
    assert set(world.entities()) == before


def unread_files_leave_what_was_known(world: World):
    before = world.entities()
    clone = world.clone(PAYMENTS)
    text = (clone / "catalog-info.yaml").read_text()
    world.proxy.fault = lambda method, path, body: "500" if b"rawTextBlob" in body else None
    (clone / "catalog-info.yaml").write_text(text.replace("Takes money", "Takes more money"))
    world.push(clone, "While GitLab is ill")
    stale = until("marked stale", lambda: get(world.url + "/api/v1/entities/component/default/payments-api")["row"]["stale"])
    assert stale["reason"] and stale["since"]
    assert set(world.entities()) == set(before)
    world.proxy.fault = None
    until("it catches up by itself", lambda: (description(world) or "").startswith("Takes more money"))
    row = get(world.url + "/api/v1/entities/component/default/payments-api")["row"]
    assert row["stale"] is None, row


def killed_and_started_again(world: World):
    before = set(world.entities())
    world.server.kill()
    world.start()
    world.ready()
    assert set(world.entities()) == before
    world.proxy.fault = lambda method, path, body: "500"
    world.server.kill()
    world.start()
    world.ready()
    assert set(world.entities()) == before, "ready from its own store, without GitLab"
    world.proxy.fault = None


def forged_webhooks_are_refused(world: World):
    hook = world.url + "/hooks/gitlab/main"
    body = json.dumps({"object_kind": "push", "project_id": 1}).encode()
    kind = {"content-type": "application/json", "x-gitlab-event": "Push Hook"}
    assert status_of(hook, "POST", body, **kind) in (401, 404)
    assert status_of(hook, "POST", body, **kind, **{"x-gitlab-token": "guess"}) in (401, 404)
    assert status_of(hook.replace("main", "other"), "POST", body, **kind, **{"x-gitlab-token": "hook-secret-4711"}) in (401, 404)
    good = kind | {"x-gitlab-token": "hook-secret-4711", "idempotency-key": "once"}
    assert status_of(hook, "POST", body, **good) == 204
    assert status_of(hook, "POST", body, **good) in (200, 204)


def other_sites_are_refused(world: World):
    refresh = world.url + "/api/v1/catalog/refresh"
    kind = {"content-type": "application/json"}
    assert status_of(refresh, "POST", b"{}", **kind, origin="https://evil.example") == 403
    assert status_of(world.url + "/api/v1/entities", host="evil.example") in (403, 421)


def secrets_are_printed_nowhere(world: World):
    world.server.stop()
    for log in world.folder.glob("log-*"):
        text = log.read_text()
        assert "hook-secret-4711" not in text, log
        if '"banner"' not in text:
            assert world.token not in text, log
    database = world.folder / "data" / "stagedoor.sqlite"
    if database.exists():
        rows = "\n".join(str(row) for row in sqlite3.connect(database).execute("SELECT record FROM audit"))
        assert "RegisterHook" in rows and "RefreshCatalog" in rows, rows[:500]
        assert world.token not in rows and "hook-secret-4711" not in rows
    world.start()


TESTS = [it_fills, a_push_shows_on_an_open_page, a_deleted_file_goes_and_a_broken_one_stays,
         what_no_location_lists_stays_as_an_orphan, error_answers_remove_nothing,
         unread_files_leave_what_was_known, killed_and_started_again, forged_webhooks_are_refused, other_sites_are_refused,
         secrets_are_printed_nowhere]


def main() -> int:
    server = os.environ.get("STAGEDOOR_TEST_POSTGRES")
    if not server:
        print("STAGEDOOR_TEST_POSTGRES names no PostgreSQL; run scripts/with-postgres.sh", file=sys.stderr)
        return 1
    passed, failed = 0, 0
    for name, database in {"sqlite": None, "postgres": f"{server}/postgres"}.items():
        with tempfile.TemporaryDirectory() as folder:
            world = World(Path(folder), database)
            try:
                # In this order: each begins where the one before ended, as a day does.
                for test in TESTS:
                    try:
                        test(world)
                        passed += 1
                        print(f"ok     {name}: {test.__name__}", flush=True)
                    except Exception:
                        failed += 1
                        print(f"FAILED {name}: {test.__name__}", flush=True)
                        traceback.print_exc()
                        print(world.server.log.read_text()[-3000:], file=sys.stderr)
                        break
            finally:
                world.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
