"""Gateways, their keys and their events in words."""

SOURCES = {
    "own": "The tenant's own keys",
    "company": "The company's keys, kept here",
    "environment": "The environment of this server",
    "simulator": "No keys: the built-in simulator stands in",
    "none": "No keys: not connected",
}
MODES = {"test": "Test", "live": "Live"}
FIELDS = {
    "publishable_key": "Publishable key",
    "public_key": "Public key",
    "secret_key": "Secret key",
    "webhook_secret": "Webhook secret",
    "client_id": "Client id",
    "secret": "Secret",
    "webhook_id": "Webhook id",
}
EVENT_STATUSES = {
    "waiting": "Waiting",
    "handled": "Handled",
    "ignored": "Put aside",
    "failed": "Failed",
}
EVENT_TONES = {"waiting": "flat", "handled": "good", "ignored": "flat", "failed": "bad"}
