"""Graves of deleted rows, by which the sync takes them out of the analytics copy (ETL)."""

from sqlalchemy import text

from core.work import Work

_FORGET = text(
    "delete from sync_tombstone where row_key <> '*' and row_xid < cast(:before as text)::xid8"
)


def forget_graves(work: Work, before_xid: int) -> int:
    """Let go of the graves of single rows below a transaction; returns how many.

    A mark that a table was emptied or replaced stays: there are few, and a copy that missed one
    could not find out by counting.
    """
    done = work.session.execute(_FORGET, {"before": str(before_xid)})
    return int(done.rowcount)  # type: ignore[attr-defined]
