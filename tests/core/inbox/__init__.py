"""Tests of the inbox of unmatched transfers."""
