#!/usr/bin/env python3
"""Runs a command beside a demo: with-demo.py BINARY [demo option…] -- COMMAND…

STAGEDOOR_URL, SANDBOX_URL, SANDBOX_TOKEN (the administrator's) and SANDBOX_TOKENS (JSON) name it. The demo is stopped
with SIGTERM afterwards and must then end by itself within ten seconds.
"""

import json
import os
import subprocess
import sys


def main() -> int:
    split = sys.argv.index("--")
    binary, options, command = sys.argv[1], sys.argv[2:split], sys.argv[split + 1 :]
    demo = subprocess.Popen(
        [binary, "demo", "--json", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert demo.stdout is not None
        line = demo.stdout.readline()
        if not line:
            print("the demo ended before it named its address", file=sys.stderr)
            return 1
        told = json.loads(line)
        environment = os.environ | {
            "STAGEDOOR_URL": told["url"],
            "SANDBOX_URL": told["gitlab"]["url"],
            "SANDBOX_TOKEN": told["gitlab"]["admin_token"],
            "SANDBOX_TOKENS": json.dumps(told["gitlab"]["tokens"]),
        }
        code = subprocess.run(command, env=environment).returncode
    finally:
        demo.terminate()
        try:
            demo.wait(timeout=10)
        except subprocess.TimeoutExpired:
            demo.kill()
            print("the demo did not end within ten seconds of SIGTERM", file=sys.stderr)
            return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
