"""Bank files: how they read, and what does not foot."""

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Nothing yet."""
