"""What breaks on the way, at every boundary, and what a restart makes of it."""
