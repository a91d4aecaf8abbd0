# `make` lists what there is. `make run` and `make test` set up whatever they need.

SHELL := /bin/sh
PYTEST := .venv/bin/pytest
STAGE ?= dev
# What the functions run on (arm64, x86_64): the layer's wheels and the template's parameter alike.
ARCHITECTURE ?= arm64
# More of the template's parameters: make deploy PARAMETERS="AllowOrigin=https://... SubnetIds=..."
PARAMETERS ?=
SAM := PATH="$(CURDIR)/.venv-sam/bin:$$PATH" SAM_CLI_TELEMETRY=0 PARLEY_ARCHITECTURE=$(ARCHITECTURE)
# Without bytecode every start would compile every package anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-sam console fmt lint types imports test test-unit test-integration \
	test-e2e sweep bench run build check migrate deploy openapi lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## The environment: Python packages, by their locked hashes
	@tools/setup.sh

setup-sam: ## The SAM CLI, in an environment of its own
	@tools/setup.sh sam

console: setup ## The web console, into console/dist
	@tools/console.sh

run: setup console ## Everything on this machine: starts, deploys, prints where to go
	@.venv/bin/parley up

fmt: setup ## Format and mend what can be mended
	.venv/bin/ruff format
	.venv/bin/ruff check --fix

lint: setup
	.venv/bin/ruff format --check
	.venv/bin/ruff check

types: setup
	.venv/bin/mypy

imports: setup
	PYTHONPATH=shared:. .venv/bin/lint-imports

check: lint types imports ## Style, types and who may import whom

# Three workers for two processors: the one that has the laptop cloud mostly waits for it.
test: setup setup-sam console check ## Every test, with coverage; the last line is pytest's summary
	@$(PYTEST) -m "not sweep" -n 3 --dist loadgroup --cov --cov-report=

test-unit: setup ## Tests without servers or network
	@$(PYTEST) tests/unit tests/property -m "not sweep"

test-integration: setup ## Tests against the real servers
	@$(PYTEST) tests/contract tests/integration -m "not sweep"

test-e2e: setup console ## A user's stories, through the whole laptop cloud
	@$(PYTEST) tests/e2e -m "not sweep"

sweep: setup ## The long form of every search, crashes above all
	@$(PYTEST) -m sweep -n 2

bench: setup ## Measure: the engine, a persisted turn, imports
	@for bench in tests/benchmarks/bench_*.py; do \
		.venv/bin/python -m "tests.benchmarks.$$(basename "$$bench" .py)" || exit 1; \
	done

build: setup-sam ## What is deployed, into .aws-sam/build
	$(SAM) sam build --parameter-overrides Architecture=$(ARCHITECTURE)

migrate: setup ## The stores of a deployment, named by the environment (docs/OPERATIONS.md)
	@.venv/bin/parley migrate

deploy: build $(if $(filter no,$(MIGRATE)),,migrate) ## To AWS: make deploy STAGE=staging (docs/OPERATIONS.md)
	@$(SAM) tools/deploy.sh $(STAGE) $(ARCHITECTURE) $(PARAMETERS)

openapi: setup ## Describe the API anew, from its handlers
	PYTHONPATH=shared:functions:. .venv/bin/python -m tools.openapi

lock: setup ## Resolve requirements/*.in anew into their locks
	@tools/lock.sh

clean: ## Remove what was made here, the laptop cloud's data too
	@if [ -x .venv/bin/parley ]; then .venv/bin/parley down; fi
	rm -rf .venv .venv-sam .parley .aws-sam console/dist console/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
