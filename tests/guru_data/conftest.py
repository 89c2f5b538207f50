"""The optional `gym` extra compiles a solver, so the tests do not require it."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("reasoning_gym") else ["test_reasoning_gym.py"]
