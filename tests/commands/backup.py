"""`stagedoor backup …`: beside a running server, on another machine, from SQLite to PostgreSQL, and when something is wrong."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from common import BINARY, ENVIRONMENT, ROOT, check, empty_postgres, psql, run, server
from machine import sandbox

def tree(*arguments: str) -> tuple[int, dict]:
    done = run(*arguments, "-o", "json")
    return done.returncode, json.loads(done.stdout) if done.stdout else {"stderr": done.stderr}


def entities(url: str) -> list[tuple]:
    found = json.loads(run("catalog", "list", "--all", "-o", "json", "--server", url).stdout)["items"]
    return sorted((one["ref"], one["changedAt"]) for one in found)


def a_life(folder: Path) -> None:
    data, backups = folder / "data", folder / "kept"
    backups.mkdir()
    with sandbox() as gitlab, server(folder, "--data", str(data)) as (url, pid):
        (folder / "token").write_text(gitlab["tokens"]["group_bot"])
        done = run("connection", "add", "main", "--url", gitlab["url"], "--token-file", str(folder / "token"), "--server", url)
        assert done.returncode == 0, done
        assert run("catalog", "refresh", "--wait", "--server", url).returncode == 0
        there = entities(url)
        code, made = tree("backup", "create", "--data", str(data), "--output-dir", str(backups))
        check("made while the server runs", code == 0 and made["rows"] > len(there) > 0, made)
        file = Path(made["file"])
        rows = {one["table"]: one["rows"] for one in made["tables"]}
        check("all of it is in it", rows["entities"] == len(there) and rows["audit"] > 0 and rows["secrets"] == 3, rows)
        check("named by time, for its owner alone", file.parent == backups and file.name.startswith("stagedoor-20")
              and file.stat().st_mode & 0o777 == 0o600 and file.stat().st_size == made["size"], made)
        again = run("backup", "create", str(file), "--data", str(data))
        check("not over another", again.returncode == 1 and "--force" in again.stderr, again)
        text = run("backup", "create", str(file), "--data", str(data), "--force")
        check("unless it is told so; for people", text.returncode == 0 and str(file) in text.stdout and "rows" in text.stdout
              and "took" in text.stdout, text)
        done = run("backup", "restore", str(file), "--data", str(data), "--replace")
        check("not into a database in use", done.returncode == 1 and f"stagedoor serve (process {pid})" in done.stderr, done)
        second = run("serve", "--data", str(data), "--listen", "127.0.0.1:0")
        check("nor a second server", second.returncode == 1 and f"(process {pid})" in second.stderr, second)
        check("nothing beside it", [one.name for one in backups.iterdir()] == [file.name])
    keys(folder, data, file)
    done = run("backup", "restore", str(file), "--data", str(data))
    check("not into one with rows", done.returncode == 1 and "--replace" in done.stderr, done)
    code, back = tree("backup", "restore", str(file), "--data", str(data), "--replace")
    before = Path(back["before"])
    check("in its place when told, with a backup of it", code == 0 and before.parent == data / "backups"
          and tree("backup", "verify", str(before), "--data", str(data))[0] == 0, back)
    new = folder / "new"
    new.mkdir()
    (new / "secrets.key").write_text((data / "secrets.key").read_text())
    (new / "secrets.key").chmod(0o600)
    postgres = empty_postgres("grown")
    for name, arguments in {"another machine": ["--data", str(new)],
                            "PostgreSQL": ["--data", str(new), "--database", postgres]}.items():
        done = run("backup", "restore", str(file), *arguments)
        check(f"{name}: restored", done.returncode == 0 and "all open" in done.stdout, done)
        with server(folder, *arguments) as (url, _):
            check(f"{name}: the same entities, unchanged", entities(url) == there)
            shown = json.loads(run("connection", "show", "main", "-o", "json", "--server", url).stdout)
            check(f"{name}: its connection is there", shown["name"] == "main", shown)
    interrupted(folder, postgres)
    with server(folder, "--data", str(new), "--database", postgres):
        done = run("backup", "restore", str(file), "--data", str(new), "--database", postgres, "--replace")
        check("nor into a PostgreSQL in use", done.returncode == 1 and "stop all of them" in done.stderr, done)


def keys(folder: Path, data: Path, file: Path) -> None:
    code, seen = tree("backup", "verify", str(file), "--data", str(data))
    check("verified with the configured key file", code == 0 and seen["good"] and seen["secrets"]["opened"] == 3, seen)
    done = run("backup", "verify", str(file), "--key-file", str(data / "secrets.key"))
    token = (folder / "token").read_text()
    check("for people, without a secret", done.returncode == 0 and "all open" in done.stdout and "good" in done.stdout
          and token not in done.stdout + done.stderr, done)
    other = folder / "other.key"
    other.write_text("00" * 32)
    other.chmod(0o600)
    code, seen = tree("backup", "verify", str(file), "--key-file", str(other))
    check("another key does not open them", code == 1 and not seen["good"] and len(seen["secrets"]["closed"]) == 3
          and seen["secrets"]["closed"][0]["name"].startswith("connection/main/"), seen)
    code, seen = tree("backup", "verify", str(file), "--data", str(folder / "nowhere"))
    check("without a key file it is not tried", code == 0 and seen["secrets"]["opened"] is None, seen)
    done = run("backup", "verify", str(file), "--key-file", str(folder / "none.key"))
    check("a key file that was named and is not there", done.returncode == 2 and "none.key" in done.stderr
          and not (folder / "none.key").exists(), done)


def interrupted(folder: Path, database: str) -> None:
    """A table that somebody holds makes it wait in the middle."""
    place = folder / "interrupted"
    place.mkdir()
    bin = subprocess.run([ROOT / "scripts" / "postgres-bin.sh"], capture_output=True, text=True, check=True).stdout.strip()
    holder = subprocess.Popen([f"{bin}/psql", "-X", "-At", "-d", database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        holder.stdin.write("BEGIN; LOCK TABLE shares; SELECT 'held';\n")
        holder.stdin.flush()
        while holder.stdout.readline().strip() != "held":
            pass
        for told in [signal.SIGINT, signal.SIGTERM]:
            made = subprocess.Popen([BINARY, "backup", "create", "--database", database, "--output-dir", str(place)],
                                    stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
            end = time.monotonic() + 60
            while not any(place.iterdir()) and time.monotonic() < end:
                time.sleep(0.02)
            begun = [one.name for one in place.iterdir()]
            made.send_signal(told)
            said = made.communicate(timeout=60)[1]
            check(f"{told.name} in the middle leaves nothing", made.returncode == 1 and len(begun) == 1 and begun[0].endswith(".partial")
                  and not any(place.iterdir()) and "stopped" in said, (made.returncode, begun, said))
    finally:
        holder.stdin.close()
        holder.wait(timeout=60)


def a_database(folder: Path, versions: int = 99) -> Path:
    """A database of the first `versions` schema versions, with 3 MB in it that do not compress."""
    folder.mkdir(exist_ok=True)
    with sqlite3.connect(folder / "stagedoor.sqlite") as connection:
        connection.execute("CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY)")
        for version, step in enumerate(sorted((ROOT / "crates/store/migrations").glob("*.sql"))[:versions], 1):
            connection.executescript(step.read_text().replace("{identity}", "INTEGER PRIMARY KEY AUTOINCREMENT"))
            connection.execute("INSERT INTO schema_version VALUES (?)", (version,))
        for n in range(30):
            connection.execute("INSERT INTO sources VALUES (?, 'https://git.example/', ?)", (f"c{n}", os.urandom(100_000).hex()))
    connection.close()
    return folder / "stagedoor.sqlite"


def full(folder: Path) -> None:
    """A limit on the size of files ends a write as a full disk does: in the middle."""
    a_database(folder / "data")
    kept = folder / "kept"
    kept.mkdir()
    old = kept / "old.stagedoor-backup"
    assert run("backup", "create", str(old), "--data", str(folder / "data")).returncode == 0
    before = old.read_bytes()

    def limited(*arguments: str):
        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=60, env=ENVIRONMENT, preexec_fn=limit,
                              restore_signals=False)
    for arguments in [[str(kept / "new")], [str(old), "--force"]]:
        done = limited("backup", "create", *arguments, "--data", str(folder / "data"))
        check("no room in the middle is said", done.returncode == 1 and "no room" in done.stderr and "make room" in done.stderr, done)
    check("nothing is left, the old one is as it was", [one.name for one in kept.iterdir()] == [old.name] and old.read_bytes() == before,
          list(kept.iterdir()))
    text = limited("backup", "restore", str(old), "--data", str(folder / "small"))
    check("a restore that finds no room", text.returncode == 1 and "disk" in text.stderr and "restored" not in text.stdout, text)
    left = sorted(one.name for one in (folder / "small").iterdir())
    check("and leaves nothing of it on the disk", left == ["stagedoor.sqlite", "stagedoor.sqlite.lock"], left)
    done = run("backup", "restore", str(old), "--data", str(folder / "small"))
    check("can be tried again", done.returncode == 0, done)
    done = run("backup", "create", "--data", str(folder / "data"), "--output-dir", str(folder / "none"))
    check("a folder that is not there is not made", done.returncode == 1 and "cannot be written" in done.stderr
          and not (folder / "none").exists(), done)


def damaged(folder: Path) -> None:
    a_database(folder / "data")
    file = folder / "b.stagedoor-backup"
    assert run("backup", "create", str(file), "--data", str(folder / "data")).returncode == 0
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 4
    for word, content, said in [("cut-off", whole[:-1000], "cut off"), ("altered", bytes(flipped), "altered"),
                                ("no-backup", b"SQLite format 3\0", "no Stagedoor backup"), ("no-backup", b"", "empty")]:
        file.write_bytes(content)
        done = run("backup", "verify", str(file), "--data", str(folder))
        code, seen = tree("backup", "verify", str(file), "--data", str(folder))
        check(f"{said}: in words and for programs", done.returncode == code == 1 and said in done.stderr
              and seen == {"file": str(file), "good": False, "damage": word, "detail": seen["detail"]}, (done, seen))
        done = run("backup", "restore", str(file), "--data", str(folder / "new"))
        check(f"{said}: not put back", done.returncode == 1 and not (folder / "new/stagedoor.sqlite").exists(), done)
    check("a file that is not there exits 2", run("backup", "verify", str(folder / "none")).returncode == 2)
    done = run("backup", "create", "--data", str(folder / "none"), "--output-dir", str(folder))
    check("no database exits 4, and none is made", done.returncode == 4 and not (folder / "none").exists(), done)
    done = run("backup", "create", "--database", "postgres://me:hunter2@127.0.0.1:1/x", "--output-dir", str(folder))
    check("one that does not answer exits 3", done.returncode == 3 and "hunter2" not in done.stderr, done)
    done = run("backup", "create", "--database", "mysql://x", "--output-dir", str(folder))
    check("one that is not understood exits 2", done.returncode == 2, done)


def before_an_upgrade(folder: Path) -> None:
    data = folder / "data"
    a_database(data, versions=3)
    (folder / "file").write_text("no folder")
    (folder / "stagedoor.yaml").write_text(f"data: {data}\nbackups: {{folder: file}}\n")
    config = ["--config", str(folder / "stagedoor.yaml")]
    done = run("doctor", *config)
    check("doctor tells of it", "a backup is made before" in done.stdout, done)
    done = run("serve", *config, "--listen", "127.0.0.1:0")
    check("where it cannot be written the tables stay", done.returncode == 1 and "backups.beforeMigration" in done.stderr, done)
    code, made = tree("backup", "create", str(folder / "old"), *config)
    check("and can still be backed up", code == 0 and made["schemaVersion"] == 3, made)
    (folder / "stagedoor.yaml").write_text(f"data: {data}\n")
    with server(folder, *config):
        kept = list((data / "backups").iterdir())
    check("one is made before the tables change", len(kept) == 1 and kept[0].name.startswith("before-schema-"), kept)
    code, seen = tree("backup", "verify", str(kept[0]), *config)
    check("of what was there", code == 0 and seen["schemaVersion"] == 3, seen)
    code, back = tree("backup", "restore", str(folder / "old"), "--data", str(folder / "new"))
    check("an older one is brought up to date", code == 0 and back["schemaVersion"] == 3 < back["databaseSchemaVersion"], back)
    other = folder / "other"
    a_database(other, versions=3)
    environment = {"STAGEDOOR__BACKUPS__BEFORE_MIGRATION": "false"}
    done = run("config", "check", "--data", str(other), **environment)
    check("without one is remarked", "beforeMigration" in done.stdout, done)
    done = run("doctor", "--data", str(other), **environment)
    check("by doctor, too", "make a backup before" in done.stdout, done)


PARTS = [a_life, full, damaged, before_an_upgrade]
