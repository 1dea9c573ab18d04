"""What all parts share: running the binary, and counting what holds."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(sys.argv[1]).resolve()
counts = {"passed": 0, "failed": 0}
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("STAGEDOOR", "NO_COLOR"))}


def run(*arguments: str, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, input=stdin, timeout=60, env=ENVIRONMENT | environment
    )


def check(name: str, holds: bool, shown: object = "") -> None:
    if holds:
        counts["passed"] += 1
        print(f"ok     {name}")
    else:
        counts["failed"] += 1
        print(f"FAILED {name}\n  {shown}")


@contextmanager
def server(folder: Path, *arguments: str):
    with (folder / "server.log").open("a") as log:
        process = subprocess.Popen([BINARY, "serve", "--listen", "127.0.0.1:0", *arguments], stdout=subprocess.PIPE, stderr=log,
                                   text=True, env=ENVIRONMENT)
    try:
        line = process.stdout.readline()
        assert line, (folder / "server.log").read_text()[-2000:]
        yield json.loads(line)["url"], process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def psql(database: str, sql: str) -> str:
    bin = subprocess.run([ROOT / "scripts" / "postgres-bin.sh"], capture_output=True, text=True, check=True).stdout.strip()
    done = subprocess.run([f"{bin}/psql", "-X", "-At", "-d", database, "-c", sql], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def empty_postgres(name: str) -> str:
    place = os.environ.get("STAGEDOOR_TEST_POSTGRES")
    if not place:
        sys.exit("STAGEDOOR_TEST_POSTGRES names no PostgreSQL; run scripts/with-postgres.sh")
    psql(f"{place}/postgres", f"CREATE DATABASE {name}")
    return f"{place}/{name}"
