# `make` lists the targets. Other Python: make PYTHON=python3.12 compare. More options: make compare ARGS="--seed 2".
# Dependencies come from a lock, with the hash of every file, and are installed again only when it or pyproject.toml
# changed. The package itself is installed in place, so that a change in cachesim/ counts at once.

VENV = .venv
BIN = $(VENV)/bin
ARGS =
# Many tests wait for servers, sandboxes and browsers, so four workers fill two cores. A worker without tests takes
# some from another one.
WORKERS = -n 4 --dist worksteal
# Wheels only: a machine without a compiler loses nothing, and one without a wheel hears it at once.
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
# A lock names all that its packages need.
LOCKED = $(PIP) --only-binary :all: --require-hashes --no-deps -r
# With the setuptools of the lock, and without looking for anything.
ITSELF = $(PIP) --no-build-isolation --no-deps -e .
SORRY = { echo "cachesim: the packages could not be installed (see above): this needs the network and a Python that they have wheels for, 3.11 to 3.14 on Linux, macOS or Windows" >&2; exit 1; }

help: ## list the targets
	@echo "make TARGET, with one of:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

compare: $(VENV)/run.stamp ## the main job: compare caching strategies, table here, plots in out/compare
	@$(BIN)/cachesim compare $(ARGS)

test: lint ## run every check: lint, types, spelling, tests, doctests; print the slowest twenty
	$(BIN)/python -m pytest $(WORKERS) --durations=20 $(ARGS)

quick: $(VENV)/dev.stamp ## run the tests that take no time, in a minute, for the loop of work
	$(BIN)/python -m pytest $(WORKERS) --quiet -m "not slow" $(ARGS)

lint: $(VENV)/dev.stamp ## check style, format, types and spelling, without running anything
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/codespell

coverage: $(VENV)/dev.stamp ## run the tests and list the lines that none of them reaches
	$(BIN)/python -m pytest --quiet --cov $(ARGS)

notebooks: $(VENV)/dev.stamp ## run every notebook, those that use servers with and without, and hold its text against its run
	$(BIN)/python -m pytest $(WORKERS) tests/test_notebooks.py $(ARGS)

bench: $(VENV)/dev.stamp ## measure the speed against the textbook way, side by side
	@$(BIN)/python benchmarks/speed.py $(ARGS)
	@$(BIN)/python benchmarks/engines.py --serve

proofs: $(VENV)/dev.stamp ## run the long proofs, an hour; write docs/background/proofs.md
	@$(BIN)/python benchmarks/proofs.py $(ARGS)

format: $(VENV)/dev.stamp ## put the source into its one format
	$(BIN)/ruff check --quiet --fix-only .
	$(BIN)/ruff format --quiet .

lock: ## write the locks again: every platform, every Python from 3.11 on
	@sh scripts/venv.sh $(VENV)
	$(PIP) uv
	$(COMPILE) --upgrade --all-extras --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --output-file requirements.run.lock

# The package, and what builds it.
COMPILE = echo 'setuptools>=77' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-package cachesim-lab --custom-compile-command "make lock" pyproject.toml -

clean: ## remove the environment, results and everything else that make can make again
	rm -rf $(VENV) out build dist *.egg-info .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: what is installed, and since when.
$(VENV)/run.stamp: pyproject.toml requirements.run.lock
	@sh scripts/venv.sh $(VENV)
	@echo "installing what cachesim needs into $(VENV)"
	@$(LOCKED) requirements.run.lock && $(ITSELF) || $(SORRY)
	@touch $@

$(VENV)/dev.stamp: pyproject.toml requirements.lock
	@sh scripts/venv.sh $(VENV)
	@echo "installing what cachesim and its tests need into $(VENV)"
	@$(LOCKED) requirements.lock && $(ITSELF) || $(SORRY)
	@touch $@ $(VENV)/run.stamp

.PHONY: help compare test quick lint coverage notebooks bench proofs format lock clean
