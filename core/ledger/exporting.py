"""The journal for accountants: every posting of a window, and what the accounts held (LED.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from core.errors import BadInput
from core.ledger.checks import balances
from core.work import Work

_ENTRIES = text("""
-- Every entry of the window in the order it was posted; minor units, debit positive.
select t.id as number, t.booked_on, t.created_at, t.kind as event, t.source_type, t.source_id,
  t.memo, e.tenant_id, n.name as tenant_name, e.account_code as account, a.name as account_name,
  a.kind as account_kind, e.currency, e.amount_minor
from ledger_transaction t
join accounting_entry e on e.ledger_transaction_id = t.id
join account a on a.code = e.account_code
left join tenant n on n.id = e.tenant_id
where t.booked_on between :since and :until
  and (cast(:currency as text) is null or e.currency = :currency)
order by t.booked_on, t.id, e.id
""")
_CURRENCIES = text("""
-- The currencies of the ledger up to a day.
select distinct e.currency
from accounting_entry e join ledger_transaction t on t.id = e.ledger_transaction_id
where t.booked_on <= :until order by 1
""")


@dataclass(frozen=True)
class JournalRow:
    """An entry of a ledger transaction; `amount_minor` is positive for debits."""

    number: int
    booked_on: date
    written_on: date
    event: str
    source_type: str
    source_id: int
    memo: str
    tenant_id: int | None
    tenant_name: str | None
    account: str
    account_name: str
    account_kind: str
    currency: str
    amount_minor: int


@dataclass(frozen=True)
class Books:
    """What a SIE file tells: a window in one currency, and balances by account.

    `opening` is what accounts held before the first day of `year`, `closing` at the window's end.
    """

    since: date
    until: date
    year: int
    currency: str
    rows: tuple[JournalRow, ...]
    opening: tuple[dict[str, Any], ...]
    closing: tuple[dict[str, Any], ...]


def journal(work: Work, since: date, until: date, currency: str | None = None) -> list[JournalRow]:
    """Every entry of a window, both days included. Needs `billing.read`. Raises BadInput."""
    work.require("billing.read")
    if until < since:
        raise BadInput(f"The window ends on {until}, before it begins on {since}")
    found = work.session.execute(_ENTRIES, {"since": since, "until": until, "currency": currency})
    return [_row(row._mapping) for row in found]


def books(work: Work, since: date, until: date, currency: str | None = None) -> Books:
    """The window for a SIE file, which carries one currency and one financial year.

    Needs `billing.read`. Raises BadInput for a window of two calendar years, and when the ledger
    has several currencies and none is named.
    """
    work.require("billing.read")
    if since.year != until.year:
        raise BadInput("A SIE file holds one calendar year; export each year for itself")
    chosen = currency or _the_currency(work, until)
    before = date(since.year - 1, 12, 31)
    return Books(
        since,
        until,
        since.year,
        chosen,
        tuple(journal(work, since, until, chosen)),
        tuple(_of(balances(work, before), chosen)),
        tuple(_of(balances(work, until), chosen)),
    )


def currencies(work: Work, until: date) -> list[str]:
    """The currencies that the ledger holds at the end of a day. Needs `billing.read`."""
    work.require("billing.read")
    return list(work.session.scalars(_CURRENCIES, {"until": until}))


def _row(row: Any) -> JournalRow:
    facts = dict(row)
    facts["written_on"] = facts.pop("created_at").date()
    return JournalRow(**facts)


def _of(rows: Sequence[dict[str, Any]], currency: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["currency"] == currency]


def _the_currency(work: Work, until: date) -> str:
    held = currencies(work, until)
    if len(held) > 1:
        raise BadInput(f"A SIE file carries one currency; name one of {', '.join(held)}")
    return held[0] if held else work.settings.reporting_currency
