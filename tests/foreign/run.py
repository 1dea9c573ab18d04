"""Starts the stand-in GitLab of a binary and lets clients that we did not write use it.

    python3 tests/foreign/run.py BINARY [CLIENT…]

BINARY is `stagedoor` (then `BINARY sandbox …` is run) or `gitlab-sandbox`. Every client gets a server of its own, so that
what one writes is not what the next one reads. The report at the end names every route the server has and the clients
that used it. The last line is `N passed, N failed`; the exit code is 1 when anything failed, 2 when nothing could be run.

This file uses Python's standard library only; what the clients need is installed beside it, pinned, at the first run.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
SEED = "7"
# Nothing here is timed; these only end what hangs, in seconds.
START_LIMIT = 60
CLIENT_LIMIT = 600


@dataclass
class Client:
    name: str
    command: list[str]
    options: list[str] = field(default_factory=list)


def clients() -> list[Client]:
    python = str(PYTHON)
    scripts = HERE / "clients"
    return [
        Client("python-gitlab", [python, str(scripts / "check_python_gitlab.py")]),
        Client("connecting", [python, str(scripts / "check_connecting.py")], ["--edition", "premium"]),
        Client("gitbeaker", ["node", str(scripts / "check_gitbeaker.mjs")]),
        Client("git", [python, str(scripts / "check_git.py")]),
        Client("gql", [python, str(scripts / "check_gql.py")]),
        Client("openapi", [python, str(scripts / "check_shapes.py")]),
        Client("estate", [python, str(scripts / "check_estate.py")], ["--projects", "2000"]),
    ]


class Sandbox:
    """A running server; `banner` is the first line it prints."""

    def __init__(self, binary: Path, options: list[str]) -> None:
        command = [str(binary)]
        if binary.name.startswith("stagedoor"):
            command.append("sandbox")
        command += ["--listen", "127.0.0.1:0", "--seed", SEED, *options]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        guard = threading.Timer(START_LIMIT, self.process.kill)
        guard.start()
        line = self.process.stdout.readline()
        guard.cancel()
        if not line.strip():
            self.process.wait()
            raise RuntimeError(f"{' '.join(command)} printed no banner:\n{self.said()}")
        self.banner = json.loads(line)
        self.url = self.banner["url"]
        # Whatever else it prints is read, so that it never waits for us.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-4000:]

    def ask(self, path: str, method: str = "GET") -> object:
        request = urllib.request.Request(self.url + path, method=method)
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Result:
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    routes: dict[str, int] = field(default_factory=dict)


def run(client: Client, binary: Path) -> tuple[Result, list[str]]:
    """Runs one client against a fresh server; also returns the server's routes."""
    result = Result()
    print(f"== {client.name}", flush=True)
    sandbox = Sandbox(binary, client.options)
    try:
        routes = sandbox.ask("/-/sandbox/routes")
        sandbox.ask("/-/sandbox/stats", "DELETE")
        environment = {**os.environ, "SANDBOX_BANNER": json.dumps(sandbox.banner), "NO_PROXY": "*", "no_proxy": "*"}
        process = subprocess.Popen(client.command, stdout=subprocess.PIPE, text=True, env=environment)
        guard = threading.Timer(CLIENT_LIMIT, process.kill)
        guard.start()
        finished = False
        for line in process.stdout:
            print(f"   {line}", end="", flush=True)
            if line.startswith("ok "):
                result.passed += 1
            elif line.startswith("not ok "):
                result.failed.append(f"{client.name}: {line[7:].strip()}")
            elif line.startswith("skipped "):
                result.skipped.append(f"{client.name}: {line[8:].strip()}")
            elif line.strip() == "done":
                finished = True
        process.wait()
        guard.cancel()
        if not finished:
            result.failed.append(f"{client.name}: broke off with exit code {process.returncode}")
        if sandbox.process.poll() is not None:
            result.failed.append(f"{client.name}: the server ended by itself\n{sandbox.said()}")
        else:
            result.routes = sandbox.ask("/-/sandbox/stats")["routes"]
    finally:
        sandbox.stop()
    return result, routes


def prepare() -> None:
    """Installs the pinned clients, once for each content of the pin files."""
    wanted = hashlib.sha256()
    for name in ("requirements.txt", "package.json", "package-lock.json"):
        wanted.update((HERE / name).read_bytes())
    stamp = VENV / "stamp"
    if stamp.exists() and stamp.read_text() == wanted.hexdigest() and (HERE / "node_modules").exists():
        return
    print("installing the pinned clients", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(HERE / "requirements.txt")], check=True)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True)
    stamp.write_text(wanted.hexdigest())


def report(results: dict[str, Result], routes: list[str]) -> None:
    """Each route and who used it; the stand-in's own controls are not GitLab's and are left out."""
    print("\n== routes and the clients that used them")
    routes = [route for route in routes if " /-/sandbox/" not in route]
    width = max((len(route) for route in routes), default=0)
    used = 0
    for route in sorted(routes, key=lambda route: route.split(" ", 1)[::-1]):
        by = [f"{name} ({result.routes[route]})" for name, result in results.items() if result.routes.get(route)]
        used += bool(by)
        print(f"   {route:<{width}}  {', '.join(by) if by else '— by nobody'}")
    unknown = {route for result in results.values() for route in result.routes} - set(routes)
    for route in sorted(unknown):
        print(f"   {route:<{width}}  counted, but not in the list of routes")
    print(f"   {used} of {len(routes)} routes were used by a client that we did not write")


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__)
        return 2
    binary = Path(arguments[0]).resolve()
    if not os.access(binary, os.X_OK):
        print(f"{binary} is not a program; build it first (cargo build -p stagedoor)", file=sys.stderr)
        return 2
    chosen = [client for client in clients() if not arguments[1:] or client.name in arguments[1:]]
    if not chosen:
        print(f"no such client; there are {', '.join(client.name for client in clients())}", file=sys.stderr)
        return 2
    prepare()
    results: dict[str, Result] = {}
    routes: list[str] = []
    for client in chosen:
        try:
            results[client.name], routes = run(client, binary)
        except (OSError, RuntimeError, ValueError) as error:
            results[client.name] = Result(failed=[f"{client.name}: {error}"])
    report(results, routes)
    skipped = [line for result in results.values() for line in result.skipped]
    failed = [line for result in results.values() for line in result.failed]
    for line in skipped:
        print(f"SKIPPED {line}")
    for line in failed:
        print(f"FAILED {line}")
    passed = sum(result.passed for result in results.values())
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
