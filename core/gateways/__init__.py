"""Gateways: the payment providers and their own ledgers."""
