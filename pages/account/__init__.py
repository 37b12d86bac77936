"""Screens of the person who is signed in."""
