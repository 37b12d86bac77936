"""The document as it was first rendered; append-only (INV.4)."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Id, Instant, one_of
from core.documents.records import KINDS


class Document(Base):
    """The PDF of an issued invoice or credit note; `standard` is null when it is a plain PDF."""

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("kind", "source_id"),
        one_of("kind", KINDS),
        CheckConstraint("sha256 = encode(sha256(body), 'hex')", name="hash_fits"),
        CheckConstraint("standard is not null or warnings <> '[]'", name="plain_warned"),
        Index("ix_document_tenant_id", "tenant_id"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(12))
    source_id: Mapped[int]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    number: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    standard: Mapped[str | None] = mapped_column(String(8))
    warnings: Mapped[list[Any]] = mapped_column(JSONB)
    body: Mapped[bytes]
    created_at: Mapped[Instant]
