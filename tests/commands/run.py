#!/usr/bin/env python3
"""The commands as a person types them: what they print, where, and with which exit code. Usage: run.py BINARY"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

BINARY = Path(sys.argv[1]).resolve()
passed, failed = 0, 0

GOOD = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments-api}
spec: {type: service, lifecycle: production, owner: checkout}
"""
BAD = GOOD + "---\n" + GOOD.replace(", owner: checkout", "")


def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, input=stdin, timeout=60)


def check(name: str, holds: bool, shown: object = "") -> None:
    global passed, failed
    if holds:
        passed += 1
        print(f"ok     {name}")
    else:
        failed += 1
        print(f"FAILED {name}\n  {shown}")


def validate(folder: Path) -> None:
    good, bad, broken = folder / "good.yaml", folder / "bad.yaml", folder / "broken.yaml"
    good.write_text(GOOD)
    bad.write_text(BAD)
    broken.write_bytes(b"kind: [\xff")
    done = run("catalog", "validate", str(good))
    check("a good file exits 0", done.returncode == 0, done)
    done = run("catalog", "validate", "--output", "json", str(good), str(bad))
    rows = json.loads(done.stdout)
    check("a refused document exits 1", done.returncode == 1, done)
    check("a row for each document", [r["document"] for r in rows] == [0, 0, 1], rows)
    check("one bad document does not sink the other", [r["accepted"] for r in rows] == [True, True, False], rows)
    check("rows have file, ref and problems", rows[0]["ref"] == "Component:default/payments-api" and rows[2]["problems"], rows)
    text = run("catalog", "validate", str(bad))
    check("text names file, line and field", f"{bad}" in text.stdout and "spec.owner" in text.stdout, text.stdout)
    check("broken bytes are refused, not a crash", run("catalog", "validate", str(broken)).returncode == 1)
    check("a missing file exits 2", run("catalog", "validate", str(folder / "no.yaml")).returncode == 2)
    check("standard input", run("catalog", "validate", "-", stdin=GOOD).returncode == 0)
    huge = folder / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(300 << 20)
    done = run("catalog", "validate", str(huge))
    check("300 MB are refused at once", done.returncode == 1 and "at most" in done.stdout, done.stdout[:500])


def configuration(folder: Path) -> None:
    (folder / "token").write_text("glpat-not-a-real-one\n")
    file = folder / "stagedoor.yaml"
    minimal = "gitlab:\n  - name: main\n    url: https://gitlab.example\n    token: {file: token}\n"
    file.write_text(minimal)
    done = run("config", "check", "--config", str(file))
    check("the smallest file is good", done.returncode == 0, done.stderr)
    file.write_text(minimal + "colour: red\n")
    done = run("config", "check", "--config", str(file))
    check("an unknown key is refused with its line", done.returncode == 1 and "colour" in done.stderr and "line 5" in done.stderr, done.stderr)
    file.write_text(minimal.replace("{file: token}", "{file: elsewhere}"))
    done = run("config", "check", "--config", str(file))
    check("a missing secret names its file", done.returncode == 1 and "elsewhere" in done.stderr, done.stderr)
    file.write_text(minimal)
    done = run("serve", "--config", str(file), "--listen", "0.0.0.0:0")
    check("listening for others is refused", done.returncode == 1 and "no sign-on yet" in done.stderr, done.stderr)
    done = run("serve", "--config", str(folder / "none.yaml"))
    check("a missing file is named", done.returncode == 1 and "none.yaml" in done.stderr, done.stderr)
    done = run("serve", "--config", str(file), "--listen", "127.0.0.1:0", "--database", "mysql://x:secret-word@h/d")
    check("an unknown database is refused without its password", done.returncode == 1 and "secret-word" not in done.stderr, done.stderr)


def general() -> None:
    document = json.loads(run("openapi").stdout)
    check("the API describes itself as OpenAPI 3.1", document["openapi"].startswith("3.1"), document["openapi"])
    check("help names the commands", all(word in run("--help").stdout for word in ["serve", "demo", "catalog"]))
    check("an unknown command exits 2", run("srve").returncode == 2)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        validate(Path(folder))
        configuration(Path(folder))
    general()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
