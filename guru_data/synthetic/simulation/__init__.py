"""Simulation: what programs do with an input, graded by `codeio` and `cruxeval`."""
