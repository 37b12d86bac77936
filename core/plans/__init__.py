"""Plans: what can be subscribed to, at which price, with which limits."""
