"""Screens of a tenant's own users."""
