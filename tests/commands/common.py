"""What all parts share: running the binary, and counting what holds."""

import os
import subprocess
import sys
from pathlib import Path

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
