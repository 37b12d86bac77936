"""Tests of the reports on documents."""
