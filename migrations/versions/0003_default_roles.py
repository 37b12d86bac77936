"""The default roles and the permissions they start with."""

import sqlalchemy as sa
from alembic import op

from core.access.permissions import ROLES

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Fill the permission table once; later edits of it are the company's own."""
    role = sa.table("role", sa.column("name"), sa.column("title"))
    grant = sa.table("role_permission", sa.column("role"), sa.column("permission"))
    op.bulk_insert(role, [{"name": name, "title": title} for name, (title, _) in ROLES.items()])
    op.bulk_insert(
        grant,
        [{"role": name, "permission": p} for name, (_, granted) in ROLES.items() for p in granted],
    )
