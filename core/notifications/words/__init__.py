"""What each message says, one module a language."""
