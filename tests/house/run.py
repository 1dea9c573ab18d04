#!/usr/bin/env python3
"""The invariants of ARCHITECTURE.md that are about what is absent: who may use whom, and where a thing may not live."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = {"model": 0, "policy": 1, "store": 2, "gitlab": 2, "secrets": 2, "catalog": 3, "broker": 3, "api": 4, "stagedoor": 5}
# Aside: uses none of ours, so that it cannot share our mistakes.
ASIDE = "sandbox"
# A library that only these rooms may name; whoever stands on them gets it with them.
ONLY = {
    "sqlx": {"store"},
    "axum": {"api", "sandbox"},
    "utoipa": {"api"},
    "reqwest": {"gitlab", "sandbox", "stagedoor"},
    "cedar-policy": {"policy"},
}
passed, failures = 0, []


def check(name: str, found: list[str]) -> None:
    global passed
    if found:
        failures.append(name)
        print(f"FAILED {name}")
        for line in found:
            print(f"  {line}")
    else:
        passed += 1
        print(f"ok     {name}")


def manifests() -> dict[str, dict]:
    found = {}
    for path in sorted((ROOT / "crates").glob("*/Cargo.toml")):
        manifest = tomllib.loads(path.read_text())
        found[manifest["package"]["name"]] = manifest
        assert path.parent.name == manifest["package"]["name"], f"{path}: the folder is called as the crate"
    return found


def arrows_point_down(crates: dict[str, dict]) -> list[str]:
    wrong = [f"{name}: on no floor; add it here and to ARCHITECTURE.md" for name in crates if name not in FLOORS and name != ASIDE]
    for name, manifest in crates.items():
        ours = [d for d in manifest.get("dependencies", {}) if d in crates]
        if name == ASIDE:
            wrong += [f"{ASIDE} uses {d}" for d in ours]
            continue
        for other in ours:
            if other == ASIDE:
                if name != "stagedoor":
                    wrong.append(f"{name} uses {ASIDE}")
            elif FLOORS[other] > FLOORS[name] or (FLOORS[other] == FLOORS[name]):
                wrong.append(f"{name} (floor {FLOORS[name]}) uses {other} (floor {FLOORS[other]})")
    return wrong


def libraries_stay_in_their_rooms(crates: dict[str, dict]) -> list[str]:
    wrong = []
    for library, rooms in ONLY.items():
        for name, manifest in crates.items():
            if library in manifest.get("dependencies", {}) and name not in rooms:
                wrong.append(f"{name} depends on {library}; only {', '.join(sorted(rooms))} may")
    return wrong


def tree_of(name: str) -> set[str]:
    text = subprocess.run(
        ["cargo", "tree", "--offline", "--locked", "-p", name, "-e", "normal", "--prefix", "none", "--format", "{p}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout
    return {line.split()[0] for line in text.splitlines() if line.strip()}


def absent_from_trees() -> list[str]:
    wrong = []
    for room in ["model", "policy"]:
        tree = tree_of(room)
        wrong += [f"{room} pulls in {d}" for d in ["sqlx", "axum", "reqwest", "hyper"] if d in tree]
        if room == "model":
            wrong += [f"model pulls in {d}" for d in ["tokio", "async-trait"] if d in tree]
    wrong += [f"gitlab pulls in {d}" for d in ["sqlx", "axum"] if d in tree_of("gitlab")]
    wrong += [f"store pulls in {d}" for d in ["axum", "reqwest"] if d in tree_of("store")]
    for tls in ["openssl-sys", "native-tls"]:
        if tls in tree_of("stagedoor"):
            wrong.append(f"{tls} is linked; rustls with aws-lc-rs is the one TLS here")
    return wrong


FUNCTION = re.compile(r"\n(?P<indent>[ ]*)(?:pub(?:\([a-z]+\))? )?(?:async )?fn (?P<name>\w+)(?P<rest>.*?)\n(?P=indent)\}", re.S)


def writes_take_permits() -> list[str]:
    """A function of a client that sends anything but a read names a permit in its signature."""
    wrong, writes = [], 0
    for path in sorted((ROOT / "crates/gitlab/src").rglob("*.rs")):
        if path.name == "tests.rs":
            continue
        for found in FUNCTION.finditer("\n" + path.read_text()):
            if re.search(r"Method::(POST|PUT|PATCH|DELETE)|Request::(write|post|put|delete)", found["rest"]):
                signature = found["rest"].split("{", 1)[0]
                writes += 1
                # GraphQL reads travel as POST; its one door sends queries only, which its own tests hold.
                if "&Permit<" not in signature and path.name != "graphql.rs":
                    wrong.append(f"{path.relative_to(ROOT)}: {found['name']} writes without a permit")
    return wrong or ([] if writes else ["no writing call was found: does this check still look for the right thing?"])


def mutations_take_permits() -> list[str]:
    texts = [(p, p.read_text()) for p in (ROOT / "crates/gitlab/src").rglob("*.rs")]
    return [f"{p.relative_to(ROOT)}: a GraphQL mutation" for p, t in texts if re.search(r'"\s*mutation\b', t)]


def secrets_are_a_type() -> list[str]:
    wrong = []
    for path in (ROOT / "crates").glob("*/src/**/*.rs"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if "sandbox" in path.parts or path.name == "tests.rs":
                continue
            if re.search(r"^\s*(pub(\(\w+\))? )?(token|secret|password|signing): (Option<)?String", line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    return wrong


def tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def no_registry_hosts() -> list[str]:
    # Split, so that this file does not name them either.
    hosts = ["registry.npm" + "js.org", "py" + "pi.org", "static.cra" + "tes.io", "index.cra" + "tes.io", "deb.deb" + "ian.org",
             "files.python" + "hosted.org", "proxy.go" + "lang.org", "repo1.maven.apa" + "che.org", "repo.maven.apa" + "che.org"]
    wrong = []
    for path in tracked():
        text = path.read_bytes()
        wrong += [f"{path.relative_to(ROOT)}: {host}" for host in hosts if host.encode() in text]
    return wrong


def files_have_one_reason() -> list[str]:
    wrong = []
    for path in tracked():
        if path.suffix in {".rs", ".ts", ".tsx"} and "schema.d.ts" not in path.name:
            lines = path.read_text().count("\n")
            if lines > 600 and "/world/" not in str(path):
                wrong.append(f"{path.relative_to(ROOT)}: {lines} lines")
    return wrong


def main() -> int:
    crates = manifests()
    check("arrows point down", arrows_point_down(crates))
    check("libraries stay in their rooms", libraries_stay_in_their_rooms(crates))
    check("what a room refuses to know is not in its tree", absent_from_trees())
    check("writing calls take a permit", writes_take_permits())
    check("no GraphQL mutation outside a permit", mutations_take_permits())
    check("secrets are a type that does not print", secrets_are_a_type())
    check("no registry host stands in the tree", no_registry_hosts())
    check("no file over 600 lines", files_have_one_reason())
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
