"""The HTTP doors: sign-in, health, and the guards in front of pages and websocket."""
