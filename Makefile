# What there is to do. `make` alone lists it.
#
# make, a C compiler and Rust are all that `build` needs. `test` fetches what else it needs itself where apt is.

CARGO ?= cargo

.DEFAULT_GOAL := help
.PHONY: help build test test-fast

help: ## Lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

build: ## Builds the optimised program, target/release/ecluse
	$(CARGO) build --release

test: ## Format, lints, unit, property and end-to-end tests, in real browsers too
	@exec scripts/test.sh

test-fast: ## The same without lints and browsers
	$(CARGO) test
