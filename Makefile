# Two commands do everything: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint types bench docs clean servers

demo: $(VENV)/.demo
	$(BIN)/holdfast demo

# What judges how a service fares has the machine for itself; the rest mostly waits, and is shared by two.
# Compiled once: the suite starts hundreds of processes, and where PYTHONDONTWRITEBYTECODE is set none would.
test: $(VENV)/.dev servers
	@$(BIN)/python -m compileall -q src
	$(BIN)/python -m pytest -m "not alone" --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest -m alone

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy -p holdfast
	$(BIN)/mypy -p benchmarks -p examples

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

# The servers that the tests start on ports of their own, and promtool. Installed where it is permitted; a test
# whose server is missing says so and is skipped, except with CI=true, where that is a failure.
servers:
	@sh tests/servers/install.sh

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("holdfast needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[all]' --group examples
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group bench
	@touch $@

# The pages that are made from the code; a test holds them up to date.
docs: $(VENV)/.dev
	$(BIN)/python -m holdfast.budget.reference > docs/budget.md
	$(BIN)/python -m holdfast.telemetry.exposition.reference > docs/metrics.md

clean:
	rm -rf $(VENV) build dist holdfast-report .mypy_cache .ruff_cache .pytest_cache .hypothesis
