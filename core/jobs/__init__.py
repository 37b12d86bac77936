"""Scheduled jobs, their runs, and the queue on PostgreSQL that carries them (OPS)."""
