# One verb for each thing that people do here. `make install` and `make dev` install what the lock files hold, and nothing else.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
UV := build/tools/bin/uv
COMPILED := streams/scan.pyx streams/probe.pyx streams/log/unpack.pyx
LOCK := $(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help install dev demo test lint lock bench law chaos wheel clean

help:  ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

install: $(UV)  ## .venv with what Tidegate needs to run
	$(call sync,requirements.lock)
	@rm -f $(VENV)/.dev

dev: $(VENV)/.dev  ## .venv with what is needed to work on it, too

demo: $(VENV)/.run  ## a simulated gateway goes wrong in five ways; watch Tidegate find and mend it
	$(BIN)/tidegate demo $(ARGS)

test: $(VENV)/.dev  ## all tests, on a real Kafka, Prometheus and browser; ARGS go to pytest
	tests/install-prerequisites
	$(BIN)/python -m tests.kafka.jars
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=25 --durations-min=5 $(ARGS)

lint: $(VENV)/.dev  ## format, lint, types and import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

lock: $(UV)  ## solve the lock files anew
	$(LOCK) --extra demo pyproject.toml -o requirements.lock
	$(LOCK) --extra demo --group dev pyproject.toml -o requirements-dev.lock
	$(LOCK) --group tools -o requirements-tools.lock
	$(LOCK) bench/peers/requirements.in -o bench/peers/requirements.lock

bench: $(VENV)/.dev  ## throughput, memory and detection quality, as tables; takes some two hours, `ARGS=--quick` a quarter of one
	tests/install-prerequisites
	$(BIN)/python -m tests.kafka.jars
	$(BIN)/python -m bench $(ARGS)

chaos: $(VENV)/.dev  ## kill it 300 times and worse, on a Kafka of three brokers; takes hours, goes on where it stopped; `ARGS=--quick` some minutes
	tests/install-prerequisites
	$(BIN)/python -m tests.kafka.jars
	$(BIN)/python -m tests.faults $(ARGS)

law: $(VENV)/.dev  ## the same log gives the same answer, over a million records and under kills; a table; `ARGS=--small` some minutes
	tests/install-prerequisites
	$(BIN)/python -m tests.kafka.jars
	$(BIN)/python -m tests.law $(ARGS)

wheel: $(UV)  ## build/dist/tidegate-*.whl
	@rm -rf build/lib* build/bdist*
	$(UV) build -q --wheel --build-constraints requirements-tools.lock --require-hashes -o build/dist

clean:  ## remove what was made here
	rm -rf build dist $(VENV) *.egg-info $(COMPILED:.pyx=.c) $(COMPILED:.pyx=.*.so) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(UV): requirements-tools.lock
	$(PYTHON) -m venv --clear build/tools
	build/tools/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-tools.lock
	@touch $@

$(VENV)/.run: requirements.lock $(COMPILED) | $(UV)
	$(call sync,requirements.lock)

$(VENV)/.dev: requirements-dev.lock $(COMPILED) | $(UV)
	$(call sync,requirements-dev.lock)
	@touch $@

define sync
	$(UV) venv -q --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip sync -q --compile-bytecode --require-hashes --python $(VENV) $(1)
	$(UV) pip install -q --no-deps --python $(VENV) --build-constraints requirements-tools.lock -e .
	@touch $(VENV)/.run
endef
