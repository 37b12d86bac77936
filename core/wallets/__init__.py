"""Wallets: money a tenant has paid ahead, and credit it was given."""
