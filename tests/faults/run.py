#!/usr/bin/env python3
"""Faults by schedules that are drawn from seeds, and what must hold after each: nothing acknowledged is lost, nothing is doubled, and
what is shown equals the store equals GitLab.

Usage: run.py BINARY [--seeds N] [--seed S] [--database sqlite|postgres|both] [--jobs N] [--without-mounts | --as-possible] [--keep]
A failure prints its seed and its schedule; `--seed S --database D` plays it again. Ends with "N passed, N failed".
"""

import argparse
import random
import secrets
import shutil
import sys
import tempfile
import traceback
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import checks
from play import Play
from stage import Stage, can_mount
from things import build_shim


def one(binary: Path, shim: Path, kind: str, seed: int, mounts: bool, keep: bool) -> tuple[bool, str]:
    folder = Path(tempfile.mkdtemp(prefix=f"stagedoor-faults-{seed}-"))
    # Readable for the user that PostgreSQL runs as.
    folder.chmod(0o755)
    stage = play = None
    good = False
    try:
        stage = Stage(binary, folder, shim, kind, random.Random(seed), mounts)
        play = Play(stage, seed)
        play.run()
        took = checks.all_hold(stage, play)
        ledger = play.ledger
        told = f"ok     {kind} seed {seed}: {len(play.schedule)} faults, {ledger.changes} changes, {len(ledger.acknowledged)} events acknowledged, {ledger.refused} refused, {ledger.lists} lists; well again after {took:.1f} s"
        good = True
    except Exception:
        if stage:
            stage.keep_evidence()
        told = f"FAILED {kind} seed {seed}\n{traceback.format_exc()}\n{said(play)}\n{logs(folder)}kept in {folder}"
    finally:
        if stage:
            stage.end()
    if good and not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return good, told


def said(play: Play | None) -> str:
    """The schedule as it went, and what of it did not come to pass."""
    if play is None:
        return "it failed before the first fault"
    planned = [f"{f.at:6.2f} s       {f.what}, planned, for {f.lasts:.2f} s" for f in play.schedule if not any(f.what in line for line in play.said)]
    return "\n".join([*play.said, *planned])


def logs(folder: Path) -> str:
    """The last words of each server; all of them are kept."""
    told = []
    for log in sorted(folder.glob("log-*")):
        if log.name != "log-gitlab":
            lines = [line for line in log.read_text(errors="replace").splitlines() if '"INFO"' not in line and "slow threshold" not in line]
            told.append(f"── {log.name}\n" + "".join(f"{line[:400]}\n" for line in lines[-8:]))
    return "".join(told)


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("binary", type=Path)
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--seed", type=int, help="this one alone")
    options.add_argument("--first", type=int, help="the first of the seeds; drawn without it")
    options.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--without-mounts", action="store_true", help="leave the full disk out")
    options.add_argument("--as-possible", action="store_true", help="leave the full disk out only where none can be mounted, and say so")
    options.add_argument("--keep", action="store_true", help="keep folders and logs")
    options = options.parse_args()
    mounts = not options.without_mounts and (can_mount() or not options.as_possible)
    if mounts and not can_mount():
        print("A FULL DISK CANNOT BE TRIED: that needs root, who may mount a small disk. Run as root, or say --without-mounts.", file=sys.stderr)
        return 1
    first = options.first if options.first is not None else secrets.randbelow(1_000_000)
    seeds = [options.seed] if options.seed is not None else list(range(first, first + options.seeds))
    kinds = ["sqlite", "postgres"] if options.database == "both" else [options.database]
    results = []
    with tempfile.TemporaryDirectory(prefix="stagedoor-faults-shim-") as place:
        Path(place).chmod(0o755)
        print(f"seeds {seeds[0]} to {seeds[-1]} on {', '.join(kinds)}" + ("" if mounts else "; A FULL DISK IS LEFT OUT"), flush=True)
        shim = build_shim(Path(place))
        with ProcessPoolExecutor(options.jobs) as pool:
            plays = [pool.submit(one, options.binary.resolve(), shim, kind, seed, mounts, options.keep) for seed in seeds for kind in kinds]
            for play in plays:
                good, told = play.result()
                results.append(good)
                print(told, flush=True)
    passed = sum(results)
    print(f"{passed} passed, {len(results) - passed} failed")
    return 0 if passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
