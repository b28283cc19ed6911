# `make run` and `make test` are all that a fresh machine needs: Python 3.11 or later with venv, and make (on Windows: Git's shell).
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
OUT := out

.PHONY: help run test laws matrix arm packages fuzz lint types format bench docs site man slow clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed  ## set up, filter and pool a sample picture, and say where the results are
	@mkdir -p $(OUT)
	$(BIN)/imgconv filter vertical samples/staircase.png -o $(OUT)/staircase-vertical.png
	$(BIN)/imgconv pool --size 2 --stride 2 < samples/staircase.png > $(OUT)/staircase-maxpool.png
	$(BIN)/imgconv run samples/edges.pipe samples/bricks.png -o $(OUT)/bricks-edges.png
	@echo "Done: the pictures are in $(OUT)/ ($(BIN)/imgconv --help tells more)."

test: lint types  ## lint, types, and all tests (some minutes the first time, while loops are compiled)
	$(BIN)/python -m pytest -n auto --dist worksteal -q

laws: $(VENV)/.tested  ## the laws and oracles with ten times as many examples, drawn at random
	IMGCONV_TEST_SEARCHES=10 $(BIN)/python -m pytest -n auto --dist worksteal -q -m hypothesis

slow: $(VENV)/.tested  ## the tests that take long
	$(BIN)/python -m pytest -n auto --dist worksteal -q -m slow

matrix: $(VENV)/.tested  ## the tests with the oldest and the newest dependencies on every Python from 3.11 on that is here (ONLY="tests/..." for some)
	$(BIN)/python -m tests.dependencies $(if $(ONLY),--only $(ONLY))

arm: $(VENV)/.armed  ## the tests of numbers, files and the store on emulated 64-bit Arm Linux (needs qemu-user-static)
	$(BIN)/python -m tests.arm

packages: $(VENV)/.packaged  ## build the wheel and the source distribution in out/dist, look into them, install and run them
	$(BIN)/python -m tests.packages

fuzz: $(VENV)/.tested  ## 100,000 spoilt images, networks and texts: a correct output or a refusal, nothing else
	$(BIN)/python -m tests.fuzz --mutants 100000

lint: $(VENV)/.tested  ## ruff: style and mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.tested  ## ruff: put code in its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.tested  ## mypy: types
	$(BIN)/mypy

docs: $(VENV)/.tested  ## write the generated parts of README.md and docs/ anew
	$(BIN)/python -m tests.docs

man: $(VENV)/.installed  ## write the manual page, out/man/imgconv.1
	@mkdir -p $(OUT)/man
	$(BIN)/imgconv help --man > $(OUT)/man/imgconv.1
	@echo "Done: man -l $(OUT)/man/imgconv.1"

site: $(VENV)/.sited  ## build docs/ into a searchable site in out/site
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --fresh-env --quiet docs $(OUT)/site
	@echo "Done: open $(OUT)/site/index.html"

bench: $(VENV)/.benched  ## measure against other tools, side by side (COMPARE=1: only say what has become slower)
	$(BIN)/python -m tests.bench $(if $(COMPARE),--compare)
ifndef COMPARE
	$(BIN)/python -m tests.bench.layers
	$(BIN)/python -m tests.bench.calls
	$(BIN)/python -m tests.bench.batches
	$(BIN)/python -m tests.bench.large
endif

clean:  ## remove the environment and everything made
	rm -rf $(VENV) $(OUT) .loops .matrix .arm .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "imgconv needs Python 3.11 or later as '$(PYTHON)'; install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "'$(PYTHON)' cannot make environments; install its venv package (on Debian and Ubuntu: apt install python3-venv)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(BIN)/python
	@echo "Installing imgconv into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/python -m compileall -q imgconv  # as pip does for what is not editable
	@touch $@

$(VENV)/.tested: pyproject.toml $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group test
	@touch $@

$(VENV)/.sited: pyproject.toml $(VENV)/.installed
	@echo "Installing what the site needs ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group site
	@touch $@

$(VENV)/.armed: pyproject.toml $(VENV)/.tested
	@echo "Installing what the emulated system needs ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group arm
	@touch $@

$(VENV)/.packaged: pyproject.toml $(VENV)/.tested
	@echo "Installing what builds packages ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group packages
	@touch $@

$(VENV)/.benched: pyproject.toml $(VENV)/.tested
	@echo "Installing the tools to compare with ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group bench
	@touch $@
