"""Usage: what tenants did, counted against their limits and invoiced by their plan's prices."""
