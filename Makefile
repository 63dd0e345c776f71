# `make` lists the targets. Each target makes .venv from requirements.lock first, once.

PYTHON ?= python3
# Parallel test processes, and more arguments for pytest: make unit PYTEST_ARGS="-k batch -x"
WORKERS ?= 2
PYTEST_ARGS ?=

BIN := .venv/bin
STAMP := .venv/.installed
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
# No Prefect run, no process, no thousand objects: two minutes on two cores.
QUICK := not flow and not harness and not process and not slow
# Versions of Python beside the one of .venv, as far as they can be had.
MATRIX ?= 3.11 3.12 3.13 3.14

# Prefect's database is here, not in ~/.prefect, and no target reaches a server of yours.
export PREFECT_HOME ?= $(CURDIR)/.venv/prefect
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS := 60
export DO_NOT_TRACK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PREFECT_API_URL PREFECT_API_KEY PREFECT_API_AUTH_STRING PREFECT_PROFILE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup hooks demo test unit coverage matrix mutants screenshots harness bench lint docs format lock dist clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Without dependencies: the lock holds all of them, and pip would look for newer versions of packages with extras (sqlalchemy[asyncio]).
setup: $(STAMP)  ## Make .venv and install everything from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "channel-app needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1 || true). Name another: make setup PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing $$(grep -c '^[a-z0-9].*==' requirements.lock) packages into .venv (about a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check --quiet
	@touch $@
	@echo "Ready: $(BIN)/channel-app"

hooks: $(STAMP)  ## Have Git run lint before each commit
	@$(BIN)/pre-commit install

demo: $(STAMP)  ## Run every flow against a local Omnitron and a local marketplace
	@$(BIN)/channel-app demo

test: coverage  ## Run all tests, the crash harness as a sample (about half an hour)
	@echo "Running the tests with real runs and processes, the crash harness as a sample (about 15 minutes) ..."
	@$(PYTEST) -m "not minutes and not ($(QUICK))" $(PYTEST_ARGS)
	@echo "Running the tests that wait until a dead machine is noticed (about 7 minutes) ..."
	@$(PYTEST) -m minutes $(PYTEST_ARGS)

unit: $(STAMP)  ## Run the quick tests: no Prefect run, no process, no thousand objects (two minutes)
	@$(PYTEST) -m "$(QUICK)" $(PYTEST_ARGS)

coverage: $(STAMP)  ## Run the quick tests, and print the lines and branches that they leave out (three minutes)
	@echo "Running the quick tests, and counting the branches that they leave out (about 3 minutes) ..."
	@$(PYTEST) -m "$(QUICK)" --cov --cov-report=term-missing $(PYTEST_ARGS)

matrix: $(STAMP)  ## Run the quick tests on other versions of Python (MATRIX="3.13 3.14")
	@QUICK="$(QUICK)" WORKERS=$(WORKERS) .ci/matrix $(MATRIX)

screenshots: $(STAMP)  ## Take the pictures of docs/images from Prefect's UI
	@SCREENSHOTS=docs/images $(BIN)/python -m pytest -q tests/ui $(PYTEST_ARGS)

mutants: $(STAMP)  ## Damage the core bit by bit, and see that tests notice (WORDS=batch: only those)
	@$(BIN)/python -m tests.mutants.check --workers $(WORKERS) $(WORDS)

harness: $(STAMP)  ## Run the crash harness at every point
	@echo "Running the crash harness at every point (this takes long) ..."
	@HARNESS=all $(PYTEST) tests/harness tests/flows/test_outages.py tests/*/test_bad_*.py tests/*/test_text*.py $(PYTEST_ARGS)

bench: $(STAMP)  ## Measure the flows against their floors
	@$(BIN)/channel-app bench

lint: $(STAMP)  ## Check style, types and the direction of imports
	@echo "ruff check";           $(BIN)/ruff check --quiet
	@echo "ruff format --check";  $(BIN)/ruff format --check --quiet || { echo "Run: make format" >&2; exit 1; }
	@echo "mypy";                 $(BIN)/mypy
	@echo "lint-imports";         $(BIN)/lint-imports --no-logo

docs: $(STAMP)  ## Write the reference from the code, and build the site into build/docs
	@$(BIN)/python docs/generate_reference.py
	@$(BIN)/sphinx-build --fail-on-warning --keep-going --nitpicky --quiet docs build/docs
	@echo "build/docs/index.html"

format: $(STAMP)  ## Format, and apply ruff's fixes
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format

# uv resolves for all platforms and versions of Python at once. It does not read pip's settings for the package index.
# Versions stay as they are without UPGRADE=1.
lock:  ## Write requirements.lock from pyproject.toml (UPGRADE=1: newest versions)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Resolving (about half a minute) ..."
	@$(BIN)/python -m pip install -qq 'uv>=0.9,<1'
	@env -u UV_FIND_LINKS $(BIN)/uv pip compile pyproject.toml --extra dev --extra docs --extra large --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet $(if $(UPGRADE),--upgrade) -o requirements.lock
	@printf 'hatchling\nhatch-vcs\n' | env -u UV_FIND_LINKS $(BIN)/uv pip compile pyproject.toml - --extra large --universal --python-version 3.11 \
	  --constraint requirements.lock --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet \
	  -o deployments/requirements.lock
	@! grep -nE '://|--(index|extra-index|find-links)|==[^ ]*\+' requirements.lock deployments/requirements.lock || { \
	  echo "A lock names a place or a local build: see above" >&2; exit 1; }
	@echo "requirements.lock: $$(grep -c '^[a-z0-9].*==' requirements.lock) packages"

dist: $(STAMP)  ## Build the source distribution and the wheel into dist
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation

clean:  ## Remove .venv, caches and build output
	@rm -rf .venv .matrix build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find clients deployments docs dto flows tasks tests -name __pycache__ -type d -prune -exec rm -rf {} +
