"""Reconciliation: what the gateways and the bank say, held against the books (REC)."""
