#!/usr/bin/env bash
# Everything that is checked, step by step; goes on after a failure and names all of them at the end.
set -uo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never
target=${CARGO_TARGET_DIR:-target}
binary=$target/debug/stagedoor
passed=0
failed=()

step() { # name, command…
  local name=$1 begun=$SECONDS
  shift
  printf '\n== %s\n' "$name"
  if "$@"; then
    passed=$((passed + 1))
    printf -- '-- %s: passed in %s s\n' "$name" $((SECONDS - begun))
  else
    failed+=("$name")
    printf -- '-- %s: FAILED after %s s\n' "$name" $((SECONDS - begun))
  fi
}

in_console() { (cd console && npm run --silent "$@"); }

openapi_is_current() {
  "$binary" openapi | diff -u console/openapi.json - && return
  echo "The API changed: run 'make types' and commit console/openapi.json and the types." >&2
  return 1
}

browser() {
  STAGEDOOR_BIN=$(realpath "$binary") in_console e2e
}

step "console: packages" npm --prefix console ci --silent --no-audit --no-fund
step "console: format, lints, types" in_console check
step "console: unit tests" in_console test
step "console: build" in_console build
step "console: size" in_console size
step "rust: format" cargo fmt --all --check
step "rust: lints" cargo clippy --quiet --workspace --all-targets -- -D warnings
step "rust: build" cargo build --quiet --workspace --bins
step "rust: tests on SQLite and PostgreSQL" scripts/with-postgres.sh cargo test --quiet --workspace
step "house: invariants" python3 tests/house/run.py
step "api: description is current" openapi_is_current
step "docs: titles, links, commands" python3 tests/docs/run.py "$binary"
step "commands: in a terminal" scripts/with-postgres.sh python3 tests/commands/run.py "$binary"
step "network: squid, a private authority, failing servers" python3 tests/network/run.py "$binary"
step "connections: added, rotated, failing, mended, removed" scripts/with-postgres.sh python3 tests/connections/run.py "$binary"
step "serve: kill, restart, both databases" scripts/with-postgres.sh python3 tests/serve/run.py "$binary"
step "replicas: three servers on one PostgreSQL" scripts/with-postgres.sh python3 tests/replicas/run.py "$binary"
step "faults: two schedules on each database" python3 tests/faults/run.py "$binary" --first 638797 --seeds 2 --jobs 2 --as-possible
step "foreign: GitLab clients on the sandbox" python3 tests/foreign/run.py "$binary"
step "foreign: catalog client on the API" python3 tests/foreign/backstage/run.py "$binary"
step "parity: catalog files judged alike" tests/parity/run.sh "$binary"
step "browser: the console as a person uses it" browser

printf '\n'
for name in "${failed[@]+"${failed[@]}"}"; do printf 'FAILED: %s\n' "$name"; done
printf 'steps: %s passed, %s failed\n' "$passed" "${#failed[@]}"
[ "${#failed[@]}" = 0 ]
