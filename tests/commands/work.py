"""`stagedoor doctor` on the work of a database: a stuck queue, servers that are silent, changes that are not shown."""

import sqlite3
import time
from pathlib import Path

from common import check, empty_postgres, psql, server
from machine import doctor, free_port

MINUTE = 60_000


def now() -> int:
    return int(time.time() * 1000)


def job(kind: str, key: str, late: int, failed: str = "NULL", dead: str = "NULL", error: str = "NULL") -> str:
    columns = "kind, job_key, wakes, run_at, leased_until, attempts, failed_at, dead_at, last_error"
    return f"INSERT INTO jobs ({columns}) VALUES ('{kind}', '{key}', 1, {now() - late}, 0, 0, {failed}, {dead}, {error})"


def told(at: int) -> str:
    return f"INSERT INTO feed (origin, record, at) VALUES ('else', '{{\"what\": \"connection\", \"name\": \"main\"}}', {at})"


def on_sqlite(folder: Path) -> None:
    (folder / "stagedoor.yaml").write_text("gitlab: []\n")

    def sql(text: str) -> None:
        with sqlite3.connect(folder / "data" / "stagedoor.sqlite") as database:
            database.execute(text)

    _, checks = doctor(folder)
    check("nothing is said of a database that is not there", "queue" not in checks and not (folder / "data").exists(), checks)
    with server(folder, "--data", str(folder / "data")) as (url, process):
        address = ("--listen", url.removeprefix("http://"))
        code, checks = doctor(folder, *address)
        check("a queue that moves", code == 0 and (checks["queue"]["state"], checks["queue"]["detail"]) == ("passed", "nothing waits"), checks)
        check("who uses the database", f"(process {process}) reads from GitLab" in checks["servers"]["detail"], checks["servers"])
        check("everything is shown", checks["feed"]["detail"].endswith("0 to come"), checks["feed"])
        sql(job("of.another", "a", 10 * MINUTE))
        code, checks = doctor(folder, *address)
        stuck = checks["queue"]
        check("a stuck queue", code == 1 and "1 waiting" in stuck["detail"] and "since 10 min" in stuck["detail"] and stuck["remedy"], stuck)
        # The one process of SQLite shows what it stores itself; a row by another hand is one that it missed.
        sql(told(now() - 10 * MINUTE))
        code, checks = doctor(folder, *address)
        check("a change that is not shown", code == 1 and "does not show 1 change(s), the oldest since 10 min" in checks["feed"]["detail"], checks["feed"])
        _, checks = doctor(folder, "--listen", f"127.0.0.1:{free_port()}")
        check("what cannot be known is not called good", checks["feed"]["state"] == "note" and "cannot be known" in checks["feed"]["detail"], checks["feed"])
    _, checks = doctor(folder, *address)
    check("without a server it waits for one", checks["queue"]["state"] == "passed" and "for the next start" in checks["queue"]["detail"], checks["queue"])
    check("and none is named", checks["servers"]["detail"] == "none uses the database now" and "feed" not in checks, checks["servers"])
    sql(job("catalog.project", "main/1", 0, failed="1", error="'GitLab answered 502'"))
    _, checks = doctor(folder, *address)
    check("what fails is told with its reason", checks["queue"]["state"] == "note" and "GitLab answered 502" in checks["queue"]["detail"], checks["queue"])
    sql(job("catalog.project", "main/2", 0, failed="1", dead="2", error="'the file cannot be read'"))
    _, checks = doctor(folder, *address)
    worst = checks["queue"]
    check("what was put aside comes first", "1 put aside: the file cannot be read" in worst["detail"] and "queue retry" in worst["remedy"], worst)


def on_postgres(folder: Path) -> None:
    (folder / "stagedoor.yaml").write_text("gitlab: []\n")
    database = empty_postgres("doctor_looks")
    place = ("--database", database)
    with server(folder, "--data", str(folder / "data"), *place):
        code, checks = doctor(folder, *place)
        check("a server on PostgreSQL is found by its sign", "reads from GitLab" in checks["servers"]["detail"], checks["servers"])
    _, checks = doctor(folder, *place)
    check("one that ended well is forgotten", checks["servers"]["detail"] == "none uses the database now", checks["servers"])
    seen = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    psql(database, told(now() - 5 * MINUTE))
    psql(database, f"""INSERT INTO replicas (id, record, seen_at) VALUES
        ('late', '{{"host": "host-a", "shown": 0}}', {seen} + 60000), ('silent', '{{"host": "host-b", "shown": 9}}', {seen} - 300000)""")
    code, checks = doctor(folder, *place)
    check("a server that is behind", code == 1 and "late on host-a does not show 1 change(s), the oldest since 5 min" in checks["feed"]["detail"], checks["feed"])
    check("one that is silent", "silent on host-b gave its last sign of life 5 min ago" in checks["servers"]["detail"], checks["servers"])
    psql(database, "DELETE FROM replicas WHERE id = 'silent'")
    _, checks = doctor(folder, *place)
    check("nobody leads", checks["servers"]["state"] == "failed" and "none of them leads" in checks["servers"]["detail"], checks["servers"])


PARTS = [on_sqlite, on_postgres]
