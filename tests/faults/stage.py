"""What a schedule plays on: a GitLab, servers, their database, and what breaks them."""

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-the-fault-suite"
# Room for the database of an estate of a hundred projects, and little more.
DISK_MB = 160


def asked(method: str, url: str, body=None, timeout: float = 10, **headers: str) -> tuple[int, bytes]:
    """Status and body of an answer; raises OSError when there is none."""
    data = json.dumps(body).encode() if body is not None else None
    if data is not None:
        headers.setdefault("content-type", "application/json")
    request = urllib.request.Request(url, method=method, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except HTTPException as error:
        raise OSError(f"broken answer: {error!r}") from error


def until(what: str, true, patience: float):
    """Asks again until it holds: the state is awaited, not the time. Says what was there last when it never does."""
    end, last = time.monotonic() + patience, None
    while time.monotonic() < end:
        try:
            found = true()
            if found is True or (found and not isinstance(found, str)):
                return found
            last = found
        except (OSError, ValueError, KeyError, sqlite3.Error, subprocess.CalledProcessError) as error:
            last = repr(error)
        time.sleep(0.1)
    raise AssertionError(f"not within {patience:.0f} s: {what}; last: {last}")


def build_shim(folder: Path) -> Path:
    shim = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", shim, source], check=True)
    return shim


class Shim:
    """The clock and the disk of the processes it is loaded into."""

    def __init__(self, shim: Path, file: Path):
        self.file = file
        self.values = [0, 0]
        self.write()
        os.chmod(file, 0o644)
        self.environment = {"LD_PRELOAD": str(shim), "SHIM_FILE": str(file)}

    def write(self) -> None:
        # In place: whoever has it mapped must see it.
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("qq", *self.values))

    def turn(self, clock_ms: int | None = None, disk_us: int | None = None) -> None:
        self.values = [self.values[0] if clock_ms is None else clock_ms, self.values[1] if disk_us is None else disk_us]
        self.write()


class Disk:
    """A small disk of its own, to be filled."""

    def __init__(self, folder: Path, mounts: bool):
        self.folder, self.mounts = folder, mounts
        folder.mkdir()
        if mounts:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0777", "stagedoor-faults", folder], check=True)

    def fill(self) -> None:
        with open(self.folder / "ballast", "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * (1 << 20))
            except OSError:
                pass

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def end(self) -> None:
        if self.mounts:
            subprocess.run(["umount", "-l", self.folder], check=False)


class Postgres:
    """A PostgreSQL that writes to its disk, and can be killed."""

    def __init__(self, folder: Path, shim: Shim):
        self.bin = subprocess.run([ROOT / "scripts" / "postgres-bin.sh"], capture_output=True, text=True, check=True).stdout.strip()
        self.folder, self.shim, self.data = folder, shim, folder / "data"
        self.run: list[str] = []
        if os.getuid() == 0:
            subprocess.run(["sh", "-c", "id postgres >/dev/null 2>&1 || useradd --system postgres"], check=True)
            subprocess.run(["chown", "postgres", folder], check=True)
            self.run = ["runuser", "-u", "postgres", "--"]
        self.port = free_port()
        self.call("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()
        self.sql("CREATE DATABASE faults", "postgres")
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/faults"

    def call(self, program: str, *arguments: object, check: bool = True) -> int:
        command = [*self.run, f"{self.bin}/{program}", *map(str, arguments)]
        environment = os.environ | self.shim.environment
        return subprocess.run(command, cwd=self.folder, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment).returncode

    def start(self) -> None:
        options = f"-p {self.port} -k /tmp -c listen_addresses=127.0.0.1 -c max_connections=120 -c max_wal_size=64MB -c min_wal_size=32MB"
        until("PostgreSQL starts", lambda: self.call("pg_ctl", "-D", self.data, "-w", "-t", "30", "-l", self.folder / "log", "-o", options, "start", check=False) == 0, 60)

    def processes(self) -> list[int]:
        try:
            leader = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return []
        children = subprocess.run(["pgrep", "-P", str(leader)], capture_output=True, text=True).stdout.split()
        return [leader, *map(int, children)]

    def signal(self, which: int) -> None:
        for process in self.processes():
            try:
                os.kill(process, which)
            except ProcessLookupError:
                pass

    def again(self) -> None:
        """After a kill, or when it gave up by itself: a full disk ends it."""
        if self.call("pg_ctl", "-D", self.data, "status", check=False) != 0:
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            self.start()

    def sql(self, text: str, database: str = "faults") -> list[list[str]]:
        done = subprocess.run([f"{self.bin}/psql", "-X", "-At", "-F", "\t", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-c", text],
                              capture_output=True, text=True, check=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def end(self) -> None:
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A `stagedoor serve` that can die and come back."""

    def __init__(self, command: list[object], log: Path, environment: dict[str, str]):
        self.command, self.log, self.environment = [str(c) for c in command], log, environment
        self.url = ""
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log.open("a"), text=True, env=os.environ | self.environment)
        line = self.process.stdout.readline()
        if line:
            self.url = json.loads(line)["url"]

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def again(self) -> None:
        """Starts it until it runs: a database that is just coming back, or a full disk, lets none start."""
        def runs():
            if not self.alive:
                self.start()
            return self.alive and bool(self.url)
        until("the server starts", runs, 60)


class Relay:
    """The address that GitLab knows: passes on to whichever server lives, as a load balancer does."""

    def __init__(self, servers: list[Server], dice: random.Random):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {n: v for n, v in self.headers.items() if n.lower() not in ("host", "content-length", "connection")}
                living = [s for s in servers if s.alive] or servers
                try:
                    request = urllib.request.Request(dice.choice(living).url + self.path, method="POST", data=body, headers=headers)
                    with urllib.request.urlopen(request, timeout=8) as answer:
                        status = answer.status
                except urllib.error.HTTPError as error:
                    status = error.code
                except (OSError, HTTPException):
                    status = 502
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Stage:
    def __init__(self, binary: Path, folder: Path, shim: Path, kind: str, dice: random.Random, mounts: bool):
        self.binary, self.folder, self.kind, self.dice = binary, folder, kind, dice
        self.ends: list = []
        self.projects = dice.randrange(60, 121)
        self.sandbox = Server([binary, "sandbox", "--projects", self.projects, "--groups", 8, "--seed", dice.randrange(1 << 30)], folder / "log-gitlab", {})
        self.ends.append(self.sandbox.kill)
        self.shim = Shim(shim, folder / "turned")
        self.disk = Disk(folder / "disk", mounts)
        self.ends.append(self.disk.end)
        self.postgres = Postgres(self.disk_folder(kind), self.shim) if kind == "postgres" else None
        if self.postgres:
            self.ends.append(self.postgres.end)
        tokens = self.control("GET", "tokens")
        # The servers' is ended and mended; people at work have another.
        self.token, self.writer = tokens["admin"], tokens["owner"]
        (folder / "token").write_text(self.token)
        (folder / "hook").write_text(SECRET)
        self.config = folder / "stagedoor.yaml"
        self.config.write_text(
            f"secrets: {{keyFile: {folder}/key}}\ncatalog: {{intervalSeconds: 10, pollSeconds: 5}}\nlog: {{filter: info}}\ngitlab:\n  - name: main\n    url: {self.sandbox.url}\n"
            "    token: {file: token}\n    webhooks: {secret: {file: hook}}\n    timeouts: {connect: 2s, answer: 4s}\n")
        self.servers: list[Server] = []
        for number in range(3 if self.postgres else 1):
            self.servers.append(self.serve(f"log-{number}", self.disk.folder / f"data-{number}", self.postgres.url if self.postgres else None, self.shim.environment))
        self.relay = Relay(self.servers, dice)
        self.ends.append(self.relay.end)
        self.api("POST", "hooks", {"url": f"{self.relay.url}/hooks/gitlab/main", "token": SECRET, "push_events": True})

    def disk_folder(self, kind: str) -> Path:
        folder = self.disk.folder / kind
        folder.mkdir()
        return folder

    def serve(self, log: str, data: Path, database: str | None, environment: dict[str, str]) -> Server:
        more = ["--database", database] if database else []
        server = Server([self.binary, "serve", "--config", self.config, "--data", data, "--listen", "127.0.0.1:0", *more], self.folder / log, environment)
        server.again()

        def end():
            server.process.send_signal(signal.SIGCONT)
            server.process.kill()
            server.process.wait()
        self.ends.append(end)
        return server

    # ── GitLab ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def control(self, method: str, path: str, body=None):
        status, text = asked(method, f"{self.sandbox.url}/-/sandbox/{path}", body)
        assert status < 300, (method, path, status, text)
        return json.loads(text) if text else None

    def api(self, method: str, path: str, body=None) -> int:
        """As somebody at work in GitLab; a refusal is GitLab's to give."""
        try:
            return asked(method, f"{self.sandbox.url}/api/v4/{path}", body, **{"private-token": self.writer})[0]
        except OSError:
            return 0

    def world(self) -> list[dict]:
        return self.control("GET", "world")

    def move(self, path: str, body: dict) -> None:
        asked("PUT", f"{self.sandbox.url}/-/sandbox/projects/" + urllib.parse.quote(path, safe=""), body)

    def remove(self, path: str) -> None:
        asked("DELETE", f"{self.sandbox.url}/-/sandbox/projects/" + urllib.parse.quote(path, safe=""))

    # ── the database ──────────────────────────────────────────────────────────────────────────────────────────────────

    def query(self, sql: str) -> list[list[str]]:
        if self.postgres:
            return self.postgres.sql(sql)
        with sqlite3.connect(f"file:{self.disk.folder}/data-0/stagedoor.sqlite?mode=ro", uri=True, timeout=10) as database:
            return [[str(v) for v in row] for row in database.execute(sql)]

    def end(self) -> None:
        for end in reversed(self.ends):
            try:
                end()
            except (OSError, ProcessLookupError):
                pass


def can_mount() -> bool:
    return os.getuid() == 0 and shutil.which("mount") is not None
