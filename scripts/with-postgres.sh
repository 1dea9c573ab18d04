#!/usr/bin/env bash
# Runs a command with a PostgreSQL of its own: STAGEDOOR_TEST_POSTGRES names it. It is gone afterwards.
set -euo pipefail
bin=$(scripts/postgres-bin.sh)
[ -n "$bin" ] || { echo "no PostgreSQL server programs found" >&2; exit 1; }
folder=$(mktemp -d)
as=()
if [ "$(id -u)" = 0 ]; then
  # The server refuses to run as root.
  id postgres >/dev/null 2>&1 || useradd --system postgres
  chown postgres "$folder"
  as=(runuser -u postgres --)
fi
stop() {
  "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
(cd "$folder" && "${as[@]}" "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
options="-p $port -k $folder -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=400"
(cd "$folder" && "${as[@]}" "$bin/pg_ctl" -D "$folder/data" -w -t 60 -o "$options" -l "$folder/log" start >/dev/null) ||
  { cat "$folder/log" >&2; exit 1; }
export STAGEDOOR_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port"
"$@"
