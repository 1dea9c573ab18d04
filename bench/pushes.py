"""A hundred pushes a second: how long until an open page is told of each, and shows it."""

import json
import re
import threading
import time
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

from connections import until
from stage import SECRET, Estate

RATE, PUSHERS = 100, 8
FILE = "catalog-info.yaml"


class Gitlab:
    """One kept connection of somebody at work."""

    def __init__(self, url: str, token: str):
        self.connection, self.token = HTTPConnection(url.removeprefix("http://"), timeout=30), token

    def ask(self, method: str, path: str, body=None) -> tuple[int, bytes]:
        data = json.dumps(body) if body is not None else None
        self.connection.request(method, f"/api/v4/{path}", data, {"private-token": self.token, "content-type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def text(self, project: int) -> str | None:
        status, text = self.ask("GET", f"projects/{project}/repository/files/{FILE}/raw?ref=HEAD")
        return text.decode() if status == 200 else None

    def commit(self, project: int, text: str) -> None:
        status, answer = self.ask("POST", f"projects/{project}/repository/commits", {"branch": "main", "commit_message": "Say something else",
                                  "actions": [{"action": "update", "file_path": FILE, "content": text}]})
        if status != 201:
            raise RuntimeError(f"the commit was refused: {status} {answer[:200]!r}")


def hook(estate: Estate) -> None:
    """GitLab tells the server of every push, as an administrator sets it up."""
    status, answer = Gitlab(estate.gitlab.url, estate.token).ask("POST", "hooks", {"url": estate.url + "/hooks/gitlab/main", "token": SECRET, "push_events": True})
    if status != 201:
        raise RuntimeError(f"no webhook: {status} {answer!r}")


def described(text: str, what: str) -> tuple[str, str] | None:
    """The file with another description, and the reference of its component; `None` for one that is no component."""
    name = re.search(r"^kind: Component\nmetadata:\n  name: (\S+)$", text, flags=re.M)
    changed = re.sub(r"^  description: .*$", f"  description: {what}", text, count=1, flags=re.M)
    return (changed, f"component:default/{name[1]}") if name and changed != text else None


class Page:
    """An open page: it is told what changed, and asks for it."""

    def __init__(self, url: str):
        self.url, self.going = url, True
        self.told: dict[str, float] = {}
        self.shown: dict[str, float] = {}
        self.waiting: dict[str, str] = {}
        self.stream = urllib.request.urlopen(url + "/api/v1/events", timeout=60)
        self.asking = HTTPConnection(url.removeprefix("http://"), timeout=30)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self) -> None:
        for line in self.stream:
            if not line.startswith(b"data: ") or not self.waiting:
                continue
            now, told = time.perf_counter(), json.loads(line[6:])
            # Beyond two hundred at once a page is told to look at all it shows.
            changed = list(self.waiting) if told.get("more") else told.get("changed", [])
            for ref in changed:
                if ref in self.waiting and ref not in self.shown and self.description(ref) == self.waiting[ref]:
                    self.told[ref] = now
                    self.shown[ref] = time.perf_counter()
            if not self.going:
                return

    def description(self, ref: str) -> str | None:
        kind, rest = ref.split(":")
        self.asking.request("GET", f"/api/catalog/entities/by-name/{kind}/{rest}")
        answer = self.asking.getresponse()
        text = answer.read()
        return json.loads(text)["metadata"].get("description") if answer.status == 200 else None


def pushed(binary: str, log: Path, seconds: int) -> dict:
    count = RATE * seconds
    # Not every project describes itself.
    with Estate(binary, log, int(count * 1.6)) as estate:
        estate.ready()
        hook(estate)
        texts, gitlab = [], Gitlab(estate.gitlab.url, estate.token)
        for project in range(1, int(count * 1.6) + 1):
            found = described(gitlab.text(project) or "", f"push {len(texts)}")
            if found:
                texts.append((project, *found, f"push {len(texts)}"))
            if len(texts) == count:
                break
        page, answered, begun = Page(estate.url), {}, time.perf_counter() + 0.5
        page.waiting = {ref: what for _, _, ref, what in texts}

        def push(who: int) -> None:
            mine = Gitlab(estate.gitlab.url, estate.token)
            for number in range(who, len(texts), PUSHERS):
                time.sleep(max(0.0, begun + number / RATE - time.perf_counter()))
                project, text, ref, _ = texts[number]
                mine.commit(project, text)
                answered[ref] = time.perf_counter()
        threads = [threading.Thread(target=push, args=(who,)) for who in range(PUSHERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - begun
        until("every push is shown", lambda: len(page.shown) == len(texts), 120)
        told = sorted(max(0.0, page.told[ref] - at) for ref, at in answered.items())
        shown = sorted(max(0.0, page.shown[ref] - at) for ref, at in answered.items())
        return {"pushes": len(answered), "rate": len(answered) / took, "told": told, "shown": shown}


def part(sorted_times: list[float], share: float) -> float:
    return sorted_times[min(len(sorted_times) - 1, int(len(sorted_times) * share))]


def measure(binary: str, log: Path, quick: bool = False) -> list[tuple]:
    found = pushed(binary, log, 5 if quick else 20)
    return [
        (f"{found['pushes']:,} pushes, each to another project: made a second", found["rate"], "/s", "-", None),
        ("  to the event on an open page, p50", part(found["told"], 0.5), "s", "-", None),
        ("  to the event on an open page, p99", part(found["told"], 0.99), "s", "-", 1.0),
        ("  until the page shows it, p50", part(found["shown"], 0.5), "s", "-", None),
        ("  until the page shows it, p99", part(found["shown"], 0.99), "s", "-", 1.0),
        ("  until the page shows it, slowest", found["shown"][-1], "s", "-", None),
    ]
