# `make quickstart` and `make test` do all set-up themselves.
VENV := .venv/bin

# Most tests wait most of the time; those that start engines share one of the two processes.
TWO_AT_A_TIME := -n 2 --dist loadscope --no-loadscope-reorder

.PHONY: install quickstart test test-gpu soak lint bench
install:
	@deploy/install.sh

quickstart: install
	@$(VENV)/rlvr quickstart

test:
	@deploy/install.sh --test
	@$(VENV)/python -m pytest -m "not soak and not gpu" $(TWO_AT_A_TIME) --durations=15

test-gpu:
	@$(VENV)/python -m pytest -m gpu tests/gpu

soak: install
	@$(VENV)/python -m pytest -m soak

lint: install
	@$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/mypy rlvr verifiers sandboxes guru_data

bench: install
	@$(VENV)/python -m tests.benchmarks
