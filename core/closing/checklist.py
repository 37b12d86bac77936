"""What must be in order before a month is closed, each with words and a door to mend it (LED.2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, cast
from urllib.parse import urlencode

from sqlalchemy import Engine, select, text

from core.closing.models import CloseExplanation
from core.closing.rules import last_day, month_after
from core.ledger.checks import checked
from core.ledger.recognition import is_recognised
from core.money import units_text
from core.reconciliation.models import SOURCES
from core.reconciliation.report import Total, compare
from core.reconciliation.sides import Window
from core.reconciliation.standing import ProviderState, provider_states
from core.work import Office, Work

TITLES = dict(zip(SOURCES, ("Stripe", "Paystack", "PayPal", "Bankgirot"), strict=True))
State = Literal["green", "explained", "red"]
_WAITING = text("""
-- Transfers up to a day that nobody has decided: how many, by currency; minor units.
select b.currency, count(*) as transfers, cast(sum(b.amount_minor) as bigint) as minor
from unmatched_bank_transfer u join bank_transfer b on b.id = u.bank_transfer_id
where u.status = 'open' and b.booked_on <= :until
group by b.currency order by b.currency
""")
_DRAFTS = text("""
-- Drafts of invoices written before an instant.
select count(*) from invoice where status = 'draft'
  and cast(created_at at time zone :zone as date) <= :until
""")
_NEWEST = text("""
-- When the newest posting of the days up to one was written.
select max(created_at) from ledger_transaction where booked_on <= :until
""")
_POSTINGS = text("""
-- How many transactions the ledger has up to a day.
select count(*) from ledger_transaction where booked_on <= :until
""")


@dataclass(frozen=True)
class Item:
    """A thing to be in order; `door` is the page where it is mended.

    A red one that may be explained refuses the close until somebody gave a reason for this very
    finding; one that may not is mended first.
    """

    name: str
    title: str
    state: State
    finding: str
    door: str
    may_be_explained: bool
    explanation: str | None = None


@dataclass(frozen=True)
class CopySeen:
    """Which day the analytics copy is of and when it was made; None of both without one.

    `postings` are the ledger transactions it holds by month; a sync does not see those that were
    written while it began and are committed after, whatever their time.
    """

    as_of: date | None = None
    published_at: datetime | None = None
    postings: Mapping[date, int] | None = None


def checklist(work: Work, month: date, copy: CopySeen) -> tuple[Item, ...]:
    """Every item of a month, in order, with the explanations that hold."""
    found = [
        _copied(work, month, copy),
        _recognised(work, month),
        _books(work),
        *_reconciled(work, month),
        _inbox(work, month),
        _drafts(work, month),
    ]
    reasons = _explanations(work, month)
    return tuple(
        replace(item, state="explained", explanation=reason)
        if item.state == "red"
        and item.may_be_explained
        and (reason := reasons.get((item.name, item.finding)))
        else item
        for item in found
    )


def _item(
    name: str, title: str, fault: str, well: str, door: str, *, may_be_explained: bool = True
) -> Item:
    """Green with the words of what is well, red with those of what is not."""
    return Item(name, title, "red" if fault else "green", fault or well, door, may_be_explained)


def _copied(work: Work, month: date, copy: CopySeen) -> Item:
    fault = ""
    newest = work.session.scalar(_NEWEST, {"until": last_day(month)})
    if copy.as_of is None or copy.published_at is None:
        fault = "There is no analytics copy yet; run a sync"
    elif copy.as_of < month_after(month):
        fault = f"The copy is of {copy.as_of}, before the month was over; run a sync"
    elif (newest is not None and newest > copy.published_at) or _lacks(work, month, copy):
        fault = "The month was posted to after the copy was made; run a sync"
    return _item(
        "copy", "Analytics copy", fault, f"Synced on {copy.as_of}, after the month's end",
        "/jobs?" + urlencode({"job": "sync"}), may_be_explained=False,
    )  # fmt: skip


def _lacks(work: Work, month: date, copy: CopySeen) -> bool:
    """Whether the ledger has other transactions up to the month's end than the copy."""
    if copy.postings is None:
        return False
    held = sum(count for first, count in copy.postings.items() if first <= month)
    posted: int = work.session.execute(_POSTINGS, {"until": last_day(month)}).scalar_one()
    return held != posted


def _recognised(work: Work, month: date) -> Item:
    fault = "" if is_recognised(work, month) else "What was earned in the month is not posted yet"
    return _item(
        "recognition", "Revenue recognised", fault, "What was earned by its end is posted",
        "/jobs?" + urlencode({"job": "recognition"}), may_be_explained=False,
    )  # fmt: skip


def _books(work: Work) -> Item:
    checks = checked(work)
    fault = "; ".join(
        f"{check.name}: {len(check.differences)} differ" for check in checks if not check.passed
    )
    words = f"All {len(checks)} checks of the ledger pass"
    return _item("ledger", "Ledger check", fault, words, "/reconciliation")


def _reconciled(work: Work, month: date) -> Iterator[Item]:
    """One item a gateway, for all its currencies."""
    until = last_day(month)
    office = Office(cast("Engine", work.session.get_bind()), work.clock, work.settings)
    seen = compare(work, Window(month, until, work.today, None))
    door = "/reconciliation?" + urlencode({"from": month, "until": until})
    for state in provider_states(office, work, month, until, SOURCES):
        own = [total for total in seen.totals if total.provider == state.provider]
        title = f"Reconciliation of {TITLES[state.provider]}"
        well = "Books and gateway agree" if own else "Nothing moved there"
        yield _item(
            f"reconciliation:{state.provider}", title, _drifted(state, own), well,
            f"{door}&provider={state.provider}",
        )  # fmt: skip


def _drifted(state: ProviderState, own: list[Total]) -> str:
    """A gateway that is not connected and saw no posting is no fault; one that was not read is."""
    if state.state != "ready" and (own or state.state != "credentials_missing"):
        return state.words
    return "; ".join(
        f"{total.currency}: drift {units_text(total.drift_minor, total.currency)}, "
        f"{total.open_rows} to look at"
        for total in own
        if total.standing in ("open", "drift")
    )


def _inbox(work: Work, month: date) -> Item:
    until = last_day(month)
    waiting = "; ".join(
        f"{row.transfers} for {units_text(row.minor, row.currency)} {row.currency}"
        for row in work.session.execute(_WAITING, {"until": until})
    )
    fault = f"Not decided: {waiting}" if waiting else ""
    return _item(
        "inbox", "Unmatched payments", fault, "Every transfer up to the month's end is decided",
        "/unmatched",
    )  # fmt: skip


def _drafts(work: Work, month: date) -> Item:
    values = {"until": last_day(month), "zone": work.settings.billing_timezone}
    count = work.session.execute(_DRAFTS, values).scalar_one()
    fault = f"Not sent, of the month or before: {count}" if count else ""
    return _item(
        "drafts", "Drafts of invoices", fault, "None of the month is left", "/invoices?status=draft"
    )


def _explanations(work: Work, month: date) -> dict[tuple[str, str], str]:
    """The newest reason by item and finding."""
    rows = work.session.scalars(
        select(CloseExplanation)
        .where(CloseExplanation.month == month)
        .order_by(CloseExplanation.id)
    )
    return {(row.item, row.finding): row.reason for row in rows}
