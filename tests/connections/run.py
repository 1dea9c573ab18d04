#!/usr/bin/env python3
"""Connections as whole binaries live with them: added, refused, rotated, failing, mended, removed; on SQLite and on PostgreSQL.

Usage: run.py BINARY [PART OF A NAME], with STAGEDOOR_TEST_POSTGRES naming a PostgreSQL. Ends with "N passed, N failed".
"""

import os
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import adding
import hearing
import tokens
from stage import Stage

TESTS = [*adding.TESTS, *tokens.TESTS, *hearing.TESTS]


def run(name: str, postgres: str | None, wanted: str) -> list[bool]:
    results = []
    for test, settings in TESTS:
        if wanted not in f"{name}: {test.__name__}":
            continue
        with tempfile.TemporaryDirectory(prefix="stagedoor-connections-") as folder:
            stage = Stage(Path(folder), postgres, **settings)
            try:
                test(stage)
                stage.no_secret_is_told()
                results.append(True)
                print(f"ok     {name}: {test.__name__}", flush=True)
            except Exception:
                results.append(False)
                told = traceback.format_exc() + stage.server.log.read_text()[-2000:]
                print(f"FAILED {name}: {test.__name__}\n{told}", flush=True)
            finally:
                stage.end()
    return results


def main() -> int:
    server = os.environ.get("STAGEDOOR_TEST_POSTGRES")
    if not server:
        print("STAGEDOOR_TEST_POSTGRES names no PostgreSQL; run scripts/with-postgres.sh", file=sys.stderr)
        return 1
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    # Most of the time is spent waiting for the next look at a connection: both databases wait at once.
    with ThreadPoolExecutor() as pool:
        halves = pool.map(lambda half: run(*half, wanted), [("sqlite", None), ("postgres", server)])
    results = [result for half in halves for result in half]
    passed = sum(results)
    failed = len(results) - passed
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
