#!/bin/sh
# Runs the foreign clients against a binary: tests/foreign/run.sh target/debug/stagedoor [CLIENT…]
set -eu
exec python3 "$(dirname "$0")/run.py" "$@"
