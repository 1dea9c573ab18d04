"""One schedule, drawn from a seed: what people do in GitLab, who sends what, and what breaks meanwhile."""

import json
import random
import signal
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field

from stage import SECRET, Stage, asked, until

SECONDS = (12.0, 18.0)


@dataclass
class Fault:
    at: float
    lasts: float
    what: str
    begin: Callable[[], object]
    end: Callable[[], object] = lambda: None


@dataclass
class Ledger:
    """What was acknowledged, and what no reader may miss."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    # References of entities that nobody takes away.
    stable: set[str] = field(default_factory=set)
    lists: int = 0
    missed: list[str] = field(default_factory=list)


class Play:
    def __init__(self, stage: Stage, seed: int):
        self.stage, self.dice = stage, random.Random(seed * 2 + (stage.kind == "postgres"))
        self.length = self.dice.uniform(*SECONDS)
        self.ledger, self.going, self.threads = Ledger(), True, []
        self.said: list[str] = []
        self.broken: set[int] = set()
        self.down: set[str] = set()
        self.schedule = sorted(self.draw(), key=lambda fault: fault.at)

    # ── what breaks ───────────────────────────────────────────────────────────────────────────────────────────────────

    def draw(self) -> list[Fault]:
        stage, dice = self.stage, self.dice
        kinds = [self.gitlab] * 4 + [self.webhooks] * 2 + [self.token, self.gitlab_clock, self.kill, self.kill, self.freeze, self.slow_disk, self.clock]
        if stage.disk.mounts:
            kinds.append(self.full_disk)
        if stage.postgres:
            kinds += [self.kill_database, self.kill, self.freeze]
        return [dice.choice(kinds)(dice.uniform(0.5, self.length - 4), dice.uniform(0.5, 5)) for _ in range(dice.randrange(4, 9))]

    def gitlab(self, at: float, lasts: float) -> Fault:
        dice = self.dice
        kind = dice.choice([{"status": 429, "retryAfter": 1}, {"status": 500}, {"status": 502, "type": "text/html", "body": "<h1>Bad gateway</h1>"}, {"status": 503},
                            {"status": 403}, {"status": 401}, {"kind": "hang"}, {"kind": "cut"}, {"kind": "reset"}, {"kind": "wrong-json"}, {"kind": "html"}, {"kind": "truncated-page"},
                            {"kind": "expired-token"}, {"kind": "partial-graphql"}, {"kind": "slow", "delayMs": dice.randrange(50, 1500)}])
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
        return Fault(at, lasts, f"kill -9 of {server.log.name}", server.kill, server.again)

    def freeze(self, at: float, lasts: float) -> Fault:
        server = self.dice.choice(self.stage.servers)
        return Fault(at, lasts, f"{server.log.name} is frozen", lambda: server.process.send_signal(signal.SIGSTOP), lambda: server.process.send_signal(signal.SIGCONT))

    def slow_disk(self, at: float, lasts: float) -> Fault:
        micros = self.dice.randrange(20_000, 300_000)
        return Fault(at, lasts, f"the disk takes {micros // 1000} ms", lambda: self.stage.shim.turn(disk_us=micros), lambda: self.stage.shim.turn(disk_us=0))

    def full_disk(self, at: float, lasts: float) -> Fault:
        return Fault(at, lasts, "the disk is full", self.stage.disk.fill, self.stage.disk.free)

    def clock(self, at: float, lasts: float) -> Fault:
        millis = self.dice.choice([-1, 1]) * self.dice.randrange(1_000, 4 * 3600 * 1000)
        return Fault(at, lasts, f"the servers' clock jumps by {millis / 1000:.0f} s", lambda: self.stage.shim.turn(clock_ms=millis), lambda: self.stage.shim.turn(clock_ms=0))

    def kill_database(self, at: float, lasts: float) -> Fault:
        database = self.stage.postgres
        return Fault(at, min(lasts, 3), "kill -9 of PostgreSQL", lambda: database.signal(signal.SIGKILL), database.again)

    # ── who does what meanwhile ───────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Everything is read once; what is there now and nobody takes away must never be missing."""
        stage = self.stage
        for server in stage.servers:
            until("everything is read", lambda server=server: asked("GET", server.url + "/readyz")[0] == 200, 60)
        world = stage.world()
        self.rows = {row["id"]: row for row in world}
        # A third of the projects may be taken away; the others are only edited.
        self.fleeting = [row["id"] for row in world if self.dice.random() < 0.33]
        slugs = {row["path"] for row in world if row["id"] not in self.fleeting}
        for entity in json.loads(asked("GET", stage.servers[0].url + "/api/catalog/entities")[1]):
            slug = entity["metadata"].get("annotations", {}).get("gitlab.com/project-slug")
            if entity["kind"] in ("Group", "User") or slug in slugs:
                self.ledger.stable.add(reference(entity))

    def people(self) -> None:
        """They change things in GitLab, one every few milliseconds."""
        dice, number = random.Random(self.dice.random()), 0
        while self.going:
            number += 1
            id = dice.choice(list(self.rows))
            act = dice.choice([self.describe] * 6 + [self.break_it, self.owners] + ([self.take_away] * 2 if id in self.fleeting else []))
            act(id, number, dice)
            time.sleep(dice.uniform(0.01, 0.12))

    def commit(self, id: int, action: str, path: str, content: str = "") -> int:
        return self.stage.api("POST", f"projects/{id}/repository/commits", {"branch": "main", "commit_message": f"{action} {path}",
                              "actions": [{"action": action, "file_path": path, "content": content}]})

    def document(self, id: int, number: object) -> str:
        name = f"project-{id}"
        return ("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n" f"  name: {name}\n  description: change {number}\n"
                "spec:\n  type: service\n  lifecycle: production\n  owner: estate\n")

    def describe(self, id: int, number: int, dice: random.Random) -> None:
        if id not in self.fleeting:
            return self.note(id, number)
        self.put(id, "catalog-info.yaml", self.document(id, number))
        self.broken.discard(id)

    def put(self, id: int, path: str, content: str) -> None:
        if self.commit(id, "update", path, content) not in (200, 201):
            self.commit(id, "create", path, content)

    def note(self, id: int, number: object) -> None:
        """Changes a file of a project whose entities must stay: a comment at its end."""
        status, text = asked("GET", f"{self.stage.sandbox.url}/api/v4/projects/{id}/repository/files/catalog-info.yaml/raw?ref=main",
                             **{"private-token": self.stage.writer})
        if status == 200:
            kept = [line for line in text.decode().splitlines() if not line.startswith(("# change", "}{"))]
            self.commit(id, "update", "catalog-info.yaml", "\n".join([*kept, f"# change {number}"]) + "\n")
            self.broken.discard(id)

    def break_it(self, id: int, number: int, dice: random.Random) -> None:
        status, text = asked("GET", f"{self.stage.sandbox.url}/api/v4/projects/{id}/repository/files/catalog-info.yaml/raw?ref=main",
                             **{"private-token": self.stage.writer})
        if status == 200 and self.commit(id, "update", "catalog-info.yaml", text.decode() + "}{ nobody can read this\n") in (200, 201):
            self.broken.add(id)

    def owners(self, id: int, number: int, dice: random.Random) -> None:
        self.put(id, "CODEOWNERS", f"* @estate\n# {number}\n")

    def take_away(self, id: int, number: int, dice: random.Random) -> None:
        path = next((row["path"] for row in self.stage.world() if row["id"] == id), None)
        if path is None:
            return self.stage.move(self.rows[id]["path"], {"restore": True})
        act = dice.choice(["file", "archive", "open", "delete", "rename"])
        if act == "file":
            self.commit(id, "delete", "catalog-info.yaml")
        elif act in ("archive", "open"):
            self.stage.move(path, {"archived": act == "archive"})
        elif act == "delete":
            self.stage.remove(path)
            self.rows[id]["path"] = path
        else:
            self.stage.move(path, {"path": f"{path.rsplit('/', 1)[0]}/renamed-{id}-{number}"})

    def send(self, who: int) -> None:
        """A sender with identifiers of its own; what is not acknowledged it sends again, sometimes what was."""
        dice, number = random.Random(self.dice.random()), 0
        while self.going:
            number += 1
            id, project = f"s{who}-{number}", dice.choice(list(self.rows))
            for _ in range(dice.choice([1, 1, 1, 2])):
                server = dice.choice(self.stage.servers)
                try:
                    status, _ = asked("POST", server.url + "/hooks/gitlab/main", {"object_kind": "push", "project_id": project}, timeout=5,
                                      **{"x-gitlab-token": SECRET, "idempotency-key": id})
                except (OSError, ValueError):
                    status = 0
                if status == 204:
                    self.ledger.acknowledged[id] = project
                else:
                    self.ledger.refused += 1
            time.sleep(dice.uniform(0.0, 0.03))

    def look(self) -> None:
        """Whatever breaks, no reader may be shown a list in which something is missing that is there."""
        while self.going:
            for server in self.stage.servers:
                try:
                    status, text = asked("GET", server.url + "/api/catalog/entities", timeout=5)
                    if status == 200:
                        self.ledger.lists += 1
                        missing = self.ledger.stable - {reference(entity) for entity in json.loads(text)}
                        if missing:
                            self.ledger.missed.append(f"{server.log.name} at {self.now():.1f} s: {len(missing)} missing, as {sorted(missing)[:3]}")
                except (OSError, ValueError):
                    pass
            time.sleep(0.2)

    def now(self) -> float:
        return time.monotonic() - self.began

    # ── all of it ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        self.begin()
        self.began = time.monotonic()
        for work in (self.people, lambda: self.send(1), lambda: self.send(2), self.look):
            self.threads.append(threading.Thread(target=self.guarded, args=(work,), daemon=True))
            self.threads[-1].start()
        steps = [(f.at, "begin", f) for f in self.schedule] + [(f.at + f.lasts, "end", f) for f in self.schedule if f.lasts]
        for at, step, fault in sorted(steps, key=lambda row: row[0]):
            time.sleep(max(0.0, at - self.now()))
            self.said.append(f"{self.now():6.2f} s {step:5} {fault.what}")
            (fault.begin if step == "begin" else fault.end)()
        time.sleep(max(0.0, self.length - self.now()))
        self.going = False
        for thread in self.threads:
            thread.join(timeout=30)
        self.mend()

    def guarded(self, work) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the play must say what broke it
            self.ledger.missed.append(f"the suite itself failed: {error!r}")

    def mend(self) -> None:
        """Everything that was broken is whole; what is left of it the servers have to mend themselves."""
        stage = self.stage
        stage.control("DELETE", "faults")
        stage.control("DELETE", "hooks/faults")
        stage.control("PUT", "clock", {"offsetSeconds": 0})
        stage.control("PUT", "tokens/admin", {"state": "active"})
        stage.shim.turn(clock_ms=0, disk_us=0)
        stage.disk.free()
        if stage.postgres:
            stage.postgres.signal(signal.SIGCONT)
            stage.postgres.again()
        for server in stage.servers:
            if server.alive:
                server.process.send_signal(signal.SIGCONT)
            server.again()
        # What nobody can read keeps its last good state here and has none in a server that never saw it.
        for id in sorted(self.broken):
            self.note(id, "mended")
        self.said.append(f"{self.now():6.2f} s end   of all faults")


def reference(entity: dict) -> str:
    metadata = entity["metadata"]
    return f"{entity['kind']}:{metadata.get('namespace', 'default')}/{metadata['name']}".lower()
