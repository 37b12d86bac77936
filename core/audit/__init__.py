"""The audit log: append-only and tamper-evident."""
