"""Tests of what the benchmarks measure; never of how fast it was."""
