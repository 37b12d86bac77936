"""Refunds: money given back, never more than was received."""
