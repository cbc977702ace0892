# Needs Python 3.11 or newer, make and a package index; everything else goes into .venv.
# Another Python than python3: make run PYTHON=python3.13

PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
COMPILE := UV_CUSTOM_COMPILE_COMMAND='make lock' $(UV) pip compile --quiet --no-config --universal --generate-hashes

.PHONY: help run test check format docs screenshot lock upgrade bench clean

help:
	@echo 'make run      index the seeds folder and serve it at http://127.0.0.1:8000'
	@echo 'make test     run every test, with coverage'
	@echo 'make check    formatting, rules, types, imports'
	@echo 'make format   format, and mend what can be mended by machine'
	@echo 'make docs     write the references that are made of the code'
	@echo 'make screenshot  take the picture of the page for the README; needs Chromium'
	@echo 'make lock     write the locks after a change of pyproject.toml (make upgrade: newest versions)'
	@echo 'make bench    install what Lede is measured against, and list the benchmarks'
	@echo 'make clean    remove everything generated, the index included'

# 3 means that some seeds were refused: they have been named, and the others are served.
run: .venv/run.stamp
	@$(BIN)/lede reindex || [ $$? -eq 3 ]
	@$(BIN)/lede serve

test: .venv/dev.stamp
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

check: .venv/dev.stamp
	@$(BIN)/ruff format --check --quiet || { echo 'make format does that' >&2; exit 1; }
	@$(BIN)/ruff check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@echo 'make check: all good'

format: .venv/dev.stamp
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

docs: .venv/run.stamp
	@$(BIN)/python docs/references.py

screenshot: .venv/dev.stamp
	@$(BIN)/python docs/screenshot.py

lock:
	@command -v $(UV) >/dev/null || { echo 'make lock needs uv on the PATH, or UV=/path/to/uv' >&2; exit 1; }
	@$(COMPILE) $(FLAGS) pyproject.toml --group build --output-file requirements.lock
	@$(COMPILE) $(FLAGS) pyproject.toml --group dev --constraints requirements.lock --output-file requirements-dev.lock
	@$(COMPILE) $(FLAGS) pyproject.toml --group bench --constraints requirements-dev.lock --output-file requirements-bench.lock

upgrade:
	@$(MAKE) lock FLAGS=--upgrade

bench: .venv/bench.stamp
	@for file in $$(grep -l '^def main' bench/*.py); do echo "$(BIN)/python $$file --help"; done

clean:
	rm -rf .venv .cache .hypothesis build dist index *.egg-info
	find search -name '_passes.*' ! -name '*.pyi' -delete
	find search web tests bench -name __pycache__ -prune -exec rm -rf {} +

.venv/pyvenv.cfg:
	@command -v "$(PYTHON)" >/dev/null || \
	  { echo 'Lede needs Python 3.11 to 3.14; "$(PYTHON)" is not on the PATH: make $(MAKECMDGOALS) PYTHON=/path/to/python' >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' || \
	  { echo "Lede needs Python 3.11 to 3.14; $(PYTHON) is $$("$(PYTHON)" -V 2>&1): make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; }
	@echo 'Setting up .venv, once ...'
	@"$(PYTHON)" -m venv .venv || \
	  { rm -rf .venv; echo 'Python cannot make virtual environments here; on Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }

.venv/run.stamp: .venv/pyvenv.cfg requirements.lock pyproject.toml setup.py $(wildcard search/c/*)
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@# As is done with what pip installs, so that not even the first command has to, nor every one where none may.
	@$(BIN)/python -m compileall -q search web
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.lock
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@touch $@

.venv/bench.stamp: .venv/dev.stamp requirements-bench.lock
	@$(PIP) install --require-hashes --requirement requirements-bench.lock
	@touch $@
