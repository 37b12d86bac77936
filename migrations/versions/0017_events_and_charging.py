"""Events of the gateways, cards kept there, attempts to charge and recharges."""

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Nothing yet."""
