"""Where the copy's rows come from."""
