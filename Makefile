# Saldo. `make demo` shows it, `make test` proves it.
SHELL := /bin/bash
PYTHON ?= python3
# As root below /root the embedded database, which runs as another user, could not reach a local
# environment without opening /root to everybody: it goes to a system folder then.
VENV := $(shell if [ "$$(id -u)" = 0 ] && [[ "$$(pwd -P)/" == /root/* ]]; then echo /var/lib/saldo/venv; else echo .venv; fi)
BIN := $(VENV)/bin
PIP := $(BIN)/pip
# The lock is complete, what is imported is compiled then, and a recent pip reads an index in half
# the time of the one that came with Python.
QUICK := install --quiet --disable-pip-version-check --no-compile
TOOLS := "pip>=25.1" "setuptools>=77"
WORKERS ?= 2
# Compiled once and kept, also where the surroundings would have it otherwise: half of every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test fuzz lint install bench mutation gallery snapshots lock

demo: $(VENV)/.runtime          ## everything embedded: build the simulated company and serve it
	@$(BIN)/saldo demo $(ARGS)

test: $(VENV)/.dev chromium spark ## the whole suite, browser journeys and a Spark cluster included
	$(BIN)/python -m pytest -n $(WORKERS)

fuzz: $(VENV)/.dev              ## addresses, pages and parsers asked DEEP times as much as the suite does
	SALDO_FUZZ=$(or $(DEEP),20) $(BIN)/python -m pytest -n $(WORKERS) tests/fuzz

lint: $(VENV)/.dev              ## style, types, layers, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

install: $(VENV)/.dev           ## the environment with the tools of developers

bench: $(VENV)/.dev             ## every benchmark, each against its rival
	$(BIN)/saldo bench sync --json
	$(BIN)/saldo bench dashboard --json
	$(BIN)/saldo bench api --json
	$(BIN)/saldo bench paint --json
	$(BIN)/saldo bench usage --json
	$(BIN)/saldo bench renewals --json
	$(BIN)/saldo bench matching --json
	$(BIN)/saldo bench reconcile --json
	$(BIN)/saldo bench backfill --json
	$(BIN)/saldo bench soak --json

mutation: $(VENV)/.dev          ## which changes of the rules of money does no test notice? (docs/mutation.md)
	$(BIN)/mutmut run --max-children $(WORKERS)
	$(BIN)/mutmut results

gallery: $(VENV)/.dev chromium  ## a screenshot of every page as each role, light and dark (docs/gallery)
	$(BIN)/python -m tests.journeys.gallery --publish docs/gallery

snapshots: $(VENV)/.dev         ## keep what pages are made of now, after one was changed on purpose
	SALDO_SNAPSHOTS=renew $(BIN)/python -m pytest tests/pages/test_snapshots.py
	git diff --stat -- tests/pages/snapshots

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  echo "Installing chromium for the browser journeys" && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || \
	  echo "No chromium and no right to install it: the browser journeys will be skipped"

.PHONY: spark
spark: $(VENV)/.dev             ## Spark, where there is a Java for it
	@java="$${JAVA_HOME:+$$JAVA_HOME/bin/}java"; \
	version=$$("$$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p'); \
	if [ "$${version:-0}" -ge 17 ]; then \
	  $(MAKE) --no-print-directory $(VENV)/.spark || \
	  echo "Spark could not be installed: the tests on a cluster will be skipped"; \
	else echo "No Java 17 or newer: the tests on a Spark cluster will be skipped"; fi

lock:                           ## renew the lock files from pyproject.toml (needs uv)
	uv pip compile --quiet --generate-hashes --no-header pyproject.toml -o requirements.lock
	uv pip compile --quiet --generate-hashes --no-header --extra dev \
	  -c requirements.lock pyproject.toml -o requirements-dev.lock
	uv pip compile --quiet --generate-hashes --no-header --extra spark \
	  -c requirements.lock -c requirements-dev.lock pyproject.toml -o requirements-spark.lock

$(VENV)/bin/python:
	@echo "Making the environment in $(VENV)"
	@$(PYTHON) -m venv --without-pip $(VENV)
	@[ "$(VENV)" = .venv ] || ln -sfn $(VENV) .venv

# One half of an installation waits for the index and the other unpacks: two at once share that.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Saldo needs (about half a minute)"
	@$(PYTHON) -m pip --python $(BIN)/python $(QUICK) $(TOOLS) || \
	  { $(BIN)/python -m ensurepip >/dev/null && $(BIN)/python -m pip $(QUICK) $(TOOLS); }
	@rm -f $(VENV)/half.*
	@awk '/^[a-z0-9]/ { half = packages++ % 2 } { print > ("$(VENV)/half." half) }' requirements.lock
	@ls $(VENV)/half.* | xargs -P 2 -n 1 $(PIP) $(QUICK) --no-deps --require-hashes -r
	@PYTHONWARNINGS=ignore $(PIP) $(QUICK) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the tools of developers"
	@$(PIP) $(QUICK) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

# Spark comes as a source of half a gigabyte that only needs unpacking.
$(VENV)/.spark: requirements-spark.lock $(VENV)/.dev
	@echo "Installing Spark for the tests on a cluster (about half a gigabyte)"
	@$(PIP) $(QUICK) --no-deps --no-build-isolation --require-hashes -r requirements-spark.lock
	@touch $@
