"""The simulated company: it drives the real actions through a simulated clock."""
