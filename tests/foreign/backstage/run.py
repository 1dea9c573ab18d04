#!/usr/bin/env python3
"""Runs the published Backstage catalog client against `BINARY demo`: run.py BINARY."""

import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 60


def install() -> None:
    lock = (HERE / "package-lock.json").read_bytes()
    marker = HERE / "node_modules" / ".installed-lock"
    if marker.exists() and marker.read_bytes() == lock:
        return
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True)
    marker.write_bytes(lock)


def wait_until_ready(url: str) -> None:
    end = time.monotonic() + PATIENCE
    last = "no answer"
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as error:
            last = error.read().decode()
        except OSError as error:
            last = str(error)
        time.sleep(0.05)
    raise SystemExit(f"{url} is not ready after {PATIENCE} s: {last}")


def main() -> int:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    install()
    command = [sys.argv[1], "demo", "--json", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        banner = json.loads(demo.stdout.readline())
        wait_until_ready(banner["url"])
        return subprocess.run(["node", str(HERE / "check.mjs"), banner["url"]]).returncode
    finally:
        demo.terminate()
        demo.wait(timeout=30)


if __name__ == "__main__":
    sys.exit(main())
