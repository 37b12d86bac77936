"""Month close: a checklist, a snapshot of every figure with hashes, no postings after (LED.2)."""
