"""Rollouts from and for others: imports of their dumps, export as a data set."""
