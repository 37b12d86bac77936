"""Questions of one's own over the analytics copy."""
