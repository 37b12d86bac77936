"""Keys that make a repeated request return the first answer."""

from typing import Any

from sqlalchemy import FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Instant


class IdempotencyKey(Base):
    """One executed request: what was asked (hash) and what it answered.

    The database notes the tenant in whose scope it ran.
    """

    __tablename__ = "idempotency_key"

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    response: Mapped[dict[str, Any]]
    created_at: Mapped[Instant]
    tenant_id: Mapped[int | None] = mapped_column(server_default=FetchedValue())
