"""Payments: money received, what it settled, and disputes about it."""
