"""Webhooks: how many a second are taken in durably, how long each waits, and that none is lost or doubled when processes die."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from contextlib import nullcontext
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from connections import ask, until
from stage import POSTGRES, SECRET, Estate, Process, postgres

HERE = Path(__file__).resolve().parent
PROJECTS = 1_000
CALLERS = 64


def load(server: Process, seconds: int) -> dict:
    """64 callers, by a load generator that is not ours."""
    host = server.url.removeprefix("http://")
    command = ["wrk", "-t1", f"-c{CALLERS}", f"-d{seconds}s", "-s", HERE / "hooks.lua", f"http://{host}/", "--",
               "/hooks/gitlab/main", SECRET, PROJECTS, uuid.uuid4().hex[:8]]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def throughput(binary: str, log: Path, database: str | None, seconds: int) -> dict:
    with Estate(binary, log, PROJECTS, database=database) as estate:
        estate.ready()
        load(estate.servers[0], 2)
        result = load(estate.servers[0], seconds)
        assert result["refused"] == result["broken"] == 0, result
        stored = count(estate)
        result["a second"] = result["requests"] / result["seconds"]
        result["stored"] = stored
        return result


def flat(binary: str, log: Path, webhooks: int) -> dict:
    """Memory while so many webhooks come: the second half against its own mean."""
    with Estate(binary, log, PROJECTS) as estate:
        estate.ready()
        server, sizes = estate.servers[0], []
        load(server, 2)
        done = count(estate)
        target = done + webhooks
        while done < target:
            load(server, 3)
            sizes.append(server.memory())
            done = count(estate)
        half = sizes[len(sizes) // 2:]
        mean = sum(half) / len(half)
        return {"webhooks": webhooks, "from": half[0], "to": half[-1], "spread": max(abs(s - mean) for s in half) / mean * 100}


def query(estate: Estate, sql: str) -> list[tuple]:
    if estate.database:
        done = subprocess.run(["psql", "-X", "-At", "-F", "\t", estate.database, "-c", sql], capture_output=True, text=True, check=True)
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]
    with sqlite3.connect(f"file:{estate.folder}/data/stagedoor.sqlite?mode=ro", uri=True) as database:
        return database.execute(sql).fetchall()


def count(estate: Estate) -> int:
    return int(query(estate, "SELECT COUNT(*) FROM hook_events")[0][0])


class Callers:
    """They post without end, to whichever server answers, and keep what was acknowledged. An event that was not is sent
    again, as GitLab does it, until it is."""

    def __init__(self, estate: Estate, threads: int = 16):
        self.estate, self.going = estate, True
        self.acknowledged: list[str] = []
        self.threads = [threading.Thread(target=self.post, args=(n,), daemon=True) for n in range(threads)]
        for thread in self.threads:
            thread.start()

    def post(self, number: int) -> None:
        mine, dice, connection, sent = [], random.Random(number), None, 0
        while self.going:
            sent += 1
            id, body = f"k{number}-{sent}", json.dumps({"object_kind": "push", "project_id": 1 + dice.randrange(PROJECTS)})
            while self.going:
                try:
                    if connection is None:
                        server = dice.choice(self.estate.servers)
                        connection = HTTPConnection(server.url.removeprefix("http://"), timeout=10)
                    connection.request("POST", "/hooks/gitlab/main", body, {"content-type": "application/json", "x-gitlab-token": SECRET, "idempotency-key": id})
                    answer = connection.getresponse()
                    answer.read()
                    if answer.status == 204:
                        mine.append(id)
                        break
                    time.sleep(0.02)
                except (OSError, HTTPException):
                    connection = None
                    time.sleep(0.02)
        self.acknowledged += mine

    def stop(self) -> list[str]:
        self.going = False
        for thread in self.threads:
            thread.join()
        return self.acknowledged


def killed(binary: str, log: Path, database: str | None, servers: int, kills: int, every: float) -> dict:
    with Estate(binary, log, PROJECTS, database=database, servers=servers) as estate:
        estate.ready()
        callers = Callers(estate)
        for n in range(kills):
            time.sleep(every)
            victim = estate.servers[n % servers]
            victim.kill()
            victim.start()
        time.sleep(1)
        acknowledged = callers.stop()
        stored = [row[0] for row in query(estate, "SELECT id FROM hook_events WHERE id LIKE 'k%'")]
        # An effect is a job: all that were asked for end, and nothing is asked for twice at once.
        until("the queue is empty", lambda: not jobs(estate), 120)
        return {"acknowledged": len(acknowledged), "lost": len(set(acknowledged) - set(stored)), "doubled": len(stored) - len(set(stored)),
                "kills": kills, "servers": servers}


def jobs(estate: Estate) -> int:
    return int(query(estate, "SELECT COUNT(*) FROM jobs WHERE kind = 'catalog.project'")[0][0])


def measure(binary: str, log: Path, quick: bool = False) -> list[tuple]:
    rows: list[tuple] = []
    for name, place, least, most in (("SQLite", nullcontext(None), 3_000, 25.0), ("PostgreSQL", postgres(), 5_000, None)):
        with place as database:
            figures = throughput(binary, log, database, 5 if quick else 15)
            rows.append((f"webhooks a second, {CALLERS} callers, {name}", figures["a second"], "/s", "-", f"≥ {least}"))
            rows.append((f"  each waits, p50, {name}", figures["p50"], "ms", "-", None))
            rows.append((f"  each waits, p99, {name}", figures["p99"], "ms", "-", most))
    with nullcontext(None) as database:
        figures = killed(binary, log, database, 1, 5 if quick else 20, 1.0)
        rows.append((f"{figures['kills']} × kill −9 on SQLite: lost of {figures['acknowledged']:,} acknowledged", figures["lost"], "", "-", 0))
        rows.append(("  doubled", figures["doubled"], "", "-", 0))
    with postgres() as database:
        figures = killed(binary, log, database, 3, 2 if quick else 6, 10.0)
        rows.append((f"three on PostgreSQL, one killed every 10 s: lost of {figures['acknowledged']:,}", figures["lost"], "", "-", 0))
        rows.append(("  doubled", figures["doubled"], "", "-", 0))
    figures = flat(binary, log, 40_000 if quick else 200_000)
    rows.append((f"{figures['webhooks']:,} webhooks: memory, {figures['from']:.0f} to {figures['to']:.0f} MB, spread", figures["spread"], "%", "-", 5.0))
    return rows


def settings() -> str:
    shown = ", ".join(f"{name}={value}" for name, value in POSTGRES.items())
    return f"SQLite: WAL, synchronous=FULL; PostgreSQL: {shown}"


if __name__ == "__main__":
    for row in measure(sys.argv[1], Path("/dev/stderr"), quick="--quick" in sys.argv):
        print(row)
    print(os.cpu_count(), "cores;", settings())
