# Everything runs in a virtual environment that the first target to need it creates.
# PYTHON picks the interpreter (3.11 or newer), VENV the folder, WORKERS the number of processes
# that share the tests, each with one thread.

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
PYTEST = $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal
INSTALLED := $(VENV)/.installed

# Compiling every installed file takes as long as installing it; Python compiles those that are
# used as they are first imported, unless this variable keeps it from doing so.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo bench test slow docs lint format clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

demo: $(INSTALLED)  ## a first look: an LSTM beside classical baselines, in a minute
	@$(BIN)/python benchmarks/demo.py

bench: $(INSTALLED)  ## the full IMDB benchmark, which fills a table of docs/benchmarks.md
	@$(BIN)/python benchmarks/imdb.py

test: lint  ## style, types and tests
	@$(PYTEST)

slow: $(INSTALLED)  ## the tests that `make test` leaves out
	@$(PYTEST) -m slow

# Examples run side by side, each with one thread. Sphinx runs again only those that have changed.
docs: $(INSTALLED)  ## the site, in docs/_build/html, and its tests in a headless Chromium
	@OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -b html -W --keep-going -q \
	  -d docs/_build/doctrees docs docs/_build/html
	@$(BIN)/python -m pytest -m site tests/site

lint: $(INSTALLED)  ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(INSTALLED)  ## rewrite the files in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:  ## remove the environment and what the tools left behind
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	rm -rf docs/_build docs/api/generated docs/auto_examples
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is touched last, so an interrupted install is taken up again.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "sklstm needs Python 3.11 or newer, and '$(PYTHON)' is not." \
	       "Name one that is: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing into $(VENV), a few minutes the first time"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-compile --constraint constraints.txt --editable '.[bench,docs,plot,test]'
	@touch $@
