"""What the small simulators of Paystack and PayPal keep."""

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Nothing yet."""
