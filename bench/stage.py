"""What several measurements stand on: a stand-in GitLab, servers, and a PostgreSQL that writes to its disk."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from connections import ask, until

ROOT = Path(__file__).resolve().parents[1]
SECRET = "a-secret-of-the-bench"
# What a server is told by its administrator by default; the durability of PostgreSQL is its own default, too.
POSTGRES = {"fsync": "on", "synchronous_commit": "on", "max_connections": "200", "shared_buffers": "128MB"}


class Process:
    """A started program whose first line of output is JSON."""

    def __init__(self, command: list[object], log: Path):
        self.command, self.log = [str(c) for c in command], log
        self.start()

    def start(self) -> None:
        self.began = time.perf_counter()
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log.open("a"), text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.command[1]} ended: see {self.log}")
        self.told = json.loads(line)
        self.url = self.told["url"]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def memory(self, name: str = "VmRSS") -> float:
        """MB; `VmHWM` is the peak."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"no {name}")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def postgres(settings: dict[str, str] = POSTGRES):
    """A PostgreSQL of its own; gives the address of an empty database."""
    bin = subprocess.run([ROOT / "scripts" / "postgres-bin.sh"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="stagedoor-postgres-") as folder:
        run: list[str] = []
        if os.getuid() == 0:
            subprocess.run(["sh", "-c", "id postgres >/dev/null 2>&1 || useradd --system postgres"], check=True)
            subprocess.run(["chown", "postgres", folder], check=True)
            run = ["runuser", "-u", "postgres", "--"]
        call = dict(cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([*run, f"{bin}/initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"], **call)
        port = free_port()
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        start = [*run, f"{bin}/pg_ctl", "-D", f"{folder}/data", "-w", "-t", "60", "-l", f"{folder}/log", "-o",
                 f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {options}", "start"]
        subprocess.run(start, **call)
        try:
            subprocess.run([f"{bin}/psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-c", "CREATE DATABASE bench"], **call)
            yield f"postgres://postgres@127.0.0.1:{port}/bench"
        finally:
            subprocess.run([*run, f"{bin}/pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop"], cwd=folder, stdout=subprocess.DEVNULL)


class Estate:
    """A generated GitLab and servers that read it."""

    def __init__(self, binary: str, log: Path, projects: int, *arguments: object, database: str | None = None, servers: int = 1, more: str = ""):
        self.binary, self.log, self.database = binary, log, database
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="stagedoor-bench-")))
        self.gitlab = Process([binary, "sandbox", "--projects", projects, *arguments], log)
        self.stack.callback(self.gitlab.stop)
        self.token = self.gitlab.told["admin_token"]
        (self.folder / "token").write_text(self.token)
        (self.folder / "hook").write_text(SECRET)
        self.config = self.folder / "stagedoor.yaml"
        self.config.write_text(
            f"data: {self.folder}/data\nlog: {{filter: error}}\ngitlab:\n  - name: main\n    url: {self.gitlab.url}\n"
            f"    token: {{file: token}}\n    webhooks: {{secret: {{file: hook}}}}\n{more}")
        self.servers = [self.serve() for _ in range(servers)]

    def serve(self) -> Process:
        database = ["--database", self.database] if self.database else []
        server = Process([self.binary, "serve", "--config", self.config, "--listen", "127.0.0.1:0", *database], self.log)
        self.stack.callback(server.stop)
        return server

    @property
    def url(self) -> str:
        return self.servers[0].url

    def ready(self, patience: float = 600) -> None:
        for server in self.servers:
            until("a pass ended well", lambda server=server: self.idle(server), patience)

    @staticmethod
    def idle(server: Process) -> bool:
        status = ask(server.url + "/api/v1/catalog/status")["connections"]
        return bool(status) and status[0]["phase"] == "idle" and status[0]["lastGoodAt"] is not None

    def size_mb(self) -> float:
        return sum(f.stat().st_size for f in (self.folder / "data").glob("stagedoor.sqlite*")) / 1e6

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()
