"""The past of a company, read from its Stripe account and written into our books (IMP)."""
