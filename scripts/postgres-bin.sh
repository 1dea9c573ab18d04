#!/usr/bin/env bash
# Prints the folder with PostgreSQL's server programs, newest first; nothing when there is none.
for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr) "$(pg_config --bindir 2>/dev/null)" \
  "$(dirname "$(readlink -f "$(command -v initdb 2>/dev/null)" 2>/dev/null)" 2>/dev/null)"; do
  if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
    echo "$folder"
    exit 0
  fi
done
exit 0
