# Everything a person does with this repository. `make run` and `make test` set up what they need.
.DEFAULT_GOAL := help
.PHONY: help run test lint fmt bench soak fuzz generate

CARGO ?= cargo
# How long each fuzz target runs, in seconds.
FUZZ_SECONDS ?= 300
# How many seeds and rounds a soak runs.
SEEDS ?= 2000
ROUNDS ?= 1000
# How long a soak streams text into the console in the browser.
SOAK_SECONDS ?= 600

help: ## Show this
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run: ## Build, start a runtime on loopback, and watch a recorded agent session live
	@scripts/setup
	@scripts/run

test: ## Run every test
	@scripts/setup
	@scripts/setup-tests
	@scripts/test

lint: ## Check formatting, lints, generated files, feature isolation and the tree
	@scripts/setup
	@scripts/setup-typescript
	@scripts/setup-web
	@scripts/lint

fmt: ## Format the code
	$(CARGO) fmt --all

generate: ## Write the generated files anew
	$(CARGO) run -q -p xtask -- generate

bench: ## Measure; benches/README.md says what the figures mean
	@scripts/setup
	$(CARGO) bench -p event-log -p observation -p worker-runtime --features observation/ws,worker-runtime/fs-store
	scripts/build-guests
	$(CARGO) bench -p yoi-manifest -p yoi-plugin-host
	$(CARGO) bench -p yoi-ticket
	$(CARGO) bench -p yoi-agents --bench workers
	$(CARGO) bench -p yoi --bench wires

soak: ## The slow tests: SEEDS simulated networks, ROUNDS kills, SOAK_SECONDS of text in the browser
	@scripts/setup
	@scripts/build-web
	YOI_SIM_SEEDS=$(SEEDS) $(CARGO) test -p observation --features ws --test it -- --nocapture simulation
	YOI_SIM_SEEDS=$(SEEDS) $(CARGO) test -p yoi-workspace-server --test simulation -- --nocapture
	YOI_KILL_ROUNDS=$(ROUNDS) $(CARGO) test -p yoi --test it -- --nocapture kill
	$(CARGO) build --locked -p yoi -p worker-runtime --features worker-runtime/cli
	SOAK_SECONDS=$(SOAK_SECONDS) YOI_BIN_DIR="$$(cd "$${CARGO_TARGET_DIR:-target}/debug" && pwd)" npm run soak --prefix web

fuzz: ## Run every fuzz target for FUZZ_SECONDS
	@scripts/setup
	@scripts/fuzz $(FUZZ_SECONDS)
