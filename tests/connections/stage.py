"""A server without a configuration, the stand-in GitLab beside it, and everything by commands and API. What they say is
kept, and no secret may be in it."""

import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "network"))

from ways import PATIENCE, until  # noqa: E402

BINARY = Path(sys.argv[1]).resolve()
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("STAGEDOOR", "NO_COLOR"))}
# The shortest that a server may be told to wait from one look at a connection to the next.
CHECK_SECONDS = 10
GIT = {"GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "Ilse", "GIT_AUTHOR_EMAIL": "ilse@sandrill.example",
       "GIT_COMMITTER_NAME": "Ilse", "GIT_COMMITTER_EMAIL": "ilse@sandrill.example", "GIT_CONFIG_GLOBAL": "/dev/null"}


def asked(method: str, url: str, body=None, tls=None, **headers: str) -> tuple[int, str]:
    """Status and text of an answer, whatever it is."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    if data is not None:
        headers.setdefault("content-type", "application/json")
    request = urllib.request.Request(url, method=method, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE, context=tls) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Process:
    def __init__(self, *command: object, log: Path, cwd: Path, **environment: str):
        self.log = log
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=log.open("w"), text=True,
                                        cwd=cwd, env=ENVIRONMENT | environment)
        line = self.process.stdout.readline()
        assert line, f"{command[1]} ended: {log.read_text()[-2000:]}"
        self.told = json.loads(line)
        self.url = self.told["url"]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Gitlab(Process):
    """The stand-in, with what a test turns in it."""

    def __init__(self, folder: Path, *arguments: object, tls=None):
        self.tls = tls
        super().__init__(BINARY, "sandbox", "--listen", "127.0.0.1:0", *arguments, log=folder / f"gitlab-{time.monotonic_ns()}", cwd=folder)
        self.tokens = self.told["tokens"] | {"admin": self.told["admin_token"]}

    def control(self, method: str, path: str, body=None):
        status, text = asked(method, f"{self.url}/-/sandbox/{path}", body, tls=self.tls)
        assert status < 300, (method, path, status, text)
        return json.loads(text) if text else None

    def api(self, path: str, role: str = "admin", method: str = "GET", body=None):
        status, text = asked(method, f"{self.url}/api/v4/{path}", body, tls=self.tls, **{"private-token": self.tokens.get(role, role)})
        return status, json.loads(text) if text else None

    def now(self, role: str) -> str:
        """The value that has this role by now."""
        return self.control("GET", "tokens")[role]

    def end_token(self, role: str, state: str = "revoked") -> None:
        self.control("PUT", f"tokens/{role}", {"state": state})

    def move(self, path: str, to: str) -> None:
        self.control("PUT", "projects/" + urllib.parse.quote(path, safe=""), {"path": to})

    def delete(self, path: str) -> None:
        self.control("DELETE", "projects/" + urllib.parse.quote(path, safe=""))


class Relay:
    """The public address: passes on what GitLab sends, and knows it afterwards."""

    def __init__(self):
        self.to = ""
        self.seen: list[tuple[str, dict, bytes]] = []
        relay = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in ("host", "content-length", "connection")}
                relay.seen.append((self.path, headers, body))
                status, text = asked("POST", relay.to + self.path, body, **headers)
                self.send_response(status)
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Stage:
    """One server with an empty database of its own."""

    def __init__(self, folder: Path, postgres: str | None, **settings: str):
        self.folder, self.postgres = folder, postgres
        self.data = folder / "data"
        self.database = None
        if postgres:
            name = f"stage_{time.monotonic_ns()}"
            self.psql("postgres", f"CREATE DATABASE {name}")
            self.database = f"{postgres}/{name}"
        self.settings = {"STAGEDOOR__CONNECTIONS__CHECK_SECONDS": str(CHECK_SECONDS)} | settings
        self.secrets: set[str] = set()
        self.said: list[tuple[str, str]] = []
        self.processes: list[Process] = []
        self.number = 0
        self.start()

    def start(self, *arguments: object) -> None:
        self.number += 1
        database = ["--database", self.database] if self.database else []
        self.server = Process(BINARY, "serve", "--data", self.data, "--listen", "127.0.0.1:0", *database, *arguments,
                              log=self.folder / f"log-{self.number}", cwd=self.folder, **self.settings)
        self.processes.append(self.server)
        self.url = self.server.url

    def refused_start(self) -> str:
        """Starts it and tells why it does not start."""
        database = ["--database", self.database] if self.database else []
        done = subprocess.run([str(BINARY), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", *database],
                              cwd=self.folder, env=ENVIRONMENT | self.settings, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 1, done
        self.said.append(("refused start", done.stdout + done.stderr))
        return done.stderr

    def again(self) -> None:
        self.server.kill()
        self.start()

    def stop(self) -> None:
        self.server.process.terminate()
        assert self.server.process.wait(timeout=PATIENCE) == 0

    def gitlab(self, *arguments: object, tls=None) -> Gitlab:
        gitlab = Gitlab(self.folder, *arguments, tls=tls)
        self.processes.append(gitlab)
        self.secrets |= set(gitlab.tokens.values())
        return gitlab

    def secret(self, text: str) -> str:
        self.secrets.add(text)
        return text

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    # ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def cli(self, *arguments: object, stdin: str | None = None, exits: int | None = None) -> subprocess.CompletedProcess:
        done = subprocess.run([str(a) for a in [BINARY, "connection", *arguments]], capture_output=True, text=True, input=stdin,
                              timeout=PATIENCE, env=ENVIRONMENT | {"STAGEDOOR_SERVER": self.url}, cwd=self.folder)
        self.said.append((f"connection {arguments[0]}", done.stdout + done.stderr))
        assert exits is None or done.returncode == exits, done
        return done

    def call(self, method: str, path: str, body=None):
        status, text = asked(method, f"{self.url}/api/{path}", body)
        self.said.append((f"{method} {path}", text))
        return status, json.loads(text) if text else None

    def get(self, path: str):
        status, found = self.call("GET", path)
        assert status == 200, (path, status, found)
        return found

    def connection(self, name: str = "main") -> dict:
        return self.get(f"v1/connections/{name}")

    def names(self) -> list[str]:
        return [c["name"] for c in self.get("v1/connections")["items"]]

    def add(self, name: str, gitlab: Gitlab, token: str, *arguments: object, exits: int = 0) -> subprocess.CompletedProcess:
        return self.cli("add", name, "--url", gitlab.url, "--token-file", "-", *arguments, stdin=gitlab.tokens.get(token, token), exits=exits)

    def add_by_file(self, name: str, gitlab: Gitlab, file: str, **more):
        return self.call("POST", "v1/connections", {"name": name, "url": gitlab.url, "tokenFrom": {"file": file}} | more)

    def status(self, name: str = "main") -> dict:
        return next(c for c in self.get("v1/catalog/status")["connections"] if c["name"] == name)

    def read(self, name: str = "main", after: str | None = None) -> dict:
        """Waits until a pass has ended well, one after that moment."""
        def done():
            status = self.status(name)
            good = status["phase"] == "idle" and status["lastGoodAt"] and (after is None or status["lastGoodAt"] > after)
            return status if good else None
        return until(f"{name} is read", done)

    def entities(self) -> dict:
        found = self.get("catalog/entities")
        return {f"{e['kind']}:{e['metadata']['namespace']}/{e['metadata']['name']}".lower(): e for e in found}

    def paths(self) -> set[str]:
        """Full paths of the projects that entities were read from."""
        slugs = (e["metadata"].get("annotations", {}).get("gitlab.com/project-slug") for e in self.entities().values())
        return {slug for slug in slugs if slug}

    def failing(self, name: str = "main", check: str = "token") -> dict:
        """Waits until it is told that it fails, and by which check."""
        def fails():
            found = self.connection(name)
            return found if found["state"] == "failing" and found["failing"]["check"] == check else None
        return until(f"{name} fails by {check}", fails)

    def works(self, name: str = "main", after: str = "") -> dict:
        """Waits until a look later than that moment found it working."""
        def good():
            found = self.connection(name)
            return found if found["state"] == "working" and (found["checkedAt"] or "") > after else None
        return until(f"{name} works", good)

    def tested(self, name: str = "main") -> dict:
        status, report = self.call("POST", f"v1/connections/{name}/test", {})
        assert status == 200, report
        return report

    # ── the database ──────────────────────────────────────────────────────────────────────────────────────────────────

    def psql(self, database: str, sql: str) -> str:
        bin = subprocess.run([ROOT / "scripts" / "postgres-bin.sh"], capture_output=True, text=True, check=True).stdout.strip()
        done = subprocess.run([f"{bin}/psql", "-X", "-At", "-d", f"{self.postgres}/{database}", "-c", sql], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def query(self, sql: str) -> list[str]:
        """The first column."""
        if self.database:
            return self.psql(self.database.rsplit("/", 1)[1], sql).splitlines()
        with sqlite3.connect(f"file:{self.data}/stagedoor.sqlite?mode=ro", uri=True) as database:
            return [str(row[0]) for row in database.execute(sql)]

    def audit(self) -> list[dict]:
        return [json.loads(row) for row in self.query("SELECT record FROM audit ORDER BY id")]

    def content(self) -> bytes:
        """Everything that the database has: SQLite's bytes with all that is written in them, PostgreSQL's rows."""
        if self.database:
            bin = subprocess.run([ROOT / "scripts" / "postgres-bin.sh"], capture_output=True, text=True, check=True).stdout.strip()
            return subprocess.run([f"{bin}/pg_dump", "-d", self.database], capture_output=True, check=True).stdout
        file = self.data / "stagedoor.sqlite"
        with sqlite3.connect(file) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return b"".join(path.read_bytes() for path in sorted(self.data.glob("stagedoor.sqlite*")))

    def no_secret_is_told(self) -> None:
        """Neither in logs, nor in answers, nor printed, nor in the database."""
        shapes = {shape: secret for secret in self.secrets if len(secret) > 8 for shape in shapes_of(secret)}
        places = self.said + [(log.name, log.read_text()) for log in self.folder.glob("log-*")]
        places += [("audit", "\n".join(map(json.dumps, self.audit()))), ("database", self.content().decode("latin-1"))]
        for place, text in places:
            for shape, secret in shapes.items():
                assert shape not in text, f"{secret} is in {place}: …{text[max(0, text.find(shape) - 200):][:500]}"

    def end(self) -> None:
        for process in self.processes:
            process.process.kill()
            process.process.wait()


def shapes_of(secret: str) -> set[str]:
    """The secret as it is, in base64 at each of its three offsets, in hexadecimal and as part of an address."""
    shapes = {secret, secret.encode().hex(), urllib.parse.quote(secret, safe="")}
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + secret.encode()).decode()
        # What depends on the bytes around it is left out.
        shapes.add(text[4 if offset else 0:].rstrip("=")[:-2])
    return shapes


def git(*arguments: object, cwd: Path | None = None) -> str:
    done = subprocess.run(["git", *map(str, arguments)], cwd=cwd, env=os.environ | GIT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Clone:
    """A project as a person has it."""

    def __init__(self, stage: Stage, gitlab: Gitlab, path: str):
        self.folder = stage.folder / f"clone-{time.monotonic_ns()}"
        token = gitlab.now("admin")
        git("clone", "--quiet", gitlab.url.replace("http://", f"http://demo:{token}@") + f"/{path}.git", self.folder)

    def describe(self, text: str) -> None:
        """Pushes another description."""
        file = self.folder / "catalog-info.yaml"
        lines = [f"  description: {text}" if line.startswith("  description:") else line for line in file.read_text().splitlines()]
        file.write_text("\n".join(lines) + "\n")
        git("commit", "--quiet", "-am", text, cwd=self.folder)
        git("push", "--quiet", cwd=self.folder)
