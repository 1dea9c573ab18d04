#!/usr/bin/env bash
# Checks what a target needs, installs on Debian as root what can be installed, and otherwise names it and fails.
# Usage: scripts/prerequisites.sh demo|check|test|bench
set -euo pipefail
target=${1:?name the target}
missing=()

version_at_least() { # found wanted
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

need() { # command, version command, wanted, what to do
  if ! command -v "$1" >/dev/null 2>&1; then
    missing+=("$1: not found. $4")
    return
  fi
  [ -z "$3" ] && return
  local found
  found=$($2 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1)
  version_at_least "${found:-0}" "$3" || missing+=("$1: version ${found:-unknown}, needed $3 or newer. $4")
}

# Debian packages for programs that are not there; one update, however many are missing.
packages=()
debian() { # what is looked for, package
  packages+=("$2")
}

need cargo "cargo --version" 1.95 "Install Rust with rustup."
need node "node --version" 20 "Install Node.js 20 or newer."
need npm "npm --version" "" "It comes with Node.js."
need git "git --version" 2.30 "Install git."
need cc "" "" "Install a C compiler, on Debian: apt-get install gcc."
need python3 "python3 --version" 3.9 "Install Python 3."
# Without these two, format and lints would go unchecked, which must not pass for checked.
if [ "$target" = test ] || [ "$target" = check ]; then
  need cargo-clippy "" "" "THE LINTS CANNOT BE CHECKED without it: rustup component add clippy."
  need cargo-fmt "" "" "THE FORMAT CANNOT BE CHECKED without it: rustup component add rustfmt."
fi
if [ "$target" = test ]; then
  [ -n "$(scripts/postgres-bin.sh)" ] || debian postgres postgresql
  command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || debian chromium chromium
  # A real forward proxy, and what makes certificates.
  command -v squid >/dev/null 2>&1 || [ -x /usr/sbin/squid ] || debian squid squid
  command -v openssl >/dev/null 2>&1 || debian openssl openssl
  python3 -c 'import venv, ensurepip' 2>/dev/null || debian venv python3-venv
fi

# A load generator that is not ours.
if [ "$target" = bench ]; then
  command -v wrk >/dev/null 2>&1 || debian wrk wrk
  [ -n "$(scripts/postgres-bin.sh)" ] || debian postgres postgresql
fi

if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing ${packages[*]}"
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  else
    for package in "${packages[@]}"; do
      missing+=("$package: not found. Install it; on Debian: apt-get install $package (root runs of this target do so).")
    done
  fi
fi

if [ ${#missing[@]} -gt 0 ]; then
  echo "make $target needs what is not here:" >&2
  printf '  %s\n' "${missing[@]}" >&2
  exit 1
fi
