"""Who does what while things break: people who change GitLab, senders who keep a ledger, readers who must miss nothing."""

import json
import random
import re
import threading
import time
from dataclasses import dataclass, field

from stage import FILE, SECRET, Stage
from things import asked, until

UNREADABLE = "}{ nobody can read this"


@dataclass
class Ledger:
    """What was acknowledged and when, and what no reader may miss."""

    acknowledged: dict[str, tuple[int, float]] = field(default_factory=dict)
    refused: int = 0
    changes: int = 0
    # References of entities that nobody takes away.
    stable: set[str] = field(default_factory=set)
    lists: int = 0
    missed: list[str] = field(default_factory=list)


class People:
    def __init__(self, stage: Stage, dice: random.Random):
        self.stage, self.dice = stage, dice
        self.ledger, self.going, self.threads = Ledger(), True, []
        self.broken: set[int] = set()
        self.began = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self.began

    def prepare(self) -> None:
        """Everything is read once; what is there now and nobody takes away must never be missing."""
        stage = self.stage
        for server in stage.servers:
            until("everything is read", lambda server=server: asked("GET", server.url + "/readyz")[0] == 200, 60)
        world = stage.world()
        self.paths = {row["id"]: row["path"] for row in world}
        self.groups = sorted({path.rsplit("/", 1)[0] for path in self.paths.values()})
        # A third of the projects may be taken away; the others are only edited.
        self.fleeting = [id for id in self.paths if self.dice.random() < 0.33]
        slugs = {path for id, path in self.paths.items() if id not in self.fleeting}
        for entity in json.loads(asked("GET", stage.servers[0].url + "/api/catalog/entities")[1]):
            slug = entity["metadata"].get("annotations", {}).get("gitlab.com/project-slug")
            if entity["kind"] in ("Group", "User") or slug in slugs:
                self.ledger.stable.add(reference(entity))
        assert len(self.ledger.stable) > 20, "the estate is too small to be told anything by"

    def begin(self) -> None:
        self.began = time.monotonic()
        for work in (self.change, lambda: self.send(1), lambda: self.send(2), self.look):
            self.threads.append(threading.Thread(target=self.guarded, args=(work,), daemon=True))
            self.threads[-1].start()

    def end(self) -> None:
        self.going = False
        for thread in self.threads:
            thread.join(timeout=30)
            if thread.is_alive():
                self.ledger.missed.append("the suite itself failed: somebody did not stop")

    def guarded(self, work) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the play must say what broke it
            self.ledger.missed.append(f"the suite itself failed: {error!r}")

    # ── who changes GitLab ────────────────────────────────────────────────────────────────────────────────────────────

    def change(self) -> None:
        """One change every few milliseconds."""
        dice, number = random.Random(self.dice.random()), 0
        while self.going:
            number += 1
            id = dice.choice(sorted(self.paths))
            act = dice.choice([self.describe] * 6 + [self.break_it, self.owners, self.split] + ([self.take_away] * 2 if id in self.fleeting else []))
            act(id, number, dice)
            self.ledger.changes += 1
            time.sleep(dice.uniform(0.01, 0.12))

    def commit(self, id: int, action: str, *paths: str, content: str = "") -> bool:
        actions = [{"action": action, "file_path": path, "content": content} for path in paths]
        return self.stage.api("POST", f"projects/{id}/repository/commits", {"branch": "main", "commit_message": f"{action} {paths[0]}", "actions": actions}) in (200, 201)

    def put(self, id: int, path: str, content: str) -> None:
        if not self.commit(id, "update", path, content=content):
            self.commit(id, "create", path, content=content)

    def describe(self, id: int, number: object, _dice: random.Random | None = None) -> None:
        """Says something else; who and what is described stays."""
        text = self.stage.text(id, FILE)
        if text is None:
            # Only where there is none: one that a fault hides may list others, which would stay as orphans.
            if id in self.fleeting and any(row["id"] == id and FILE not in row["files"] for row in self.stage.world()):
                self.commit(id, "create", FILE, content=document(id, number))
            return
        text = "\n".join(line for line in text.splitlines() if not line.startswith(UNREADABLE)) + "\n"
        changed = re.sub(r"^  description: .*$", f"  description: change {number}", text, flags=re.M)
        changed = changed if changed != text else re.sub(r"^metadata:$", f"metadata:\n  description: change {number}", text, flags=re.M)
        if self.commit(id, "update", FILE, content=changed):
            self.broken.discard(id)

    def break_it(self, id: int, _number: int, _dice: random.Random) -> None:
        text = self.stage.text(id, FILE)
        if text is not None:
            # Noted before: a commit may be made although its answer is lost.
            self.broken.add(id)
            self.commit(id, "update", FILE, content=f"{text.rstrip()}\n{UNREADABLE}\n")

    def owners(self, id: int, number: int, dice: random.Random) -> None:
        self.put(id, "CODEOWNERS", f"* @{dice.choice(self.groups)}\n# {number}\n")

    def split(self, id: int, number: int, _dice: random.Random) -> None:
        """A second file, listed by the first. It is not taken off the list again: then its entity would stay, as an orphan."""
        text, more = self.stage.text(id, FILE), f"more-{id}.yaml"
        if text is None or UNREADABLE in text:
            return
        self.put(id, more, "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata:\n" f"  name: more-{id}\n  description: change {number}\n"
                 "spec:\n  type: cache\n  owner: estate\n")
        if more not in text and id not in self.fleeting:
            self.commit(id, "update", FILE, content=text.rstrip() + "\n---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n"
                        f"  name: list-{id}\nspec:\n  targets:\n    - ./{more}\n")

    def take_away(self, id: int, number: int, dice: random.Random) -> None:
        path = next((row["path"] for row in self.stage.world() if row["id"] == id), None)
        if path is None:
            return self.stage.move(self.paths[id], {"restore": True})
        self.paths[id] = path
        act = dice.choice(["file", "archive", "open", "delete", "rename", "move"])
        if act == "file":
            # With what it lists: that would stay as an orphan, which a server that never saw the list does not know of.
            text = self.stage.text(id, FILE)
            if text is not None:
                self.commit(id, "delete", FILE, *re.findall(r"\./(\S+\.yaml)", text))
        elif act in ("archive", "open"):
            self.stage.move(path, {"archived": act == "archive"})
        elif act == "delete":
            self.stage.remove(path)
        elif act == "rename":
            self.stage.move(path, {"path": f"{path.rsplit('/', 1)[0]}/renamed-{id}-{number}"})
        else:
            self.stage.move(path, {"path": f"{dice.choice(self.groups)}/moved-{id}-{number}"})

    def mend(self) -> None:
        """What nobody can read keeps its last good state here, and has none in a server that never saw that."""
        for id in sorted(self.broken):
            self.describe(id, "mended")

    # ── who sends ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def send(self, who: int) -> None:
        """With identifiers of its own; a few are sent twice, to whichever servers."""
        dice, number = random.Random(self.dice.random()), 0
        while self.going:
            number += 1
            id, project = f"s{who}-{number}", dice.choice(sorted(self.paths))
            for _ in range(dice.choice([1, 1, 1, 2])):
                server = dice.choice(self.stage.servers)
                try:
                    status, _ = asked("POST", server.url + "/hooks/gitlab/main", {"object_kind": "push", "project_id": project}, timeout=5,
                                      **{"x-gitlab-token": SECRET, "idempotency-key": id})
                except (OSError, ValueError):
                    status = 0
                if status == 204:
                    self.ledger.acknowledged.setdefault(id, (project, self.now()))
                else:
                    self.ledger.refused += 1
            time.sleep(dice.uniform(0.0, 0.03))

    # ── who reads ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def look(self) -> None:
        """Whatever breaks, no reader may be shown a list in which something is missing that is there."""
        while self.going:
            for server in self.stage.servers:
                began = self.now()
                try:
                    status, text = asked("GET", server.url + "/api/catalog/entities", timeout=5)
                    shown = {reference(entity) for entity in json.loads(text)} if status == 200 else None
                except (OSError, ValueError):
                    continue
                if shown is None:
                    continue
                self.ledger.lists += 1
                missing = self.ledger.stable - shown
                if missing:
                    self.ledger.missed.append(f"{server.log.name} at {began:.1f} s: of {len(self.ledger.stable)} entities that nobody took away {len(missing)} "
                                              f"were missing in a list of {len(shown)}, as {sorted(missing)[:3]}")
            time.sleep(0.2)


def document(id: int, number: object) -> str:
    return ("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n" f"  name: project-{id}\n  description: change {number}\n"
            "spec:\n  type: service\n  lifecycle: production\n  owner: estate\n")


def reference(entity: dict) -> str:
    metadata = entity["metadata"]
    return f"{entity['kind']}:{metadata.get('namespace', 'default')}/{metadata['name']}".lower()
