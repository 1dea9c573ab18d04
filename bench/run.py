#!/usr/bin/env python3
"""Measures the first walk, connections and solid ground against their goals and prints figure, reference and goal. Usage: run.py BINARY [--rounds N]

The reference is Backstage, measured on the same kind of estate (1,000 projects, each a Component and an API). A missed
goal is printed as missed; nothing here fails a build. Each figure is the median of the rounds, peaks are the highest.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

import connections
import solid
from asking import REQUESTS, complete, get, machine, queries, table

HERE = Path(__file__).resolve().parent
PROJECTS = 1000


class Process:
    """A started binary whose first line of output is JSON."""

    def __init__(self, command: list[str], log: Path):
        self.began = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log.open("a"), text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{command[0]} ended: see {log}")
        self.told = json.loads(line)
        self.address = self.told["url"].removeprefix("http://")

    def peak_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmHWM")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


def until_ready(server: Process, patience: float = 120) -> float:
    """Seconds from the start of the process to /readyz answering 200."""
    connection = HTTPConnection(server.address)
    while time.perf_counter() - server.began < patience:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            return time.perf_counter() - server.began
        time.sleep(0.002)
    raise RuntimeError("not ready in time")


def first_load(binary: str, latency: int, log: Path) -> dict:
    sandbox = Process([binary, "sandbox", "--projects", str(PROJECTS), "--seed", "42", "--latency", str(latency)], log)
    try:
        with tempfile.TemporaryDirectory() as folder:
            token = Path(folder, "token")
            token.write_text(sandbox.told["admin_token"])
            config = Path(folder, "stagedoor.yaml")
            config.write_text(
                f"data: {folder}/data\nlog: {{filter: warn}}\ngitlab:\n  - {{name: main, url: '{sandbox.told['url']}', token: {{file: token}}}}\n"
            )
            command = [binary, "serve", "--config", str(config), "--listen", "127.0.0.1:0"]
            server = Process(command, log)
            ready = until_ready(server)
            stats = json.loads(get(sandbox.address, "/-/sandbox/stats")[1])
            result = {"ready_s": ready, "requests": stats["total"], "routes": stats["routes"], "peak_mb": server.peak_mb()}
            result["totals"] = complete(server.address)
            if latency == 0:
                result |= queries(server.address)
                result["peak_after_queries_mb"] = server.peak_mb()
            server.stop()
            again = Process(command, log)
            result["restart_s"] = until_ready(again)
            restarted = complete(again.address)
            again.stop()
            if restarted["components"] < result["totals"]["components"]:
                raise RuntimeError(f"after a restart: {restarted}, before: {result['totals']}")
            return result
    finally:
        sandbox.stop()


GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "Ilse", "GIT_AUTHOR_EMAIL": "ilse@sandrill.example",
       "GIT_COMMITTER_NAME": "Ilse", "GIT_COMMITTER_EMAIL": "ilse@sandrill.example", "GIT_CONFIG_GLOBAL": "/dev/null"}


def pushes(binary: str, log: Path, count: int = 20) -> list[float]:
    """Seconds from the start of `git push` to the event on an open page, each time with another description."""
    with tempfile.TemporaryDirectory() as folder:
        demo = subprocess.Popen([binary, "demo", "--json", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"],
                                stdout=subprocess.PIPE, stderr=log.open("a"), text=True)
        try:
            told = json.loads(demo.stdout.readline())
            address = told["url"].removeprefix("http://")
            while get(address, "/readyz")[0] != 200:
                time.sleep(0.01)
            gitlab, token = told["gitlab"]["url"], told["gitlab"]["admin_token"]
            while not json.loads(urllib.request.urlopen(urllib.request.Request(
                    gitlab + "/api/v4/hooks", headers={"private-token": token})).read()):
                time.sleep(0.01)
            clone = Path(folder, "clone")

            def git(*arguments: object, cwd: Path | None = None) -> None:
                subprocess.run(["git", *map(str, arguments)], cwd=cwd, env=os.environ | GIT, check=True, capture_output=True)

            git("clone", gitlab.replace("http://", f"http://demo:{token}@") + "/sandrill/checkout/payments-api.git", clone)
            stream = urllib.request.urlopen(told["url"] + "/api/v1/events", timeout=60)
            file, taken = clone / "catalog-info.yaml", []
            for n in range(count):
                lines = [f"  description: push {n}" if l.strip().startswith("description:") and l.startswith("  d") else l
                         for l in file.read_text().splitlines()]
                file.write_text("\n".join(lines) + "\n")
                git("commit", "-am", f"push {n}", cwd=clone)
                begun = time.perf_counter()
                pushing = subprocess.Popen(["git", "push"], cwd=clone, env=os.environ | GIT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for line in stream:
                    if b"component:default/payments-api" in line:
                        taken.append(time.perf_counter() - begun)
                        break
                pushing.wait()
            return taken
        finally:
            demo.terminate()
            demo.wait(timeout=20)


def say(out: Path, name: str, lines: list[str]) -> None:
    text = "\n".join(lines)
    print(text + "\n", flush=True)
    (out / f"{name}.txt").write_text(text + "\n")


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("binary")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--idle-minutes", type=float, default=10, help="how long idle servers are watched")
    options.add_argument("--only", choices=["first-walk", "connections", "solid", *solid.PARTS], help="a part of it")
    options.add_argument("--quick", action="store_true", help="smaller loads: to see that it works, not for figures")
    options = options.parse_args()
    out = HERE / "out"
    out.mkdir(exist_ok=True)
    log = out / "log.txt"
    log.write_text("")
    parts = solid.PARTS if options.only in (None, "solid") else [options.only]
    if options.only in (None, "connections"):
        say(out, "connections", [f"{machine()}; connections", *table(connections.measure(options.binary, options.idle_minutes, log))])
    for part in parts:
        if part in solid.PARTS:
            rows, head = solid.measure(part, options.binary, log, options.quick)
            say(out, part, [f"{machine()}; {head}", *table(rows)])
            (out / f"{part}.json").write_text(json.dumps([dict(zip(["what", "figure", "unit", "reference", "goal"], row)) for row in rows], indent=1, ensure_ascii=False))
    if options.only not in (None, "first-walk"):
        return 0
    rounds = {ms: [first_load(options.binary, ms, log) for _ in range(options.rounds)] for ms in (0, 50)}

    pushed = sorted(pushes(options.binary, log))

    def median(ms: int, key: str) -> float:
        return statistics.median(r[key] for r in rounds[ms])

    def highest(ms: int, key: str) -> float:
        return max(r[key] for r in rounds[ms])

    rows = [
        ("start to all queryable, 0 ms", median(0, "ready_s"), "s", "44.7", 1.5),
        ("start to all queryable, 50 ms", median(50, "ready_s"), "s", "-", 3.0),
        ("requests to GitLab, 0 ms", highest(0, "requests"), "", "2,020", 40),
        ("requests to GitLab, 50 ms", highest(50, "requests"), "", "-", 40),
        ("peak memory at ready, 0 ms", highest(0, "peak_mb"), "MB", "409", 80),
        ("peak memory at ready, 50 ms", highest(50, "peak_mb"), "MB", "-", 80),
        ("peak memory after all queries", highest(0, "peak_after_queries_mb"), "MB", "-", None),
        ("by name, p50", median(0, "by_name_p50_ms"), "ms", "2.1", 0.3),
        ("list of 20, p50", median(0, "list_p50_ms"), "ms", "21.6", 0.6),
        ("facets (4), p50", median(0, "facets_p50_ms"), "ms", "16.2", 0.6),
        ("by name, p99", median(0, "by_name_p99_ms"), "ms", "-", None),
        ("list of 20, p99", median(0, "list_p99_ms"), "ms", "-", None),
        ("facets (4), p99", median(0, "facets_p99_ms"), "ms", "-", None),
        ("page list of 20 (/api/v1), p50", median(0, "v1_list_p50_ms"), "ms", "-", None),
        ("page facets (/api/v1), p50", median(0, "v1_facets_p50_ms"), "ms", "-", None),
        ("restart to ready", median(0, "restart_s"), "s", "-", 0.15),
        ("git push to open page, median", statistics.median(pushed), "s", "-", 1.0),
        ("git push to open page, slowest", pushed[-1], "s", "-", 1.0),
    ]
    totals = rounds[0][0]["totals"]
    lines = [
        f"{PROJECTS} projects, {totals['components']} components, {totals['apis']} APIs ({totals['with a provider']} with a provider), {totals['entities']} entities",
        f"{machine()}; {options.rounds} rounds; HTTP on one kept connection, {REQUESTS} requests each",
        "",
        *table(rows),
    ]
    say(out, "first-walk", lines)
    (out / "first-walk.json").write_text(json.dumps(rounds, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
