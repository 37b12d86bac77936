"""Graves of deleted rows, by which the sync takes them out of the analytics copy (ETL)."""

from sqlalchemy import text

from core.work import Work

_FORGET = text("""
with gone as (
  delete from sync_tombstone where row_key <> '*' and row_xid < cast(:before as text)::xid8
  returning table_name
),
marked as (
  insert into sync_tombstone (table_name, row_key, row_xid)
  select distinct table_name, '*', cast(:last as text)::xid8 from gone
)
select count(*) from gone
""")
_OUTDO = text("""
delete from sync_tombstone t
where row_key = '*' and exists (
  select from sync_tombstone n
  where n.table_name = t.table_name and n.row_key = '*' and n.row_xid > t.row_xid
)
""")


def forget_graves(work: Work, before_xid: int) -> int:
    """Let go of the graves of single rows below a transaction; returns how many.

    A mark in their place says that a copy which has not passed them is to be made whole, as one
    does where a table was emptied or replaced. Only the newest mark of a table stays.
    """
    values = {"before": str(before_xid), "last": str(before_xid - 1)}
    gone = work.session.scalar(_FORGET, values)
    work.session.execute(_OUTDO)
    return int(gone or 0)
