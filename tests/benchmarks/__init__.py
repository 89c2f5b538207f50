"""Benchmarks: `make bench`, or `python -m tests.benchmarks NAME ...` for some of them.

Each prints a table and writes `bench/<name>.json`.
"""
