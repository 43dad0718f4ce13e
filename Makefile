# Needs Python 3.10 or newer and make; everything else is installed into $(VENV).
# `make help` lists the targets.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# research/slim's networks, to compare with; they need little of what the package depends on.
RESEARCH := tf_object_detection_api==0.1
# The tests start hundreds of programs: Python may keep their bytecode.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo test slow families check update docs zoo digits bench fuzz clean

help:  ## List the targets.
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 12

install: $(INSTALLED)  ## Make the virtual environment and install into it.

# pip reads its own settings (PIP_*, pip.conf): nothing is overridden here.
$(INSTALLED): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --no-deps $(RESEARCH)
	@touch $@

demo: $(INSTALLED)  ## Build VGG-16, run it on photographs, train LeNet on digits.
	$(BIN)/python examples/demo/run.py

test: $(INSTALLED)  ## Run the quick tests (two minutes at most).
	$(BIN)/python -m pytest -m "not slow" -n $(JOBS) --dist worksteal

slow: $(INSTALLED)  ## Run the slow tests: TF-Slim itself, packaging, thousands of random cases.
	$(BIN)/python -m pytest -m "slow and not families" -n $(JOBS) --dist worksteal

families: $(INSTALLED)  ## Compare the larger networks of each family with their originals (half an hour).
	$(BIN)/python -m pytest -m families -n $(JOBS) --dist worksteal

check: $(INSTALLED)  ## Format, lint, types and English.
	$(BIN)/python -m black --check --quiet . || $(BIN)/python -m black --check --diff .
	$(BIN)/python -m ruff check --quiet .
	$(BIN)/python -m mypy
	$(BIN)/python docs/english.py

update: $(INSTALLED)  ## Rewrite goldens and generated documentation; read the diff.
	$(BIN)/python -m pytest -m "not slow" -n $(JOBS) --update
	$(BIN)/python -m pytest -q --update tests/test_emission_format.py

docs: $(INSTALLED)  ## Write the pages that derive from declarations and help texts.
	$(BIN)/python docs/generate.py
	$(BIN)/python -m pytest -q --update tests/test_commands_doc.py

zoo: $(INSTALLED)  ## Compare every network with its original at full size (hours).
	$(BIN)/python docs/zoo.py

digits: $(INSTALLED)  ## Measure how many digits LeNet reads right, for five seeds.
	$(BIN)/python benchmarks/digits.py

bench: $(INSTALLED)  ## Measure the compiler, and the input of training.
	$(BIN)/python benchmarks/build.py
	$(BIN)/python benchmarks/input.py

fuzz: $(INSTALLED)  ## Compile a hundred thousand mutated sources (an hour).
	$(BIN)/python benchmarks/fuzz.py

clean:  ## Remove what can be made again.
	rm -rf build dist slimgen.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
