# `make` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build test lint bench microbench faults fuzz demo samples mutants soak clean tools

FUZZTIME ?= 30s
BENCH ?= .
SOAK ?= 1h

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

build: ## build ./tocsin
	go build -trimpath -o tocsin ./cmd/tocsin

test: tools ## everything that must hold; says first what it installs (about half an hour on 2 cores)
	@bash .ci/test

lint: tools ## golangci-lint, file sizes, package comments, README's example
	@bash .ci/test lint files

bench: ## measure the whole way beside what the store can do, into README's table (SHORT=1: under 5 minutes, table untouched)
	go run ./cmd/internal/bench -history .cache/bench-history.jsonl $(if $(SHORT),-short,-readme README.md)

microbench: ## Go benchmarks of the packages (BENCH=regexp)
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

fuzz: ## each fuzz target for FUZZTIME (30s)
	@FUZZTIME=$(FUZZTIME) bash .ci/test fuzz

faults: tools ## the long form of faults against real servers, for hours (SHORT=1: as in CI)
	@bash .ci/faults $(if $(SHORT),,long)

demo: ## the story of an alert, with simulated phones
	go run ./cmd/tocsin demo

samples: ## real bodies of senders in ../shared against the sources
	go test -count=1 -v -run '^TestSamples$$' ./routing/source | grep -v -e '^ *---' -e '^=== '

mutants: ## faults put in on purpose: the tests must notice each
	@bash .ci/test mutants

soak: ## simulated histories with faults, new seeds, for an hour (SOAK=30s)
	@bash .ci/soak $(SOAK)

tools: ## install what the tests need and is missing
	@bash .ci/install

clean: ## remove what was built and installed here
	rm -rf tocsin .cache coverage.out
