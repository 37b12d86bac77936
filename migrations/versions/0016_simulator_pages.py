"""Hosted pages, payouts and deliveries of the gateway simulator."""

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Nothing yet."""
