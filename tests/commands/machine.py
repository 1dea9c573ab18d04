"""`stagedoor doctor` on this machine."""

import json
import os
import socket
import sqlite3
import subprocess
from contextlib import contextmanager
from pathlib import Path

from common import BINARY, ENVIRONMENT, check, run


def doctor(folder: Path, *arguments: str, **environment: str) -> tuple[int, dict[str, dict]]:
    """Exit code and checks by id; the last of an id, where there are several."""
    done = run("doctor", "--config", str(folder / "stagedoor.yaml"), "--data", str(folder / "data"), "-o", "json",
               *arguments, **environment)
    answer = json.loads(done.stdout)
    assert answer["good"] == (done.returncode == 0), done
    return done.returncode, {one["id"]: one for one in answer["checks"]}


def write(folder: Path, more: str = "", url: str = "http://localhost:1", token: str = "glpat-hunter2") -> None:
    (folder / "token").write_text(token)
    (folder / "token").chmod(0o600)
    (folder / "stagedoor.yaml").write_text(
        f"listen: 127.0.0.1:{free_port()}\ngitlab:\n  - {{name: main, url: '{url}', token: {{file: token}}{more}}}\n"
    )


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def sandbox():
    process = subprocess.Popen([BINARY, "sandbox", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True, env=ENVIRONMENT)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=20)


def a_good_machine(folder: Path) -> None:
    with sandbox() as gitlab:
        token = gitlab["tokens"]["group_bot"]
        write(folder, url=gitlab["url"], token=token)
        code, checks = doctor(folder)
        check("a machine that is ready", code == 0, checks)
        wanted = {"version", "configuration", "data", "space", "database", "key", "certificates", "listen", "connections/main",
                  "files", "clock"}
        check("everything is looked at", wanted <= checks.keys(), checks.keys())
        check("the GitLab was really tested", "it reads" in checks["connections/main"]["detail"], checks["connections/main"])
        check("nothing is made", not (folder / "data").exists())
        done = run("doctor", "--config", str(folder / "stagedoor.yaml"), "--data", str(folder / "data"))
        check("a line for each, for people", done.stdout.count("\nok ") > 6 and "This machine is ready" in done.stdout, done)
        check("no secret in it", token not in done.stdout)
        write(folder, url=gitlab["url"], token=gitlab["tokens"]["expired"])
        code, checks = doctor(folder)
        wrong = checks["connections/main/token"]
        check("a token that has expired", code == 1 and "has expired" in wrong["detail"] and wrong["remedy"], checks)


def what_is_wrong(folder: Path) -> None:
    write(folder, ", proxy: 'http://127.0.0.1:1'")
    code, checks = doctor(folder)
    proxy = checks["connections/main/proxy"]
    check("a proxy that does not answer", code == 1 and proxy["state"] == "failed" and "proxy" in proxy["remedy"], proxy)
    check("whose GitLab's name is the proxy's matter", "connections/main/name" not in checks, checks.keys())
    write(folder)
    (folder / "stagedoor.yaml").write_text("gitlab:\n  - {name: main, host: x}\n")
    code, checks = doctor(folder)
    wrong = checks["configuration"]
    check("a wrong configuration, with its line", code == 1 and ":2:" in wrong["detail"] and "`url`" in wrong["remedy"], wrong)
    check("what hangs on it is skipped", checks["database"]["state"] == "skipped", checks)
    check("the rest is looked at all the same", checks["clock"]["state"] == "passed", checks)
    write(folder)
    (folder / "token").unlink()
    code, checks = doctor(folder)
    check("a missing token", code == 1 and "token" in checks["configuration"]["detail"], checks["configuration"])
    write(folder)
    _, checks = doctor(folder, SSL_CERT_FILE=str(folder / "none.pem"))
    check("certificates that are not there", checks["certificates"]["state"] == "failed", checks["certificates"])
    few = subprocess.run(
        ["sh", "-c", f"ulimit -n 200; exec {BINARY} doctor -o json"], capture_output=True, text=True, env=ENVIRONMENT, timeout=60
    )
    files = [one for one in json.loads(few.stdout)["checks"] if one["id"] == "files"][0]
    check("too few files may be open", files["state"] == "failed" and "ulimit" in files["remedy"], files)


def folders(folder: Path) -> None:
    write(folder)
    data = folder / "data"
    data.mkdir()
    key = data / "secrets.key"
    key.write_text("00" * 32)
    key.chmod(0o644)
    code, checks = doctor(folder)
    check("a key that others can read", code == 1 and "chmod 600" in checks["key"]["remedy"], checks["key"])
    key.chmod(0o600)
    database = data / "stagedoor.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY)")
        connection.execute("INSERT INTO schema_version VALUES (9999)")
    code, checks = doctor(folder)
    check("a database of a newer version", code == 1 and "9999" in checks["database"]["detail"], checks["database"])
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM schema_version")
    _, checks = doctor(folder)
    check("an empty one", checks["database"]["state"] == "passed" and "empty" in checks["database"]["detail"], checks["database"])
    with sqlite3.connect(database) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()
    check("which is left as it is", tables == (1,), tables)
    for name in os.listdir(data):
        if name.startswith("stagedoor.sqlite"):
            (data / name).unlink()
    database.write_bytes(b"no database at all, but long enough to be looked at as one" * 20)
    code, checks = doctor(folder)
    check("something that is no database", code == 1 and checks["database"]["state"] == "failed", checks["database"])


def addresses(folder: Path) -> None:
    write(folder)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        _, checks = doctor(folder, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        wrong = checks["listen"]
    check("an address that something else has", wrong["state"] == "failed" and "no Stagedoor" in wrong["detail"], wrong)
    server = subprocess.Popen(
        [BINARY, "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT,
    )
    try:
        address = json.loads(server.stdout.readline())["url"].removeprefix("http://")
        _, checks = doctor(folder, "--listen", address)
        check("an address that a Stagedoor has", checks["listen"]["state"] == "passed" and "a Stagedoor" in checks["listen"]["detail"], checks)
        check("its database opens beside it", "as this Stagedoor has it" in checks["database"]["detail"], checks["database"])
    finally:
        server.terminate()
        server.wait(timeout=20)


PARTS = [a_good_machine, what_is_wrong, folders, addresses]
