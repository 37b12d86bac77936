"""Revenue screens."""
