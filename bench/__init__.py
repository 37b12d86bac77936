"""Benchmarks: each measures itself against a named rival in the same run and prints the ratio."""
