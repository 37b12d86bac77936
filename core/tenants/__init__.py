"""Tenants: the organisations that use and pay for the platform."""
