# The few commands of daily work; `make` alone lists them.
# Everything lives in .venv, made on need and only when pyproject.toml or constraints.txt changed.

PORT ?= 8765
# Name another interpreter with `make PYTHON=/path/to/python3.12 …`.
PYTHON ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
ROOMS := listener sentiment alerts web

.DEFAULT_GOAL := help
.PHONY: help install install-model demo run test lint format types layers db i18n bench clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.venv/bin/python:
	@found=; \
	for candidate in "$(PYTHON)" python3 python3.13 python3.12 python3.11; do \
	  [ -n "$$candidate" ] || continue; \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "All Ears needs Python 3.11 or newer; looked for: $(PYTHON) python3 python3.13 python3.12 python3.11." >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	  exit 1; \
	fi; \
	"$$found" -m venv .venv || { \
	  rm -rf .venv; \
	  echo "$$found cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; \
	  exit 1; \
	}

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing All Ears into .venv (once; a minute or two) ..."
	@$(PIP) -e '.[postgres,redis,rabbitmq]'
	@touch $@

.venv/.installed-dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing All Ears and its tests' packages into .venv (once; a minute or two) ..."
	@$(PIP) -e '.[dev]'
	@touch .venv/.installed $@

.venv/.installed-model: pyproject.toml constraints.txt | .venv/.installed
	@echo "Installing torch and transformers into .venv (large: PyPI's Linux build carries CUDA) ..."
	@$(PIP) -e '.[model]'
	@touch $@

install: .venv/.installed ## install into .venv

install-model: .venv/.installed-model ## add torch and transformers: training, CUDA, checkpoints of your own

demo: .venv/.installed ## everything on a simulated brand week: http://127.0.0.1:8765
	@exec $(BIN)/allears demo --port $(PORT)

run: .venv/.installed ## web, clock and workers in one process
	@exec $(BIN)/allears run --port $(PORT)

test: .venv/.installed-dev ## the tests; needs no services and says what it skipped (ARGS='-k word' to choose)
	@$(BIN)/python -m pytest $(ARGS)

lint: .venv/.installed-dev ## ruff and djlint
	@$(BIN)/ruff check .
	@$(BIN)/djlint --lint --quiet web/templates alerts/templates

format: .venv/.installed-dev ## ruff's formatter, over everything
	@$(BIN)/ruff format .

types: .venv/.installed-dev ## mypy, strict
	@$(BIN)/mypy

layers: .venv/.installed-dev ## who may import whom
	@$(BIN)/lint-imports --no-cache

db: .venv/.installed ## migrate the database
	@$(BIN)/allears db upgrade

i18n: .venv/.installed ## extract, update and compile the translations
	@for room in web alerts listener; do \
	  $(BIN)/pybabel --quiet extract -F pyproject.toml -k n_:1,2 --no-wrap --sort-by-file --add-location=file \
	    --project 'All Ears' --copyright-holder 'The All Ears authors' -o .venv/$$room.pot $$room || exit 1; \
	  for language in fr ru he; do \
	    file=$$room/translations/$$language/LC_MESSAGES/$$room.po; \
	    if [ -f $$file ]; then verb='update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap'; else verb=init; fi; \
	    $(BIN)/pybabel --quiet $$verb -i .venv/$$room.pot -d $$room/translations -D $$room -l $$language || exit 1; \
	  done; \
	  $(BIN)/pybabel --quiet compile -d $$room/translations -D $$room || exit 1; \
	done

bench: .venv/.installed ## speed and memory, as a table
	@$(BIN)/python -m benchmarks

clean: ## remove .venv and what tools left behind; data in var/ stays
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find $(ROOMS) tests -name __pycache__ -type d -prune -exec rm -rf {} +
