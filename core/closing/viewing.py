"""Months and how they stand, as closed against as now, and whether what was kept is untouched."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import select, text

from core.audit.models import AuditEvent
from core.closing.actions import last_closed
from core.closing.checklist import CopySeen, Item, checklist
from core.closing.figures import own_figures
from core.closing.models import ClosedFigure, ClosedMonth
from core.closing.rules import Copier, Figure, hash_of, hash_over, month_after
from core.errors import NotFound
from core.work import Work

MonthState = Literal["open", "next", "closed", "closed_along"]
_FIRST = text("select cast(date_trunc('month', min(booked_on)) as date) from ledger_transaction")


@dataclass(frozen=True)
class MonthRow:
    """A month and how it stands; one before the first that was closed is closed along with it."""

    month: date
    state: MonthState
    closed_at: datetime | None = None
    reason: str | None = None
    figures: int | None = None
    sha256: str | None = None
    reopened: int = 0


@dataclass(frozen=True)
class Restatement:
    """A figure as it was closed and as it is now, in plain values; None where there is none."""

    figure: str
    group: str
    closed: Any
    now: Any

    @property
    def changed(self) -> bool:
        """True when later facts changed it."""
        return bool(self.closed != self.now)


@dataclass(frozen=True)
class Verified:
    """What was found by computing every hash anew; nothing in `wrong` means untouched."""

    month: date
    figures: int
    sha256: str
    wrong: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """True when every hash fits."""
        return not self.wrong


def months(work: Work) -> list[MonthRow]:
    """Finished months from the first posting on, the newest first. Needs `analytics.read`."""
    work.require("analytics.read")
    rows = list(work.session.scalars(select(ClosedMonth).order_by(ClosedMonth.id)))
    live = {row.month: row for row in rows if row.reopened_at is None}
    last = max(live, default=None)
    month: date | None = work.session.scalar(_FIRST)
    found: list[MonthRow] = []
    while month is not None and month_after(month) <= work.today:
        reopened = sum(row.month == month and row.reopened_at is not None for row in rows)
        found.append(_row(month, live.get(month), last, reopened))
        month = month_after(month)
    return found[::-1]


def to_close(work: Work) -> date:
    """The month that is closed next; the last finished one when none was closed yet."""
    last = last_closed(work)
    if last is not None:
        return month_after(last.month)
    this = work.today.replace(day=1)
    return date(this.year - (this.month == 1), (this.month - 2) % 12 + 1, 1)


def checked_month(work: Work, month: date, copy: CopySeen) -> tuple[Item, ...]:
    """The checklist of a month as it stands, or as it stood when closed. Needs `analytics.read`."""
    work.require("analytics.read")
    closed = _live(work, month)
    if closed is not None:
        return tuple(Item(**each) for each in closed.checklist)
    return checklist(work, month, copy)


def restated(work: Work, month: date, copied: Copier) -> list[Restatement]:
    """Every figure of a closed month as closed and as now, by name and group.

    Needs `analytics.read`. Raises NotFound for a month that is not closed.
    """
    work.require("analytics.read")
    closed = _the_live(work, month)
    before = {(row.figure, row.group): json.loads(row.value) for row in _figures(work, closed)}
    now = {
        (figure.name, figure.group): figure.plain
        for figure in (*copied(month, closed.currency).figures, *own_figures(work, month))
    }
    return [
        Restatement(*place, before.get(place), now.get(place))
        for place in sorted(before.keys() | now.keys())
    ]


def verify_month(work: Work, month: date) -> Verified:
    """Compute every hash of a closed month anew, and hold them against the audit log.

    Needs `analytics.read`. Raises NotFound for a month that is not closed.
    """
    work.require("analytics.read")
    closed = _the_live(work, month)
    rows = _figures(work, closed)
    wrong = [
        f"{row.figure} {row.group}".strip()
        for row in rows
        if hash_of(month, Figure(row.figure, row.group, row.value)) != row.sha256
    ]
    if len(rows) != closed.figures:
        wrong.append(f"{closed.figures} figures were kept, {len(rows)} are there")
    if hash_over(month, closed.checklist, (row.sha256 for row in rows)) != closed.sha256:
        wrong.append("the hash over all figures and the checklist")
    told = _told(work, closed.id)
    if told != closed.sha256:
        wrong.append("the hash that the audit log holds")
    return Verified(month, len(rows), closed.sha256, tuple(wrong))


def _row(month: date, closed: ClosedMonth | None, last: date | None, reopened: int) -> MonthRow:
    if closed is not None:
        return MonthRow(
            month, "closed", closed.closed_at, closed.reason, closed.figures, closed.sha256,
            reopened,
        )  # fmt: skip
    if last is not None and month < last:
        return MonthRow(month, "closed_along", reopened=reopened)
    is_next = last is not None and month == month_after(last)
    return MonthRow(month, "next" if is_next else "open", reopened=reopened)


def _live(work: Work, month: date) -> ClosedMonth | None:
    return work.session.scalar(
        select(ClosedMonth).where(ClosedMonth.month == month, ClosedMonth.reopened_at.is_(None))
    )


def _the_live(work: Work, month: date) -> ClosedMonth:
    closed = _live(work, month)
    if closed is None:
        raise NotFound(f"{month:%Y-%m} is not closed")
    return closed


def _figures(work: Work, closed: ClosedMonth) -> list[ClosedFigure]:
    wanted = select(ClosedFigure).where(ClosedFigure.closed_month_id == closed.id)
    return list(work.session.scalars(wanted.order_by(ClosedFigure.figure, ClosedFigure.group)))


def _told(work: Work, closed_month_id: int) -> str | None:
    """The hash in the audit event of a close."""
    payloads: Iterable[dict[str, Any]] = work.session.scalars(
        select(AuditEvent.payload).where(AuditEvent.event_type == "month.closed")
    )
    return next(
        (p["sha256"] for p in payloads if p.get("closed_month_id") == closed_month_id), None
    )
