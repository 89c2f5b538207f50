"""Cleaning: what is asked twice, what a benchmark asks, what its own verifier refuses."""
