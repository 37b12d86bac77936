"""Past decisions played again: what the matching would have posted when each came in (UNM.4).

Each transfer meets the invoices as they stood then, and what was learnt until then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from core.inbox.standing import (
    CLOSED_SINCE,
    INVOICES,
    assignment_of,
    invoices_of,
    model_of_company,
    transfer_of,
)
from core.invoices.models import OPEN
from core.matching.book import Book, no_collecting
from core.matching.records import Invoice
from core.work import Work

_BOOK = text(
    INVOICES
    + "and (i.status in ('issued', 'partially_paid')"
    + " or greatest(i.closed_on, i.settled_on, i.issued_on) >= :closed_since)"
)
_MOVES = text("""
-- What settled invoices since then, in time: one row per allocation; minor units.
select a.created_at as at, a.invoice_id, a.amount_minor
from payment_allocation a where a.created_at >= :since order by a.created_at, a.id
""")
_ISSUES = text("""
select created_at as at, id from invoice where created_at >= :since and number is not null
""")
_TOTALS = text("select id, total_minor from invoice where number is not null")
_LEARNT = text("""
-- Transfers that pay a tenant's invoices: when that was decided, and for whom.
select coalesce(u.decided_at, p.created_at) as at, b.counterparty_name, b.counterparty_account,
  p.tenant_id, b.booked_on
from bank_transfer b
join payment p on p.bank_transfer_id = b.id and p.status <> 'reversed'
left join unmatched_bank_transfer u on u.bank_transfer_id = b.id
order by 1, p.id
""")
_DECIDED = text("""
-- What people decided: one row per transfer, with the invoices its money was put on.
select u.id as unmatched_id, u.status, u.created_at as at, u.decided_at, w.name as decided_by,
  u.reason, b.id, b.booked_on, b.amount_minor, b.currency, b.reference, b.text,
  b.counterparty_name, b.counterparty_account,
  array(select a.invoice_id from payment_allocation a join payment p on p.id = a.payment_id
    where p.bank_transfer_id = b.id group by 1 having sum(a.amount_minor) > 0) as invoice_ids
from unmatched_bank_transfer u
join bank_transfer b on b.id = u.bank_transfer_id
left join app_user w on w.id = u.decided_by
where u.status in ('assigned', 'ignored') and not u.automatic and u.created_at >= :since
order by u.created_at, u.id
""")
_ISSUED, _DECIDED_NOW, _MOVED, _LEARNT_NOW, _CAME_IN = range(5)
"""What happens at one instant, in this order."""


@dataclass(frozen=True)
class Replayed:
    """A past decision beside what would have been posted; `proposed` is empty when nothing.

    Of what would have been posted it holds the invoices that were still owed at the decision.
    """

    unmatched_id: int
    booked_on: date
    currency: str
    amount_minor: int
    counterparty_name: str
    status: str
    decided_by: str | None
    reason: str
    invoice_ids: tuple[int, ...]
    proposed: tuple[int, ...]
    probability: Decimal
    reasons: tuple[str, ...]
    first: tuple[int, ...]
    share: float
    """The likeliest invoices, and their share before calibration; 0 when there were none."""

    @property
    def was_right(self) -> bool:
        """True when money was put on just the likeliest invoices."""
        return bool(self.first) and set(self.first) == set(self.invoice_ids)

    @property
    def agrees(self) -> bool:
        """True when money was put on exactly what would have been posted."""
        return bool(self.proposed) and set(self.proposed) <= set(self.invoice_ids)


def replayed(work: Work, since: date, least_probability: Decimal) -> Iterator[Replayed]:
    """The decisions of people on transfers that came in since a day, in time."""
    zone = ZoneInfo(work.settings.billing_timezone)
    begin = datetime.combine(since, time(), zone)
    owing = _Owing(work, begin)
    taken: set[str] = set()
    waiting: dict[int, Replayed] = {}
    with no_collecting():
        for _, kind, row in _happened(work, begin):
            if kind == _ISSUED:
                owing.issue(row.id)
            elif kind == _DECIDED_NOW:
                asked = waiting.pop(row.unmatched_id, None)
                # One that was decided the instant it came in is asked about right here.
                yield owing.judged(asked or _asked(owing.book, row, least_probability, taken))
            elif kind == _MOVED:
                owing.move(row.invoice_id, row.amount_minor)
            elif kind == _LEARNT_NOW:
                owing.book.learn(assignment_of(row))
            elif row.decided_at > row.at:
                waiting[row.unmatched_id] = _asked(owing.book, row, least_probability, taken)


class _Owing:
    """The book as it stood at an instant, moved on by what happened next."""

    def __init__(self, work: Work, begin: datetime) -> None:
        values = {"closed_since": begin.date() - CLOSED_SINCE, "since": begin}
        later: dict[int, int] = {}
        for row in work.session.execute(_MOVES, values):
            later[row.invoice_id] = later.get(row.invoice_id, 0) + row.amount_minor
        unborn = {row.id for row in work.session.execute(_ISSUES, values)}
        self._totals = {row.id: row.total_minor for row in work.session.execute(_TOTALS)}
        self._invoices: dict[int, Invoice] = {}
        self._owed: dict[int, int] = {}
        self.book = Book(model_of_company(work)[1])
        for invoice in invoices_of(work.session.execute(_BOOK, values)):
            number = int(invoice.invoice_id)
            owed = invoice.due_minor if invoice.status in OPEN else 0
            self._invoices[number] = invoice
            self._owed[number] = owed + later.get(number, 0)
            if number not in unborn:
                self._put(number)

    def issue(self, number: int) -> None:
        """An invoice was issued."""
        if number in self._invoices:
            self._put(number)

    def move(self, number: int, amount_minor: int) -> None:
        """An amount was put on an invoice, or taken off when it is negative."""
        if number in self._invoices:
            self._owed[number] -= amount_minor
            self._put(number)

    def judged(self, asked: Replayed) -> Replayed:
        """A decision beside what would have been posted, without what was paid by the way.

        An invoice that something else settled while the transfer waited says nothing: posted at
        once, the transfer would have settled it before.
        """
        still = tuple(one for one in asked.proposed if self._owed.get(one, 0) > 0)
        return replace(asked, proposed=still)

    def _put(self, number: int) -> None:
        invoice, owed = self._invoices[number], self._owed[number]
        if owed > 0:
            self.book.put(replace(invoice, status="issued", due_minor=owed))
        else:
            closed = "paid" if invoice.status in OPEN else invoice.status
            self.book.put(replace(invoice, status=closed, due_minor=self._totals[number]))


def _happened(work: Work, begin: datetime) -> list[tuple[datetime, int, Row[Any]]]:
    """Everything since an instant in time, what was learnt before it first."""
    found: list[tuple[datetime, int, Row[Any]]] = []
    for kind, query in (
        (_ISSUED, _ISSUES),
        (_MOVED, _MOVES),
        (_LEARNT_NOW, _LEARNT),
        (_CAME_IN, _DECIDED),
    ):
        rows = work.session.execute(query, {"since": begin}).all()
        found += [(row.at, kind, row) for row in rows]
        if kind == _CAME_IN:
            found += [(row.decided_at, _DECIDED_NOW, row) for row in rows]
    return sorted(found, key=lambda each: each[:2])


def _asked(book: Book, row: Row[Any], least: Decimal, taken: set[str]) -> Replayed:
    """One decision beside what would have been posted; of two for one invoice the first is."""
    transfer = transfer_of(row)
    offers = book.suggest(transfer)
    best = offers[0] if offers else None
    likeliest = next(iter(book.weigh(transfer)), None)
    posted = (
        best is not None
        and best.auto
        and best.probability >= least
        and taken.isdisjoint(best.invoice_ids)
    )
    if best is not None and posted:
        taken.update(best.invoice_ids)
    return Replayed(
        unmatched_id=row.unmatched_id,
        booked_on=row.booked_on,
        currency=row.currency,
        amount_minor=row.amount_minor,
        counterparty_name=row.counterparty_name,
        status=row.status,
        decided_by=row.decided_by,
        reason=row.reason,
        invoice_ids=tuple(row.invoice_ids),
        proposed=tuple(int(one) for one in best.invoice_ids) if best and posted else (),
        probability=best.probability if best else Decimal(0),
        reasons=best.reasons if best else (),
        first=tuple(int(each.invoice_id) for each in likeliest.invoices) if likeliest else (),
        share=likeliest.share if likeliest else 0.0,
    )
