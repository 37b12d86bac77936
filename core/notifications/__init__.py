"""Notifications: who hears of what, on which channel, each once (NTF)."""
