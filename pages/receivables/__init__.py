"""Receivables screens."""
