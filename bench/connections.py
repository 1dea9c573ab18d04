"""Measures connections: what a large tree costs, what an idle server asks, and how long a test takes, whatever hangs."""

import json
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

GROUPS, PROJECTS = 10_000, 1_000


@contextmanager
def started(command: list[str], log: Path):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log.open("a"), text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{command[1]} ended: see {log}")
        yield process, json.loads(line)
    finally:
        process.terminate()
        process.wait(timeout=20)


def ask(url: str, method: str = "GET", body: dict | None = None, token: str = ""):
    headers = {"content-type": "application/json"} | ({"private-token": token} if token else {})
    request = urllib.request.Request(url, method=method, headers=headers, data=json.dumps(body).encode() if body is not None else None)
    with urllib.request.urlopen(request, timeout=120) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def until(what: str, true, patience: float = 180, pause: float = 0.05):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(pause)
    raise RuntimeError(f"never: {what}")


def configuration(folder: Path, gitlab: dict, more: str) -> Path:
    (folder / "token").write_text(gitlab["admin_token"])
    (folder / "hook").write_text("a-secret-of-the-bench")
    file = folder / "stagedoor.yaml"
    file.write_text(f"data: {folder}/data\nlog: {{filter: warn}}\ngitlab:\n  - name: main\n    url: {gitlab['url']}\n    token: {{file: token}}\n{more}")
    return file


def first_pass(server: str) -> dict:
    def done():
        status = ask(server + "/api/v1/catalog/status")["connections"][0]
        return status if status["phase"] == "idle" and status["lastGoodAt"] else None
    return until("a pass ended well", done)


def requests_of(gitlab: str) -> dict[str, int]:
    return ask(gitlab + "/-/sandbox/stats")["routes"]


def discovery_requests(gitlab: str) -> int:
    return sum(count for route, count in requests_of(gitlab).items() if any(part in route for part in ["graphql", "/groups", "/projects"]) and "commits" not in route)


def peak_mb(pid: int) -> float:
    line = next(l for l in Path(f"/proc/{pid}/status").read_text().splitlines() if l.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def tree(binary: str, log: Path) -> list[tuple]:
    """A tree of 10,000 groups: all of it, and one branch of it."""
    rows = []
    with ExitStack() as stack:
        _, gitlab = stack.enter_context(started([binary, "sandbox", "--projects", str(PROJECTS), "--groups", str(GROUPS)], log))
        tops = ask(gitlab["url"] + "/api/v4/groups?top_level_only=true&per_page=100", token=gitlab["admin_token"])
        tops = [group["full_path"] for group in tops]
        for what, groups in [("all of it", tops), ("one branch", tops[:1])]:
            # The server also tests its connection at the start, which is no part of discovery.
            ask(gitlab["url"] + "/-/sandbox/stats", "DELETE")
            one_test(binary, gitlab["url"], gitlab["admin_token"], *[word for group in groups for word in ("--group", group)])
            of_test = discovery_requests(gitlab["url"])
            ask(gitlab["url"] + "/-/sandbox/stats", "DELETE")
            with tempfile.TemporaryDirectory() as folder:
                file = configuration(Path(folder), gitlab, f"    discovery: {{groups: {json.dumps(groups)}}}\n")
                begun = time.perf_counter()
                with started([binary, "serve", "--config", str(file), "--listen", "127.0.0.1:0"], log) as (process, told):
                    status = first_pass(told["url"])
                    took = time.perf_counter() - begun
                    asked = discovery_requests(gitlab["url"]) - of_test
                    kinds = ask(told["url"] + "/api/v1/entities/facets?facet=kind")["facets"]["kind"]
                    found = {value["value"].lower(): value["count"] for value in kinds}
                    read = found.get("group", 0) + status["projectsSeen"]
                    rows.append((f"tree, {what}: requests for {read} read", asked, "", "-", read // 100 + 20))
                    rows.append((f"tree, {what}: to the end of the pass", took, "s", "-", None))
                    rows.append((f"tree, {what}: peak memory", peak_mb(process.pid), "MB", "-", None))
    return rows


def idle(binary: str, minutes: float, log: Path) -> list[tuple]:
    """Two servers side by side, one that webhooks tell and one that asks."""
    counted = {}
    with ExitStack() as stack:
        watched = {}
        for what, more in [("with webhooks", "    webhooks: {secret: {file: hook}, register: system}\n"), ("without webhooks", "")]:
            _, gitlab = stack.enter_context(started([binary, "sandbox", "--projects", str(PROJECTS)], log))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            file = configuration(folder, gitlab, more)
            _, told = stack.enter_context(started([binary, "serve", "--config", str(file), "--listen", "127.0.0.1:0"], log))
            first_pass(told["url"])
            if more:
                until("hooks are heard", lambda: ask(told["url"] + "/api/v1/connections/main")["webhooks"]["mode"] == "listening")
            # Owners by commits are read once, slowly, and are no part of idling.
            until("commits are read", lambda: quiet(gitlab["url"]), patience=3600)
            ask(gitlab["url"] + "/-/sandbox/stats", "DELETE")
            watched[what] = (gitlab["url"], time.monotonic())
        for what, (url, begun) in watched.items():
            time.sleep(max(0.0, begun + minutes * 60 - time.monotonic()))
            routes = requests_of(url)
            counted[what] = (sum(routes.values()) / ((time.monotonic() - begun) / 60), routes)
    return [
        ("idle, with webhooks: requests a minute", counted["with webhooks"][0], "", "486", 2),
        ("idle, without webhooks: requests a minute", counted["without webhooks"][0], "", "486", 10),
    ]


def quiet(url: str) -> bool:
    """Nothing was asked for commits in the last seconds: one is read every two."""
    def commits() -> int:
        return sum(count for route, count in requests_of(url).items() if "commits" in route)
    before = commits()
    time.sleep(6)
    return commits() == before


class Silent:
    """Takes connections and says nothing."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.kept = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                self.kept.append(self.listener.accept())
            except OSError:
                return


def one_test(binary: str, url: str, token: str, *more: str) -> float:
    begun = time.perf_counter()
    subprocess.run([binary, "connection", "test", "--url", url, "--token-file", "-", "--output", "json", *more], input=token, text=True, capture_output=True, timeout=60)
    return time.perf_counter() - begun


def tests(binary: str, log: Path) -> list[tuple]:
    silent = Silent()
    with started([binary, "sandbox"], log) as (_, gitlab):
        url, token = gitlab["url"], gitlab["tokens"]["group_bot"]
        good = statistics.median(one_test(binary, url, token) for _ in range(5))
        hanging = {
            "a server that never answers": one_test(binary, silent.url, token),
            "the same over TLS": one_test(binary, silent.url.replace("http:", "https:"), token),
            "a proxy that never answers": one_test(binary, "https://gitlab.example.com", token, "--proxy", silent.url),
        }
        for route in ["GET /api/v4/personal_access_tokens/self", "GET /api/v4/metadata", "POST /api/graphql", "*"]:
            ask(url + "/-/sandbox/faults", "PUT", {"route": route, "delayMs": 60_000})
            hanging[f"GitLab at {route}"] = one_test(binary, url, token)
            ask(url + "/-/sandbox/faults", "DELETE")
        for delay in [900, 1500, 3000]:
            ask(url + "/-/sandbox/faults", "PUT", {"route": "*", "delayMs": delay})
            hanging[f"{delay} ms each"] = one_test(binary, url, token)
            ask(url + "/-/sandbox/faults", "DELETE")
    slowest = max(hanging, key=hanging.get)
    return [
        ("connection test, all well", good, "s", "-", None),
        (f"connection test, slowest ({slowest})", hanging[slowest], "s", "-", 10),
    ]


def measure(binary: str, idle_minutes: float, log: Path) -> list[tuple]:
    return [*tree(binary, log), *tests(binary, log), *idle(binary, idle_minutes, log)]
