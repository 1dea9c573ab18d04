# Two commands matter on a fresh machine: `make demo` and `make test`. The others are for daily work.
# Prerequisites: Rust 1.95, Node 20 or newer, git, a C compiler, Python 3.9 or newer. What else the targets need they
# install on Debian as root, or they name exactly what is missing and fail.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
BINARY := $(or $(CARGO_TARGET_DIR),target)/debug/stagedoor
RELEASE := $(or $(CARGO_TARGET_DIR),target)/release/stagedoor

.PHONY: help demo test faults check bench console types clean

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## A made-up company in a browser: builds, starts, prints the address; Ctrl-C ends it
	@scripts/prerequisites.sh demo
	@$(MAKE) --no-print-directory console
	cargo build --quiet --bin stagedoor
	@exec $(BINARY) demo

test: ## Everything that is checked, on SQLite and PostgreSQL, in a browser, by foreign clients
	@scripts/prerequisites.sh test
	@scripts/test.sh

faults: ## Faults by drawn schedules on both databases: make faults SEEDS=100 [JOBS=3]; a failure names its seed
	@scripts/prerequisites.sh test
	@$(MAKE) --no-print-directory console
	cargo build --quiet --bin stagedoor
	python3 tests/faults/run.py $(BINARY) --seeds $(or $(SEEDS),5) --jobs $(or $(JOBS),2)

check: ## What can be known within a minute: format, types, lints
	@scripts/prerequisites.sh check
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets -- -D warnings
	@$(MAKE) --no-print-directory console/node_modules
	cd console && npm run --silent check

bench: ## Figures beside their references and goals (release build)
	@scripts/prerequisites.sh bench
	@$(MAKE) --no-print-directory console
	cargo build --release --quiet --bin stagedoor
	python3 bench/run.py $(RELEASE)

console: console/node_modules ## The console's files, as the binary embeds them
	cd console && npm run --silent build

console/node_modules: console/package-lock.json
	cd console && npm ci --silent --no-audit --no-fund
	@touch $@

types: ## The API's description and the console's types, from the binary
	cargo build --quiet --bin stagedoor
	$(BINARY) openapi > console/openapi.json
	cd console && npm run --silent types

clean: ## Removes what was built
	cargo clean
	rm -rf console/dist console/node_modules bench/out
