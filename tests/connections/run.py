#!/usr/bin/env python3
"""Connections as whole binaries live with them: added, refused, rotated, failing, mended, removed; on SQLite and on PostgreSQL.

Usage: run.py BINARY [PART OF A NAME], with STAGEDOOR_TEST_POSTGRES naming a PostgreSQL. Ends with "N passed, N failed".
"""

import os
import sys
import tempfile
import traceback
from pathlib import Path

import adding
import hearing
import tokens
from stage import Stage

TESTS = [*adding.TESTS, *tokens.TESTS, *hearing.TESTS]


def main() -> int:
    server = os.environ.get("STAGEDOOR_TEST_POSTGRES")
    if not server:
        print("STAGEDOOR_TEST_POSTGRES names no PostgreSQL; run scripts/with-postgres.sh", file=sys.stderr)
        return 1
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    passed, failed = 0, 0
    for name, postgres in {"sqlite": None, "postgres": server}.items():
        for test, settings in TESTS:
            if wanted not in f"{name}: {test.__name__}":
                continue
            with tempfile.TemporaryDirectory(prefix="stagedoor-connections-") as folder:
                stage = Stage(Path(folder), postgres, **settings)
                try:
                    test(stage)
                    stage.no_secret_is_told()
                    passed += 1
                    print(f"ok     {name}: {test.__name__}", flush=True)
                except Exception:
                    failed += 1
                    print(f"FAILED {name}: {test.__name__}", flush=True)
                    traceback.print_exc()
                    print(stage.server.log.read_text()[-2000:], file=sys.stderr)
                finally:
                    stage.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
