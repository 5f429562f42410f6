# Everything a developer types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup sandbox demo up test check format bench migrate openapi constraints clean

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP) ## Create .venv with the exact versions of constraints/all.txt

$(STAMP): constraints/all.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r constraints/all.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

sandbox: ## Install bubblewrap, which customers' code runs in (root, with apt)
	@scripts/install-bubblewrap

demo: setup ## Install, start the whole stack, send 20,000 responses through it, stay up
	@scripts/install-bubblewrap || true
	$(BIN)/penstock up --demo

up: setup ## Start the whole stack on .penstock/ and stay up
	$(BIN)/penstock up

test: setup ## The whole suite, on real PostgreSQL, Valkey and bubblewrap
	@scripts/install-bubblewrap || true
	$(BIN)/pytest -n 2 --dist worksteal

check: setup ## Format, lint, types, import contracts, OpenAPI, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/penstock openapi --check

format: setup ## Rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Time the engine against its rivals
	$(BIN)/python -m tests.bench

migrate: setup ## Bring the database of PENSTOCK_DATABASE_URL to the newest schema
	$(BIN)/penstock migrate

openapi: setup ## Write openapi/openapi.json
	$(BIN)/penstock openapi

constraints: ## Resolve the newest versions into constraints/ (exact, hashed, no addresses)
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate -o constraints/runtime.txt pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate --extra embedded --extra dev -c constraints/runtime.txt -o constraints/all.txt pyproject.toml

clean: ## Remove .venv and the embedded stack's data
	rm -rf $(VENV) .penstock
