"""The parts of a stage: processes that die and come back, a database, a small disk, a clock and a disk that can be turned."""

import json
import os
import random
import select
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Room for the database of an estate of a hundred projects, and little more.
DISK_MB = 160
# How long a process may take to start before it is tried again: its database may be frozen.
STARTING = 20


def asked(method: str, url: str, body=None, timeout: float = 10, **headers: str) -> tuple[int, bytes]:
    """Status and body of an answer; raises OSError when there is none."""
    data = json.dumps(body).encode() if body is not None else None
    if data is not None:
        headers.setdefault("content-type", "application/json")
    request = urllib.request.Request(url, method=method, data=data, headers=headers)
    try:
        try:
            answer = urllib.request.urlopen(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.read()
    except HTTPException as error:
        raise OSError(f"broken answer: {error!r}") from error


def until(what: str, true, patience: float):
    """Asks again until it holds: the state is awaited, not the time. A text is what still keeps it from holding."""
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


def home() -> str:
    """An address of this machine that only this process uses: what dies leaves its port to nobody else."""
    pid = os.getpid()
    return f"127.{64 + (pid >> 16) % 64}.{pid >> 8 & 255}.{1 + (pid & 255) % 254}"


def free_port(address: str) -> int:
    with socket.socket() as s:
        s.bind((address, 0))
        return s.getsockname()[1]


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

    def __init__(self, folder: Path, shim: Shim, address: str):
        self.bin = subprocess.run([ROOT / "scripts" / "postgres-bin.sh"], capture_output=True, text=True, check=True).stdout.strip()
        self.folder, self.shim, self.data, self.address = folder, shim, folder / "data", address
        self.port, self.lock = free_port(address), threading.Lock()
        self.run: list[str] = []
        if os.getuid() == 0:
            subprocess.run(["sh", "-c", "id postgres >/dev/null 2>&1 || useradd --system postgres"], check=True)
            subprocess.run(["chown", "postgres", folder], check=True)
            self.run = ["runuser", "-u", "postgres", "--"]
        self.call("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.again()
        self.sql("CREATE DATABASE faults", "postgres")
        self.url = f"postgres://postgres@{address}:{self.port}/faults"

    def call(self, program: str, *arguments: object, check: bool = True) -> int:
        command = [*self.run, f"{self.bin}/{program}", *map(str, arguments)]
        environment = os.environ | self.shim.environment
        return subprocess.run(command, cwd=self.folder, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment).returncode

    def processes(self) -> list[int]:
        try:
            leader = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            if b"postgres" not in Path(f"/proc/{leader}/cmdline").read_bytes():
                return []
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

    def kill(self) -> None:
        """All of it at once; a process that outlived the others would keep a new one from starting."""
        killed = self.processes()
        self.signal(signal.SIGKILL)
        until("PostgreSQL is dead", lambda: not any(alive(process) for process in killed), 30)

    def again(self) -> None:
        """After a kill, or when it gave up by itself: a full disk ends it."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses={self.address} -c max_connections=120 -c max_wal_size=64MB -c min_wal_size=32MB"

        def runs():
            if not self.processes():
                self.call("pg_ctl", "-D", self.data, "-w", "-t", "20", "-l", self.folder / "log", "-o", options, "start", check=False)
            return self.call("pg_isready", "-h", self.address, "-p", self.port, check=False) == 0
        with self.lock:
            until("PostgreSQL starts", runs, 60)

    def sql(self, text: str, database: str = "faults") -> list[list[str]]:
        done = subprocess.run([f"{self.bin}/psql", "-X", "-At", "-F", "\t", "-h", self.address, "-p", str(self.port), "-U", "postgres", "-d", database, "-c", text],
                              capture_output=True, text=True, check=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def end(self) -> None:
        self.signal(signal.SIGKILL)


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


class Server:
    """A program of ours that can die and come back at the same address."""

    def __init__(self, command: list[object], log: Path, shim: Shim | None = None):
        self.command, self.log, self.shim = [str(c) for c in command], log, shim
        self.url, self.lock = "", threading.Lock()
        self.process: subprocess.Popen | None = None

    def start(self) -> bool:
        environment = os.environ | (self.shim.environment if self.shim else {})
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log.open("a"), text=True, env=environment)
        # One that hangs in its start, because its database does, is tried again.
        ready, _, _ = select.select([self.process.stdout], [], [], STARTING)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.kill()
            return False
        self.told = json.loads(line)
        self.url = self.told["url"]
        return True

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, which: int) -> None:
        if self.alive:
            self.process.send_signal(which)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def again(self) -> None:
        """Starts it until it runs: a database that is just coming back, or a full disk, lets none start."""
        with self.lock:
            until(f"{self.log.name} starts", lambda: self.alive or self.start(), 60)


class Relay:
    """The address that GitLab knows: passes on to whichever server lives, as a load balancer does."""

    def __init__(self, servers: list[Server], dice: random.Random, address: str):
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

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://{address}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()
