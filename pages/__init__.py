"""Screens: one file a screen; each reads, draws, and calls one core action to write."""
