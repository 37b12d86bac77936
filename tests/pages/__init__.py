"""Pages without a browser: what they show, ask and refuse."""
