"""Closing a month, explaining what is red, and reopening the last closed one (LED.2)."""

from dataclasses import asdict
from datetime import date

from sqlalchemy import insert, select, text

from core.actions import action
from core.closing.checklist import CopySeen, Item, checklist
from core.closing.figures import own_figures
from core.closing.models import ClosedFigure, ClosedMonth, CloseExplanation
from core.closing.rules import CopiedFigures, Copier, Figure, hash_of, hash_over, month_after
from core.errors import BadInput, ChangedMeanwhile, NotFound, NotNow
from core.work import Work

_ALONE = text("select pg_advisory_xact_lock(4724)")
"""What postings share; see migrations/sql/closing.sql."""


class NotInOrder(NotNow):
    """Something of the checklist is red; mend it, or say why it is in order."""

    code = "not_in_order"


@action("month.closed", needs="sys_finance", fresh=True)
def close_month(
    work: Work, month: date, copied: Copier, *, reason: str, key: str | None = None
) -> ClosedMonth:
    """Close a month with every figure as it stands; it takes no postings from now on.

    Raises BadInput for a month that is not over, NotNow when it is closed or not the next one,
    NoCopy without an analytics copy, NotInOrder while an item of the checklist is red and nobody
    explained it.
    """
    _insist_on_month(month)
    _insist_on_order(work, month)
    given = copied(month, None)
    work.session.execute(_ALONE)
    _insist_on_order(work, month)
    items = checklist(work, month, CopySeen(given.as_of, given.published_at, given.postings))
    if red := [item for item in items if item.state == "red"]:
        told = "; ".join(f"{item.title}: {item.finding}" for item in red)
        raise NotInOrder(f"{month:%Y-%m} is not in order. {told}")
    figures = sorted([*given.figures, *own_figures(work, month)])
    closed = _kept(work, month, given, items, figures, reason)
    work.tell(
        month=f"{month:%Y-%m}",
        closed_month_id=closed.id,
        figures=len(figures),
        sha256=closed.sha256,
        explained={item.name: item.explanation for item in items if item.explanation},
    )
    return closed


@action("month.item.explained", needs="sys_finance", fresh=True)
def explain_item(
    work: Work,
    month: date,
    item: str,
    finding: str,
    copy: CopySeen,
    *,
    reason: str,
    key: str | None = None,
) -> CloseExplanation:
    """Say why a red item of a month's checklist is in order, for the finding as it was seen.

    Raises NotFound for an unknown item, NotNow for one that is mended and not explained or is not
    red, ChangedMeanwhile when the finding is another by now.
    """
    _insist_on_month(month)
    found = next((each for each in checklist(work, month, copy) if each.name == item), None)
    if found is None:
        raise NotFound(f"The checklist has no item {item!r}")
    if found.state == "green" or not found.may_be_explained:
        raise NotNow(f"{found.title} is not explained: {found.finding}")
    if found.finding != finding:
        raise ChangedMeanwhile(f"{found.title}: {found.finding}")
    made = CloseExplanation(
        month=month,
        item=item,
        finding=finding,
        reason=reason.strip(),
        explained_at=work.now,
        explained_by=work.actor.user_id,
    )
    work.session.add(made)
    work.session.flush()
    work.tell(month=f"{month:%Y-%m}", item=item, finding=finding)
    return made


@action("month.reopened", needs="sys_finance", fresh=True)
def reopen_month(work: Work, month: date, *, reason: str, key: str | None = None) -> ClosedMonth:
    """Let the last closed month take postings again; what was closed stays kept.

    Raises NotNow when the month is not closed or a later one is.
    """
    _insist_on_month(month)
    work.session.execute(_ALONE)
    last = last_closed(work)
    if last is None or last.month < month:
        raise NotNow(f"{month:%Y-%m} is not closed")
    if last.month > month:
        raise NotNow(f"Reopen {last.month:%Y-%m} first; months are reopened from the last one")
    last.reopened_at, last.reopened_by = work.now, work.actor.user_id
    last.reopen_reason = reason.strip()
    work.session.flush()
    work.tell(month=f"{month:%Y-%m}", closed_month_id=last.id, sha256=last.sha256)
    return last


def last_closed(work: Work) -> ClosedMonth | None:
    """The newest month that is closed."""
    return work.session.scalar(
        select(ClosedMonth)
        .where(ClosedMonth.reopened_at.is_(None))
        .order_by(ClosedMonth.month.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def _insist_on_month(month: date) -> None:
    if month.day != 1:
        raise BadInput(f"{month} is not the first day of a month")


def _insist_on_order(work: Work, month: date) -> None:
    if month_after(month) > work.today:
        raise BadInput(f"{month:%Y-%m} is not over")
    last = last_closed(work)
    if last is None:
        return
    if month <= last.month:
        raise NotNow(f"{month:%Y-%m} is closed already")
    if month != (following := month_after(last.month)):
        raise NotNow(f"Months are closed in order; {following:%Y-%m} comes first")


def _kept(
    work: Work,
    month: date,
    copied: CopiedFigures,
    items: tuple[Item, ...],
    figures: list[Figure],
    reason: str,
) -> ClosedMonth:
    held = [asdict(item) for item in items]
    hashes = [hash_of(month, figure) for figure in figures]
    closed = ClosedMonth(
        month=month,
        closed_at=work.now,
        closed_by=work.actor.user_id,
        reason=reason.strip(),
        currency=copied.currency,
        copy_run_id=copied.run_id,
        copy_published_at=copied.published_at,
        checklist=held,
        figures=len(figures),
        sha256=hash_over(month, held, hashes),
    )
    work.session.add(closed)
    work.session.flush()
    work.session.execute(
        insert(ClosedFigure),
        [
            {
                "closed_month_id": closed.id,
                "figure": figure.name,
                "group": figure.group,
                "value": figure.value,
                "sha256": digest,
            }
            for figure, digest in zip(figures, hashes, strict=True)
        ],
    )
    return closed
