#!/usr/bin/env python3
"""Three servers on one PostgreSQL: they show the same, one of them reads by the clock, and any of them may die.

Usage: run.py BINARY [PART OF A NAME], with STAGEDOOR_TEST_POSTGRES naming a PostgreSQL. Ends with "N passed, N failed".
"""

import http.client
import json
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "connections"))

from stage import BINARY, Clone, Gitlab, Process, Stage, asked, until  # noqa: E402


class Seen:
    """One of the servers, by its address."""

    def __init__(self, process: Process):
        self.process, self.url = process, process.url

    def get(self, path: str):
        status, text = asked("GET", f"{self.url}/api/{path}")
        assert status == 200, (path, status, text)
        return json.loads(text)

    def description(self, ref: str) -> str | None:
        kind, rest = ref.split(":")
        status, text = asked("GET", f"{self.url}/api/catalog/entities/by-name/{kind}/{rest}")
        return json.loads(text)["metadata"].get("description") if status == 200 else None

    def etags(self) -> dict[str, str]:
        found = self.get("catalog/entities")
        return {f"{e['kind']}:{e['metadata']['namespace']}/{e['metadata']['name']}": e["metadata"]["etag"] for e in found}

    def names(self) -> list[str]:
        return [c["name"] for c in self.get("v1/connections")["items"]]

    def leaders(self) -> list[str]:
        """Who leads, as this one knows; by id."""
        return [r["id"] for r in self.get("v1/system/replicas")["items"] if r["leader"]]

    def id(self) -> str:
        return next(r["id"] for r in self.get("v1/system/replicas")["items"] if r["self"])


class House:
    """Three servers, one database, one key file, one GitLab."""

    def __init__(self, folder: Path, postgres: str):
        self.stage = Stage(folder, postgres)
        self.stage.start()
        self.stage.start()
        self.all = [Seen(p) for p in self.stage.processes]
        self.gitlab: Gitlab = self.stage.gitlab()
        until("all three are seen, one leads", lambda: len(self.all[0].get("v1/system/replicas")["items"]) == 3 and len(self.all[0].leaders()) == 1)

    def by_role(self, role: bool) -> list[Seen]:
        leaders = self.all[0].leaders()
        return [s for s in self.all if s.process.process.poll() is None and (s.id() in leaders) == role]

    @property
    def leader(self) -> Seen:
        return until("one leads", lambda: next(iter(self.by_role(True)), None))

    @property
    def followers(self) -> list[Seen]:
        return self.by_role(False)

    def add(self, at: Seen, name: str = "main") -> None:
        """A connection with webhooks off, so that a test sends its own."""
        status, text = asked("POST", f"{at.url}/api/v1/connections", {"name": name, "url": self.gitlab.url, "token": self.gitlab.tokens["admin"]})
        assert status == 201, text
        for seen in self.alive():
            until(f"{name} is read", lambda seen=seen: asked("GET", f"{seen.url}/readyz")[0] == 200 and seen.names() == [name] and len(seen.etags()) > 100)

    def alive(self) -> list[Seen]:
        return [s for s in self.all if s.process.process.poll() is None]

    def until_same(self) -> dict[str, str]:
        def same():
            found = [s.etags() for s in self.alive()]
            return found[0] if all(f == found[0] for f in found) else None
        return until("all show the same", same)


def they_show_the_same_and_ask_once(house: House) -> None:
    before = house.gitlab.control("GET", "stats")["total"]
    house.add(house.leader)
    same = house.until_same()
    alone = house.gitlab.control("GET", "stats")["total"] - before
    assert len(same) > 100
    # A single server needs about 30 requests for this; three that each read would need three times as many.
    assert alone < 60, alone


def a_push_is_shown_by_all(house: House) -> None:
    house.add(house.leader)
    clone = Clone(house.stage, house.gitlab, "sandrill/checkout/payments-api")
    for number, at in enumerate(house.alive()):
        clone.describe(f"push {number}")
        status, text = asked("POST", f"{at.url}/api/v1/catalog/refresh", {"project": "sandrill/checkout/payments-api"})
        assert status == 202, text
        for seen in house.alive():
            until("the push shows", lambda seen=seen: seen.description("component:default/payments-api") == f"push {number}")
    house.until_same()


def a_page_moves_to_another(house: House) -> None:
    house.add(house.leader)
    house.until_same()
    first, second = house.alive()[:2]

    def listen(at: Seen, last: str | None = None):
        connection = http.client.HTTPConnection(at.url.removeprefix("http://"), timeout=30)
        connection.request("GET", "/api/v1/events", headers={"last-event-id": last} if last else {})
        return connection.getresponse()

    def next_event(stream) -> dict:
        event = {}
        while True:
            line = stream.readline().decode().rstrip("\n")
            if not line:
                if event.get("event"):
                    return event
                event = {}
            elif ":" in line:
                name, value = line.split(":", 1)
                event[name] = value.strip()

    page = listen(first)
    hello = next_event(page)
    assert hello["event"] == "hello", hello
    page.close()
    Clone(house.stage, house.gitlab, "sandrill/checkout/payments-api").describe("while nobody looked")
    asked("POST", f"{first.url}/api/v1/catalog/refresh", {"project": "sandrill/checkout/payments-api"})
    until("shown", lambda: second.description("component:default/payments-api") == "while nobody looked")
    page = listen(second, hello["id"])
    events = iter(lambda: next_event(page), None)
    told = next(e for e in events if e["event"] in ("entities", "reset"))
    assert told["event"] == "entities" and "component:default/payments-api" in json.loads(told["data"])["changed"], told
    page.close()


def a_connection_is_known_to_all(house: House) -> None:
    at = house.followers[0]
    house.add(at)
    other = house.followers[1]
    status, text = asked("PUT", f"{other.url}/api/v1/connections/main/token", {"token": house.gitlab.tokens["maintainer"]})
    assert status == 200, text
    house.gitlab.end_token("admin")
    status, report = asked("POST", f"{house.leader.url}/api/v1/connections/main/test", {})
    assert status == 200 and json.loads(report)["reads"], report
    status, text = asked("DELETE", f"{house.leader.url}/api/v1/connections/main")
    assert status in (200, 204), text
    for seen in house.alive():
        until("the connection is gone", lambda seen=seen: seen.names() == [] and seen.etags() == {})


def the_leader_dies(house: House) -> None:
    house.add(house.leader)
    dead = house.leader
    dead_id = dead.id()
    dead.process.kill()
    house.all = house.alive()
    until("another leads", lambda: house.all[0].leaders() not in ([], [dead_id]) and len(house.all[0].leaders()) == 1)
    Clone(house.stage, house.gitlab, "sandrill/checkout/payments-api").describe("after the death")
    # Nobody tells of it: whoever leads finds it by looking.
    status, _ = asked("POST", f"{house.all[1].url}/api/v1/catalog/refresh", {})
    assert status == 202
    for seen in house.alive():
        until("read by the new leader", lambda seen=seen: seen.description("component:default/payments-api") == "after the death")
    house.until_same()


def a_frozen_leader_comes_back(house: House) -> None:
    house.add(house.leader)
    frozen = house.leader
    frozen_id = frozen.id()
    frozen.process.process.send_signal(signal.SIGSTOP)
    try:
        others = [s for s in house.all if s is not frozen]
        until("another leads", lambda: len(others[0].leaders()) == 1 and others[0].leaders() != [frozen_id])
        Clone(house.stage, house.gitlab, "sandrill/checkout/payments-api").describe("while it slept")
        asked("POST", f"{others[0].url}/api/v1/catalog/refresh", {})
        until("read", lambda: others[1].description("component:default/payments-api") == "while it slept")
    finally:
        frozen.process.process.send_signal(signal.SIGCONT)
    until("it follows", lambda: frozen.description("component:default/payments-api") == "while it slept")
    until("one leads", lambda: len(frozen.leaders()) == 1 and frozen.leaders() != [frozen_id])
    house.until_same()


def the_statuses_are_those_of_the_leader(house: House) -> None:
    house.add(house.leader)
    house.gitlab.end_token("admin")
    asked("POST", f"{house.followers[0].url}/api/v1/catalog/refresh", {})
    for seen in house.alive():
        until("all say that it fails", lambda seen=seen: seen.get("v1/catalog/status")["connections"][0]["phase"] == "failed")
        page = seen.get("v1/entities/component/default/payments-api")
        assert page["freshness"]["state"] == "stale" and page["freshness"]["confirmedAt"], page["freshness"]
        assert page["row"]["stale"], page["row"]


TESTS = [they_show_the_same_and_ask_once, a_push_is_shown_by_all, a_page_moves_to_another, a_connection_is_known_to_all,
         the_leader_dies, a_frozen_leader_comes_back, the_statuses_are_those_of_the_leader]


def main() -> int:
    server = os.environ.get("STAGEDOOR_TEST_POSTGRES")
    if not server:
        print("STAGEDOOR_TEST_POSTGRES names no PostgreSQL; run scripts/with-postgres.sh", file=sys.stderr)
        return 1
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    passed = failed = 0
    for test in TESTS:
        if wanted not in test.__name__:
            continue
        with tempfile.TemporaryDirectory(prefix="stagedoor-replicas-") as folder:
            house = None
            try:
                house = House(Path(folder), server)
                test(house)
                house.stage.no_secret_is_told()
                passed += 1
                print(f"ok     {test.__name__}", flush=True)
            except Exception:
                failed += 1
                logs = "".join(f"── {log.name}\n{log.read_text()[-2500:]}" for log in sorted(Path(folder).glob("log-*")))
                print(f"FAILED {test.__name__}\n{traceback.format_exc()}{logs}", flush=True)
            finally:
                for process in house.stage.processes if house else []:
                    process.process.send_signal(signal.SIGCONT)
                if house:
                    house.stage.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
