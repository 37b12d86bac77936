"""How the columns of files read that came before (IMP)."""

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Id, Instant


class ImportMapping(Base):
    """The reading of the last file of a kind with these headings, for the next one like it."""

    __tablename__ = "import_mapping"
    __table_args__ = (UniqueConstraint("kind", "headings"),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(24))
    headings: Mapped[str]
    reading: Mapped[dict[str, Any]]
    changed_at: Mapped[Instant]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
