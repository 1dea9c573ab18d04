"""One schedule, drawn from a seed: what breaks, when, and for how long."""

import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from people import People
from stage import Stage

SECONDS = (15.0, 25.0)
GITLAB = [
    {"status": 429, "retryAfter": 1}, {"status": 500}, {"status": 502, "type": "text/html", "body": "<h1>Bad gateway</h1>"}, {"status": 503}, {"status": 403},
    {"status": 401}, {"status": 404}, {"kind": "hang"}, {"kind": "cut"}, {"kind": "reset"}, {"kind": "wrong-json"}, {"kind": "html"}, {"kind": "truncated-page"},
    {"kind": "expired-token"}, {"kind": "partial-graphql"}, {"kind": "slow"},
]


@dataclass
class Fault:
    at: float
    lasts: float
    what: str
    begin: Callable[[], object]
    end: Callable[[], object] = lambda: None


class Play:
    def __init__(self, stage: Stage, seed: int):
        self.stage = stage
        self.dice = random.Random(seed * 2 + (stage.kind == "postgres"))
        self.length = self.dice.uniform(*SECONDS)
        self.people = People(stage, random.Random(self.dice.random()))
        self.said: list[str] = []
        self.coming: list[threading.Thread] = []
        self.failed: list[str] = []
        self.schedule = sorted(self.draw(), key=lambda fault: fault.at)

    @property
    def ledger(self):
        return self.people.ledger

    # ── what breaks ───────────────────────────────────────────────────────────────────────────────────────────────────

    def draw(self) -> list[Fault]:
        stage, dice = self.stage, self.dice
        kinds = [self.gitlab] * 4 + [self.webhooks] * 2 + [self.token, self.gitlab_clock, self.kill, self.kill, self.freeze, self.slow_disk, self.clock]
        if stage.disk.mounts:
            kinds.append(self.full_disk)
        if stage.postgres:
            kinds += [self.kill_database, self.freeze_database, self.kill, self.freeze]
        return [dice.choice(kinds)(dice.uniform(0.5, self.length - 4), dice.uniform(0.5, 5)) for _ in range(dice.randrange(5, 11))]

    def gitlab(self, at: float, lasts: float) -> Fault:
        dice = self.dice
        kind = dict(dice.choice(GITLAB))
        if kind.get("kind") == "slow":
            kind["delayMs"] = dice.randrange(50, 1500)
        rule = kind | {"route": dice.choice(["POST /api/graphql", "GET /api/v4/*", "POST /api/graphql"]), "share": round(dice.choice([0.2, 0.5, 1.0]), 1),
                       "seconds": round(lasts, 2), "seed": dice.randrange(1 << 30)}
        return Fault(at, 0, f"GitLab answers {rule}", lambda: self.stage.control("POST", "faults", rule))

    def webhooks(self, at: float, lasts: float) -> Fault:
        rule = {"kind": self.dice.choice(["lost", "doubled", "reordered", "delayed"]), "share": self.dice.choice([0.3, 1.0]), "seconds": round(lasts, 2),
                "delayMs": self.dice.randrange(50, 2000), "seed": self.dice.randrange(1 << 30)}
        return Fault(at, 0, f"webhooks {rule}", lambda: self.stage.control("POST", "hooks/faults", rule))

    def token(self, at: float, lasts: float) -> Fault:
        state = self.dice.choice(["expired", "revoked"])
        return Fault(at, lasts, f"the token is {state}", lambda: self.stage.control("PUT", "tokens/admin", {"state": state}),
                     lambda: self.stage.control("PUT", "tokens/admin", {"state": "active"}))

    def gitlab_clock(self, at: float, lasts: float) -> Fault:
        offset = self.dice.choice([-7200, -30, 30, 7200])
        return Fault(at, lasts, f"GitLab's clock is off by {offset} s", lambda: self.stage.control("PUT", "clock", {"offsetSeconds": offset}),
                     lambda: self.stage.control("PUT", "clock", {"offsetSeconds": 0}))

    def kill(self, at: float, lasts: float) -> Fault:
        server = self.dice.choice(self.stage.servers)
        return Fault(at, lasts, f"kill -9 of {server.log.name}", server.kill, lambda: self.comes(server.again))

    def freeze(self, at: float, lasts: float) -> Fault:
        server = self.dice.choice(self.stage.servers)
        # With others beside it, sometimes for longer than a leader's term: it comes back and does not lead any more.
        lasts = lasts + self.dice.choice([0, 0, 10]) if len(self.stage.servers) > 1 else lasts
        return Fault(at, lasts, f"{server.log.name} is frozen", lambda: server.signal(signal.SIGSTOP), lambda: server.signal(signal.SIGCONT))

    def shims(self) -> list[tuple[str, object]]:
        """Whose clock and disk can be turned."""
        found = [(server.log.name, server.shim) for server in self.stage.servers]
        return found + ([("PostgreSQL", self.stage.postgres.shim)] if self.stage.postgres else [])

    def slow_disk(self, at: float, lasts: float) -> Fault:
        micros = self.dice.randrange(20_000, 300_000)
        name, shim = self.shims()[-1]
        return Fault(at, lasts, f"the disk of {name} takes {micros // 1000} ms", lambda: shim.turn(disk_us=micros), lambda: shim.turn(disk_us=0))

    def clock(self, at: float, lasts: float) -> Fault:
        millis = self.dice.choice([-1, 1]) * self.dice.choice([self.dice.randrange(1_000, 60_000), self.dice.randrange(60_000, 4 * 3600 * 1000)])
        name, shim = self.dice.choice(self.shims())
        return Fault(at, lasts, f"the clock of {name} jumps by {millis / 1000:.0f} s", lambda: shim.turn(clock_ms=millis), lambda: shim.turn(clock_ms=0))

    def full_disk(self, at: float, lasts: float) -> Fault:
        def end():
            self.stage.disk.free()
            # PostgreSQL ends itself when it cannot write; who frees the disk starts it again.
            if self.stage.postgres:
                self.comes(self.stage.postgres.again)
        return Fault(at, lasts, "the disk is full", self.stage.disk.fill, end)

    def kill_database(self, at: float, lasts: float) -> Fault:
        database = self.stage.postgres
        return Fault(at, min(lasts, 3), "kill -9 of PostgreSQL", database.kill, lambda: self.comes(database.again))

    def freeze_database(self, at: float, lasts: float) -> Fault:
        database = self.stage.postgres
        return Fault(at, lasts, "PostgreSQL is frozen", lambda: database.signal(signal.SIGSTOP), lambda: database.signal(signal.SIGCONT))

    # ── all of it ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def comes(self, again: Callable[[], None]) -> None:
        """Starts something while the schedule goes on: it may have to wait for another that is still down."""
        def start():
            try:
                again()
            except AssertionError as error:
                self.failed.append(str(error))
        self.coming.append(threading.Thread(target=start, daemon=True))
        self.coming[-1].start()

    def run(self) -> None:
        people = self.people
        people.prepare()
        people.begin()
        steps = [(f.at, "begin", f) for f in self.schedule] + [(f.at + f.lasts, "end", f) for f in self.schedule if f.lasts]
        for at, step, fault in sorted(steps, key=lambda row: row[0]):
            time.sleep(max(0.0, at - people.now()))
            self.said.append(f"{people.now():6.2f} s {step:5} {fault.what}")
            (fault.begin if step == "begin" else fault.end)()
        time.sleep(max(0.0, self.length - people.now()))
        people.end()
        self.mend()

    def mend(self) -> None:
        """Everything that was broken is whole; what is left of it the servers have to mend themselves."""
        stage = self.stage
        stage.control("DELETE", "faults")
        stage.control("DELETE", "hooks/faults")
        stage.control("PUT", "clock", {"offsetSeconds": 0})
        stage.control("PUT", "tokens/admin", {"state": "active"})
        for _, shim in self.shims():
            shim.turn(clock_ms=0, disk_us=0)
        stage.disk.free()
        if stage.postgres:
            stage.postgres.signal(signal.SIGCONT)
            stage.postgres.again()
        for thread in self.coming:
            thread.join(timeout=120)
        for server in stage.servers:
            server.signal(signal.SIGCONT)
            server.again()
        assert not self.failed, "; ".join(self.failed)
        self.people.mend()
        self.said.append(f"{self.people.now():6.2f} s end   of all faults")
