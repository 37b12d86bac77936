"""Searching and verifying the audit log (AUD)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text as sql

from core.listing import literal
from core.work import Work

MOST_ROWS = 1_000

_SEARCH = """
select a.seq, a.created_at, a.event_type, a.actor_type, a.actor_id,
  coalesce(u.name, a.payload ->> 'by') as actor_name, a.organization_id, a.payload,
  host(a.ip_address) as ip_address
from audit_event a left join app_user u on u.id = a.actor_id
where {conditions}
order by a.seq desc
limit :limit
"""
_VERIFY = sql("""
with chain as (
  select seq, row_number() over (order by seq) as expected_seq, e.hash, e.prev_hash,
    audit_digest(e) as digest, lag(e.hash, 1, '\\x00'::bytea) over (order by seq) as link
  from audit_event as e)
select min(seq) filter (where hash <> digest or prev_hash <> link or seq <> expected_seq) as broken,
  count(*) as rows, max(seq) as head_seq,
  (array_agg(encode(hash, 'hex') order by seq desc))[1] as head_hash
from chain
""")
_HASH_AT = sql("select encode(hash, 'hex') from audit_event where seq = :seq")


@dataclass(frozen=True)
class AuditRow:
    """One event as a page shows it."""

    seq: int
    created_at: datetime
    event_type: str
    actor_type: str
    actor_id: int | None
    actor_name: str | None
    organization_id: int | None
    payload: dict[str, Any]
    ip_address: str | None


@dataclass(frozen=True)
class Anchor:
    """A head of the chain that was kept outside the database."""

    seq: int
    hash: str
    anchored_at: str = ""


@dataclass(frozen=True)
class ChainReport:
    """What a verification found; `broken_seq` is the first row that does not fit."""

    rows: int
    head_seq: int
    head_hash: str
    broken_seq: int | None
    broken_anchors: tuple[int, ...]

    @property
    def intact(self) -> bool:
        """True when every row and every anchor fits."""
        return self.broken_seq is None and not self.broken_anchors


def search(
    work: Work,
    *,
    text: str | None = None,
    event_type: str | None = None,
    actor_id: int | None = None,
    organization_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before_seq: int | None = None,
    limit: int = 100,
) -> list[AuditRow]:
    """Events, newest first; `before_seq` continues a list. Needs `users.manage`."""
    work.require("users.manage")
    wanted = {
        "a.payload::text ilike '%' || :text_part || '%'": ("text_part", literal(text)),
        "a.event_type like :event_type || '%'": ("event_type", literal(event_type)),
        "a.actor_id = :actor_id": ("actor_id", actor_id),
        "a.organization_id = :organization_id": ("organization_id", organization_id),
        "a.created_at >= :since": ("since", since),
        "a.created_at < :until": ("until", until),
        "a.seq < :before_seq": ("before_seq", before_seq),
    }
    used = {clause: pair for clause, pair in wanted.items() if pair[1] not in (None, "")}
    statement = _SEARCH.format(conditions=" and ".join(used) or "true")
    values: dict[str, Any] = dict(used.values())
    rows = work.session.execute(sql(statement), {**values, "limit": min(limit, MOST_ROWS)})
    return [AuditRow(**row._mapping) for row in rows]


def verify(work: Work, anchors: list[Anchor] | None = None) -> ChainReport:
    """Recompute the chain and compare it with anchors kept elsewhere. Needs `users.manage`."""
    work.require("users.manage")
    found = work.session.execute(_VERIFY).one()
    broken = [
        anchor.seq
        for anchor in anchors or []
        if work.session.scalar(_HASH_AT, {"seq": anchor.seq}) != anchor.hash
    ]
    return ChainReport(
        found.rows, found.head_seq or 0, found.head_hash or "", found.broken, tuple(broken)
    )
