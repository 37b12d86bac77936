"""The double-entry ledger: balanced, append-only, one posting per event."""
