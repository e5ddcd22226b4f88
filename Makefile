# What there is to do. `make` alone lists it.
#
# make, a C compiler and Rust are all that `build`, `demo` and `doors` need. `test` and `screenshots` fetch what else they
# need themselves where apt is.

CARGO ?= cargo

.DEFAULT_GOAL := help
.PHONY: help build demo doors test test-fast test-postgres torture torture-unhinged interop bench screenshots compose-tour kubernetes clean-demo
.PHONY: bench-postgres bench-peers load load-postgres

help: ## Lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 26

build: ## Builds the optimised program, target/release/ecluse
	$(CARGO) build --release

# Everything at once: with one profile and one set of features, nothing is compiled twice.
demo: ## Starts the provider and two relying parties with invented people, until Ctrl-C
	@$(CARGO) build --bins --examples
	@exec $(CARGO) run --quiet --example demo -- run

doors: ## With the demo running: tries every door before, during and after an order
	@$(CARGO) build --quiet --bins --examples
	@exec $(CARGO) run --quiet --example demo -- doors

test: ## Format, lints, unit, property and end-to-end tests, in real browsers too
	@CARGO="$(CARGO)" scripts/test.sh

test-fast: ## The same without lints, browsers and PostgreSQL
	$(CARGO) test

test-postgres: ## The tests that touch a database, on a PostgreSQL server of their own
	@CARGO="$(CARGO)" scripts/postgres.sh scripts/test.sh on-postgres

torture: ## Replicas, PostgreSQL and Redis fail at random, and a checker judges; ECLUSE_TORTURE_SEED, _SECONDS
	@CARGO="$(CARGO)" scripts/torture.sh

torture-unhinged: ## Disarms each door and each condition in turn: the torture must notice; takes an hour
	@CARGO="$(CARGO)" scripts/torture.sh unhinged

interop: ## openid-client (npm), authlib and schemathesis (PyPI) as published; needs node and python3
	@$(CARGO) build --quiet --bins --examples
	@CARGO="$(CARGO)" tests/interop/run.sh

screenshots: ## Draws docs/images anew, from a demo of its own, in Chromium
	@CARGO="$(CARGO)" scripts/screenshots.sh

compose-tour: ## README's tour in Chromium on docker compose, while a replica and Redis are killed; takes its time
	@scripts/compose_tour.sh

kubernetes: ## Holds deploy/kubernetes against the published schemas, and against what no schema knows
	@scripts/kubernetes.sh

bench: ## Prints each speed beside its limit, measured in the same run; takes its time
	$(CARGO) bench --bench figures

bench-postgres: ## The same on a PostgreSQL and a Redis server of their own, and two replicas beside one
	$(CARGO) bench --bench figures --no-run
	ECLUSE_TEST_FSYNC=on scripts/postgres.sh scripts/redis.sh \
	    $(CARGO) bench --bench figures -- --only import,memory,doors,orders
	ECLUSE_TEST_FSYNC=on scripts/postgres.sh scripts/redis.sh \
	    $(CARGO) bench --bench figures -- --only replicas --accounts 20000

bench-peers: ## The doors beside those of node-oidc-provider, one core each; needs node and npm
	npm ci --prefix benches/peers --silent --ignore-scripts --no-audit --no-fund
	$(CARGO) bench --bench figures --no-run
	taskset --cpu-list 1 $(CARGO) bench --bench figures -- --only peers --accounts 2000

# Twenty thousand people, everybody once; a provider of its own on this machine, and nothing else is loaded.
load: ## Monday at eight: people sign in at rising rates, and then at five times what can be; takes four minutes
	@$(CARGO) build --release --quiet --bin ecluse --example load
	@$(CARGO) run --release --quiet --example load

load-postgres: ## The same with two replicas on a PostgreSQL and a Redis server of their own
	@$(CARGO) build --release --quiet --bin ecluse --example load
	@scripts/postgres.sh scripts/redis.sh $(CARGO) run --release --quiet --example load

clean-demo: ## Removes what the demo left in .demo
	rm -rf .demo
