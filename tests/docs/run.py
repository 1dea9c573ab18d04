#!/usr/bin/env python3
"""The book tells the truth: titles of checks, links, commands and their flags. Usage: run.py BINARY"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(sys.argv[1]).resolve()
BOOK = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
passed, failed = 0, 0


def check(name: str, missing: list[str], looked_at: int) -> None:
    """Fails when something is missing, and also when nothing was looked at: then the check looks for the wrong thing."""
    global passed, failed
    if missing or not looked_at:
        failed += 1
        print(f"FAILED {name} ({looked_at} looked at)")
        for line in missing:
            print(f"  {line}")
    else:
        passed += 1
        print(f"ok     {name} ({looked_at})")


def titles() -> None:
    """What a failed or noted check is called stands in the page for whoever searches for it."""
    book = (ROOT / "docs/troubleshooting.md").read_text()
    found = set()
    for name in ["network", "account", "mod"]:
        code = (ROOT / f"crates/broker/src/check/{name}.rs").read_text()
        # Calls, and the tables from which their titles come.
        for call in re.finditer(r"(?:fail|note|fail_with)\(\s*(?:CheckId::\w+|id),\s*&?(?:format!\()?\"([^\"]+)\"", code):
            found.add(call[1])
        for arm in re.finditer(r"=>\s*\(?\s*\"((?:The|This|Nothing|GitLab does|Some) [^\"]+)\"", code):
            found.add(arm[1])
    parts = lambda title: [part.strip() for part in re.split(r"\{[^}]*\}", title) if part.strip()]
    missing = [title for title in sorted(found) if not any(all(part in line for part in parts(title)) for line in book.splitlines())]
    check("every title of a check is explained", missing, len(found))


def damage() -> None:
    """Each word for a damaged backup stands in the page that says what to do."""
    code = (ROOT / "crates/store/src/backup/error.rs").read_text()
    words = re.findall(r"Self::\w+(?:\(_\)| \{ \.\. \})? => \"([a-z-]+)\"", code)
    page = (ROOT / "docs/backup.md").read_text()
    check("every damage of a backup is explained", [word for word in words if f"`{word}`" not in page], len(words))


def anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links() -> None:
    broken, count = [], 0
    for page in BOOK:
        for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", page.read_text()):
            if "://" in target or not target:
                continue
            count += 1
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
        for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", page.read_text()):
            other = page if not target else page.parent / target
            if "://" not in target and other.exists() and anchor not in anchors(other.read_text()):
                broken.append(f"{page.relative_to(ROOT)}: {target}#{anchor}")
    check("every link leads somewhere", broken, count)


def help_of(path: tuple[str, ...], known: dict) -> str | None:
    if path not in known:
        done = subprocess.run([BINARY, *path, "--help"], capture_output=True, text=True, timeout=60)
        known[path] = done.stdout if done.returncode == 0 else None
    return known[path]


def commands() -> None:
    wrong, count, known = [], 0, {}
    for page in BOOK:
        for block in re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text(), re.S):
            for line in block.replace("\\\n", " ").splitlines():
                line = line.split(" #")[0]
                found = re.search(r"(?:^|\s|/)stagedoor ((?:[a-z-]+ ?){1,2})(.*)$", line)
                if not found:
                    continue
                count += 1
                words = found[1].split()
                path = tuple(words)
                while path and help_of(path, known) is None:
                    path = path[:-1]
                if not path:
                    wrong.append(f"{page.name}: no such command: {line.strip()}")
                    continue
                text = help_of(path, known) or ""
                for flag in re.findall(r"(?<!\S)(--[a-z-]+)", found[0]):
                    if flag not in text:
                        wrong.append(f"{page.name}: {' '.join(path)} has no {flag}: {line.strip()}")
    check("every command and flag exists", wrong, count)


titles()
damage()
links()
commands()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
