"""Billing screens: subscriptions, renewals, tenants and what they use."""
