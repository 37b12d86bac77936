"""The simulated company, lived through the real actions."""
