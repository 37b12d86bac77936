"""Reports on documents as they stand: who left and what was lost, what the platform charged."""
