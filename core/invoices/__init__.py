"""Invoices: what tenants owe, line by line with tax."""
