"""Subscriptions: what a tenant has agreed to pay for, and how that changed."""
