"""Bring your own data: CSV files that load whole or not at all (IMP)."""
