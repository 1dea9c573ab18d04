"""What a schedule plays on: a GitLab, servers, their database, and what breaks them."""

import json
import os
import random
import shutil
import signal
import sqlite3
import urllib.parse
from pathlib import Path

from things import Disk, Postgres, Relay, Server, Shim, asked, free_port, home

SECRET = "a-secret-of-the-fault-suite"
FILE = "catalog-info.yaml"
# What is kept of a database when something does not hold.
TABLES = ("projects", "files", "entities", "reach", "jobs", "fresh", "feed", "passes", "statuses", "leaders", "replicas")


class Stage:
    def __init__(self, binary: Path, folder: Path, shim: Path, kind: str, dice: random.Random, mounts: bool):
        self.binary, self.folder, self.kind, self.dice, self.shim = binary, folder, kind, dice, shim
        self.ends: list = []
        self.servers: list[Server] = []
        self.address = home()
        try:
            self.build(mounts)
        except BaseException:
            self.end()
            raise

    def build(self, mounts: bool) -> None:
        folder, dice = self.folder, self.dice
        self.projects = dice.randrange(60, 121)
        self.sandbox = Server([self.binary, "sandbox", "--projects", self.projects, "--groups", 8, "--seed", dice.randrange(1 << 30),
                               "--listen", f"{self.address}:0"], folder / "log-gitlab")
        self.ends.append(self.sandbox.kill)
        self.sandbox.again()
        self.disk = Disk(folder / "disk", mounts)
        self.ends.append(self.disk.end)
        self.postgres = None
        if self.kind == "postgres":
            place = self.disk.folder / "postgres"
            place.mkdir()
            self.postgres = Postgres(place, Shim(self.shim, folder / "turned-database"), self.address)
            self.ends.append(self.postgres.end)
        tokens = self.control("GET", "tokens")
        # The servers' is ended and mended; people at work have another.
        self.token, self.writer = tokens["admin"], tokens["owner"]
        (folder / "token").write_text(self.token)
        (folder / "hook").write_text(SECRET)
        self.config = folder / "stagedoor.yaml"
        self.config.write_text(
            f"secrets: {{keyFile: {folder}/key}}\ncatalog: {{intervalSeconds: 10, pollSeconds: 5}}\nlog: {{filter: info}}\ngitlab:\n  - name: main\n    url: {self.sandbox.url}\n"
            "    token: {file: token}\n    webhooks: {secret: {file: hook}}\n    timeouts: {connect: 2, answer: 4}\n")
        for number in range(3 if self.postgres else 1):
            turned = Shim(self.shim, folder / f"turned-{number}")
            self.servers.append(self.serve(f"log-{number}", self.disk.folder / f"data-{number}", self.postgres.url if self.postgres else None, turned))
        self.relay = Relay(self.servers, dice, self.address)
        self.ends.append(self.relay.end)
        status = self.api("POST", "hooks", {"url": f"{self.relay.url}/hooks/gitlab/main", "token": SECRET, "push_events": True}, self.token)
        assert status == 201, f"GitLab does not take the webhook: {status}"

    def serve(self, log: str, data: Path, database: str | None, shim: Shim | None) -> Server:
        more = ["--database", database] if database else []
        listen = f"{self.address}:{free_port(self.address)}"
        server = Server([self.binary, "serve", "--config", self.config, "--data", data, "--listen", listen, *more], self.folder / log, shim)
        self.ends.append(server.kill)
        server.again()
        return server

    # ── GitLab ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def control(self, method: str, path: str, body=None):
        status, text = asked(method, f"{self.sandbox.url}/-/sandbox/{path}", body)
        assert status < 300, (method, path, status, text)
        return json.loads(text) if text else None

    def api(self, method: str, path: str, body=None, token: str | None = None) -> int:
        """As somebody at work in GitLab; a refusal is GitLab's to give."""
        try:
            return asked(method, f"{self.sandbox.url}/api/v4/{path}", body, **{"private-token": token or self.writer})[0]
        except OSError:
            return 0

    def text(self, project: int, path: str) -> str | None:
        """A file as it is; the faults of GitLab's API may hide it."""
        try:
            status, text = asked("GET", f"{self.sandbox.url}/api/v4/projects/{project}/repository/files/{urllib.parse.quote(path, safe='')}/raw?ref=HEAD",
                                 **{"private-token": self.writer})
        except OSError:
            return None
        # A page to sign in, or another shape, is a fault and not the file: nobody would commit it.
        return text.decode() if status == 200 and text.startswith(b"apiVersion:") else None

    def world(self) -> list[dict]:
        return self.control("GET", "world")

    def move(self, path: str, body: dict) -> None:
        """Renames, moves, archives, brings back; what GitLab refuses stays as it was."""
        asked("PUT", f"{self.sandbox.url}/-/sandbox/projects/" + urllib.parse.quote(path, safe=""), body)

    def remove(self, path: str) -> None:
        asked("DELETE", f"{self.sandbox.url}/-/sandbox/projects/" + urllib.parse.quote(path, safe=""))

    # ── the database ──────────────────────────────────────────────────────────────────────────────────────────────────

    def query(self, sql: str) -> list[list[str]]:
        if self.postgres:
            return self.postgres.sql(sql)
        with sqlite3.connect(f"file:{self.disk.folder}/data-0/stagedoor.sqlite?mode=ro", uri=True, timeout=10) as database:
            return [[str(v) for v in row] for row in database.execute(sql)]

    def keep_evidence(self) -> None:
        """What was there when something did not hold; the small disk goes."""
        kept = self.folder / "evidence"
        kept.mkdir(exist_ok=True)
        for name, look in [("world", self.world), ("faults", lambda: self.control("GET", "faults")), ("stats", lambda: self.control("GET", "stats"))]:
            keep(kept / f"{name}.json", look)
        for server in self.servers:
            for name, path in [("entities", "/api/catalog/entities"), ("status", "/api/v1/catalog/status"), ("queue", "/api/v1/queue"), ("problems", "/api/v1/problems")]:
                keep(kept / f"{server.log.name}-{name}.json", lambda server=server, path=path: json.loads(asked("GET", server.url + path)[1]))
        if self.postgres:
            keep(kept / "postgres.log", lambda: (self.postgres.folder / "log").read_text(errors="replace"))
            # A COPY keeps every line of a text inside its row.
            for table in TABLES:
                keep(kept / f"{table}.tsv", lambda table=table: "\n".join("\t".join(row) for row in self.query(f"SELECT row_to_json(t) FROM {table} t")))
        else:
            for file in (self.disk.folder / "data-0").glob("stagedoor.sqlite*"):
                shutil.copy(file, kept / file.name)

    def end(self) -> None:
        for server in self.servers:
            server.signal(signal.SIGCONT)
        for end in reversed(self.ends):
            try:
                end()
            except (OSError, AssertionError):
                pass


def keep(file: Path, look) -> None:
    try:
        found = look()
        file.write_text(found if isinstance(found, str) else json.dumps(found, indent=1))
    except Exception as error:  # noqa: BLE001 - whatever cannot be had must not hide what failed
        file.write_text(f"not to be had: {error!r}")


def can_mount() -> bool:
    return os.getuid() == 0 and shutil.which("mount") is not None
