# make setup | demo | test: each does all it needs, on a machine with Python 3.11+ and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation

PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: setup lock demo demo-update test coverage test-external check docs clean

setup: $(STAMP)

$(STAMP): requirements.lock requirements-cpu.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	sed -n '/^setuptools==/,/[^\\]$$/p' requirements.lock > $(VENV)/build.lock
	$(INSTALL) --require-hashes -r $(VENV)/build.lock  # builds the few releases that have no wheel
	$(INSTALL) --require-hashes -r requirements-cpu.lock || echo "No CPU build of torch in pip's sources; the index's own build is taken"
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) -e .
	$(BIN)/dvc config --quiet --local core.site_cache_dir "$(CURDIR)/.dvc/tmp/site"  # the default is open to everybody
	touch $(STAMP)

lock: setup  # requirements.lock again, with the hashes of the versions it names
	$(BIN)/python -m tests.support.lock

demo: setup  # make demo DOMAIN=legal_articles: another case
	$(BIN)/python -m r1tailor fetch
	$(BIN)/python train.py $(if $(DOMAIN),domain=$(DOMAIN)) $(SETTINGS)

demo-update: setup  # after make demo: three days of corrections, one of them poisoned, while a gateway serves on
	$(BIN)/python -m r1tailor demo-update

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/python -m r1tailor fetch
	$(PYTEST) --durations=25

coverage: setup  # lines that no test runs; apart from `make test`, whose time it nearly doubles
	$(BIN)/python -m r1tailor fetch
	$(PYTEST) --cov --cov-report=term-missing:skip-covered

docs: setup  # the documentation as a site in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

test-external: setup  # a real Label Studio, installed into an environment of its own; a real PostgreSQL, if installed
	PYTHONPATH=src $(BIN)/python tests/external/label_studio.py
	PYTHONPATH=src $(BIN)/python tests/external/postgresql.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage*
