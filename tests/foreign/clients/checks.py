"""What every check in Python shares: the banner of the server, and one line a check."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable

BANNER = json.loads(os.environ["SANDBOX_BANNER"])
URL: str = BANNER["url"]
TOKENS: dict[str, str] = BANNER["tokens"]
ADMIN: str = BANNER["admin_token"]

_checks: list[tuple[str, Callable[[], None]]] = []


class Skipped(Exception):
    """Raised by a check that cannot be made here; the message says why."""


def check(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Declares a check. Checks do not lean on each other: each makes what it needs."""

    def declare(function: Callable[[], None]) -> Callable[[], None]:
        _checks.append((name, function))
        return function

    return declare


def equal(got: object, wanted: object, what: str = "value") -> None:
    if got != wanted:
        raise AssertionError(f"{what} is {got!r}, wanted {wanted!r}")


def holds(condition: object, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def refused(error: type[Exception], status: int, call: Callable[[], object], text: str = "") -> Exception:
    """The call must raise `error` with this status, and with `text` in its words."""
    try:
        answer = call()
    except error as raised:
        equal(getattr(raised, "response_code", None), status, "status")
        holds(text.lower() in f"{raised} {getattr(raised, 'response_body', b'')!r}".lower(), f"{text!r} is not in {raised}")
        return raised
    raise AssertionError(f"was answered instead of refused: {answer!r}"[:300])


def run() -> None:
    """Runs all declared checks and prints the result of each."""
    for name, function in _checks:
        try:
            function()
        except Skipped as reason:
            print(f"skipped {name}: {reason}", flush=True)
        except Exception as error:  # noqa: BLE001 - a check may fail in any way, and the others go on
            frames = [f for f in traceback.extract_tb(error.__traceback__) if "clients" in f.filename]
            place = next((f for f in reversed(frames) if not f.filename.endswith("checks.py")), frames[-1])
            text = " ".join(f"{type(error).__name__}: {error}".split())[:600]
            print(f"not ok {name} (line {place.lineno}): {text}", flush=True)
        else:
            print(f"ok {name}", flush=True)
    print("done", flush=True)
