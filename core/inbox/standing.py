"""The book of invoices kept in memory, brought up to date by what changed since (UNM.2)."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Row, select, text

from core.inbox.models import MatchingCalibration
from core.matching.book import Book, no_collecting
from core.matching.records import Assignment, Invoice, Transfer
from core.matching.scoring import Model, shipped_model
from core.work import Work

CLOSED_SINCE = timedelta(days=400)
"""Invoices closed longer ago are not known: they would only say "already paid"."""
LEARNT_SINCE = timedelta(days=800)
"""Older payments teach nothing about who pays for whom."""
INVOICES = """
select i.id, i.number, i.ocr, i.tenant_id, t.name as tenant_name, i.currency, i.status,
  case when i.status in ('issued', 'partially_paid') then i.total_minor - i.paid_minor
    else i.total_minor end as due_minor, i.issued_on, i.due_on
from invoice i join tenant t on t.id = i.tenant_id
where i.number is not null and i.status <> 'draft'
"""
_LOW = text("select pg_snapshot_xmin(pg_current_snapshot())::text")
_INVOICES = text(
    INVOICES
    + """and (i.status in ('issued', 'partially_paid')
    or greatest(i.closed_on, i.settled_on, i.issued_on) >= :closed_since)
  and (i.row_xid >= cast(:low as xid8) or t.row_xid >= cast(:low as xid8))
"""
)
_PAID = text("""
select p.id, p.status, b.counterparty_name, b.counterparty_account, p.tenant_id, b.booked_on
from payment p join bank_transfer b on b.id = p.bank_transfer_id
where p.row_xid >= cast(:low as xid8) and b.booked_on >= :learnt_since
order by b.booked_on, p.id
""")
_DECLINED = text("""
select b.id, b.booked_on, b.amount_minor, b.currency, b.reference, b.text, b.counterparty_name,
  b.counterparty_account, d.id as declined_id, d.tenant_id, d.declined_at
from suggestion_declined d
join unmatched_bank_transfer u on u.id = d.unmatched_id
join bank_transfer b on b.id = u.bank_transfer_id
where d.id > :declined order by d.id
""")


class StandingBook:
    """One database's book; a page or a job asks for it and gets it as of now.

    Loaded whole the first time; then only rows written since are read again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()

    @contextmanager
    def of(self, work: Work) -> Iterator[Book]:
        """The book as of now, for the caller alone; `work` must have written nothing itself."""
        with self._lock:
            low = str(work.session.scalar(_LOW))
            with no_collecting():
                fitted, model = model_of_company(work)
                if fitted != self._fitted or self._outdated(work):
                    self._clear(fitted, model)
                self._read(work)
            self._low = low
            yield self._book

    def _clear(self, fitted: int = 0, model: Model | None = None) -> None:
        self._book = Book(model)
        self._fitted = fitted
        self._low = "0"
        self._declined = 0
        self._learnt: set[int] = set()

    def _outdated(self, work: Work) -> bool:
        """True when a payment it learnt from was undone: a book cannot forget a payer's name."""
        return any(
            row.id in self._learnt and row.status == "reversed" for row in self._payments(work)
        )

    def _read(self, work: Work) -> None:
        since = work.today - CLOSED_SINCE
        values = {"low": self._low, "closed_since": since}
        for invoice in invoices_of(work.session.execute(_INVOICES, values)):
            self._book.put(invoice)
        for row in self._payments(work):
            if row.status != "reversed" and row.id not in self._learnt:
                self._learnt.add(row.id)
                self._book.learn(assignment_of(row))
        for row in work.session.execute(_DECLINED, {"declined": self._declined}):
            self._book.decline(transfer_of(row), str(row.tenant_id), row.declined_at.date())
            self._declined = row.declined_id

    def _payments(self, work: Work) -> Sequence[Row[Any]]:
        values = {"low": self._low, "learnt_since": work.today - LEARNT_SINCE}
        return work.session.execute(_PAID, values).all()


def model_of_company(work: Work) -> tuple[int, Model | None]:
    """The weights that are shipped, calibrated on the company's own decisions where it has any.

    With the number of the calibration, 0 and None without one.
    """
    fitted = work.session.scalar(
        select(MatchingCalibration).order_by(MatchingCalibration.id.desc()).limit(1)
    )
    if fitted is None:
        return 0, None
    steps = [(float(score), float(share)) for score, share in fitted.steps]
    return fitted.id, Model(shipped_model().weights, steps)


_KEPT: "WeakKeyDictionary[Engine, StandingBook]" = WeakKeyDictionary()
_KEEPING = threading.Lock()


def standing_book(work: Work) -> StandingBook:
    """The book kept for the database of a unit of work."""
    engine = work.session.get_bind()
    assert isinstance(engine, Engine)
    with _KEEPING:
        return _KEPT.setdefault(engine, StandingBook())


def forget_books() -> None:
    """Load every book anew when it is next asked for: a database was replaced under its address."""
    with _KEEPING:
        _KEPT.clear()


def invoices_of(rows: Iterable[Row[Any]]) -> Iterator[Invoice]:
    """Rows of `INVOICES` as the matching reads them."""
    for row in rows:
        yield Invoice(
            str(row.id),
            row.number,
            row.ocr or "",
            str(row.tenant_id),
            row.tenant_name,
            row.due_minor,
            row.currency,
            row.issued_on,
            row.due_on,
            row.status,
        )


def transfer_of(row: Row[Any]) -> Transfer:
    """A row of a bank transfer as the matching reads it."""
    return Transfer(
        str(row.id),
        row.booked_on,
        row.amount_minor,
        row.currency,
        row.reference,
        row.text,
        row.counterparty_name,
        row.counterparty_account,
    )


def assignment_of(row: Row[Any]) -> Assignment:
    """A transfer that pays a tenant's invoices, as the matching learns from it."""
    return Assignment(
        row.counterparty_name, row.counterparty_account, str(row.tenant_id), row.booked_on
    )
