#!/bin/sh
# Compares our verdicts on the corpus with those of the reference's own packages.
#
# Usage: tests/parity/run.sh BINARY
# BINARY is `stagedoor`, or the example `validate` of the crate `catalog`. Ends with "N passed, N failed"; exit 1 on any
# difference that README.md does not give a reason for.
set -eu
if [ $# -ne 1 ]; then
  echo "usage: $0 BINARY" >&2
  exit 2
fi
binary=$(realpath "$1")
cd "$(dirname "$0")"
# Installed again only when the lock changed.
if [ ! -f node_modules/.installed ] || ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
  cp package-lock.json node_modules/.installed
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
node generate.mjs "$out/corpus"
if ! diff -r corpus "$out/corpus" >/dev/null; then
  echo "corpus/ is not what generate.mjs writes; run: node tests/parity/generate.mjs" >&2
  exit 1
fi
node reference.mjs corpus/*.yaml >"$out/reference.json"
# Exit 1 only says that some document was refused, as it must be here.
status=0
"$binary" catalog validate --output json corpus/*.yaml >"$out/ours.json" || status=$?
if [ "$status" -gt 1 ]; then
  echo "$binary catalog validate ended with $status" >&2
  exit 1
fi
node compare.mjs "$out/reference.json" "$out/ours.json" README.md
