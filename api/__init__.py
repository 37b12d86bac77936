"""The HTTP doors: sign-in, the API, health, and the guards in front of pages and websocket."""
