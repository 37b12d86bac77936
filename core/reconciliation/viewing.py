"""The reconciliation of a window as every door shows it, kept an hour for the same data (REC.1)."""

from collections import OrderedDict
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import text

from core.access.authority import Actor
from core.errors import BadInput
from core.reconciliation import history
from core.reconciliation.models import SOURCES
from core.reconciliation.report import Difference, Total, compare
from core.reconciliation.rules import TOLERANCE_MINOR
from core.reconciliation.sides import Window
from core.reconciliation.standing import ProviderState, insist, provider_states
from core.reconciliation.three_way import PayoutRow, three_way
from core.reports.window import admit
from core.work import Office, Work

KEPT = timedelta(hours=1)
MOST_KEPT = 32
"""Windows that a process remembers."""
HISTORY = timedelta(days=90)
_READ = (
    "accounting_entry",
    "gateway_line",
    "gateway_payout",
    "bank_transfer",
    "payment",
    "refund",
)
_newest = " union all ".join(
    f"(select row_xid from {table} order by row_xid desc limit 1)" for table in _READ
)
_VERSION = text(f"""
-- What the comparison rests on: one row. Transactions still running below the newest row count too.
select
  (select cast(max(cast(cast(row_xid as text) as bigint)) as bigint) from ({_newest}) n) as newest,
  cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint) as oldest_running,
  (select count(*) from reconciliation_decision) as decisions,
  (select count(*) from reconciliation_decision where undone_at is not null) as undone,
  (select max(changed_at) from gateway_pull) as pulled,
  (select max(noted_at) from reconciliation_day) as noted
""")


@dataclass(frozen=True)
class Reconciliation:
    """A window, both days included; what of a gateway in no able state is left out, never zero.

    `clearing` are the clearing accounts at the window's end, explained from when they were read.
    """

    since: date
    until: date
    as_of: date
    tolerance_minor: int
    provider: str | None
    providers: tuple[ProviderState, ...]
    totals: tuple[Total, ...]
    differences: tuple[Difference, ...]
    payouts: tuple[PayoutRow, ...]
    clearing: tuple[history.ClearingAccount, ...]
    history: tuple[history.DayRow, ...]


FILE_COLUMNS = (
    "line",
    *dict.fromkeys(
        field.name
        for shape in (
            ProviderState, Total, Difference, PayoutRow, history.ClearingAccount, history.DayRow
        )
        for field in fields(shape)
    ),
)  # fmt: skip
"""The columns of a file, the same whatever there is to tell."""


@dataclass(frozen=True)
class _Kept:
    found: Reconciliation
    at: datetime


_kept: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()
_lock = Lock()


def reconciliation(
    office: Office, actor: Actor, since: date, until: date, provider: str | None = None
) -> Reconciliation:
    """The reconciliation of a window. Needs `analytics.read`.

    Raises BadInput for a window that ends too early or an unknown provider, CredentialsMissing and
    NotPulled when the one provider asked for has nothing to compare with.
    """
    with office.work(actor) as work:
        admit(work, since, until)
        if provider is not None and provider not in SOURCES:
            raise BadInput(f"There is no provider {provider!r}; there are {', '.join(SOURCES)}")
        states = provider_states(office, work, since, until, (provider,) if provider else SOURCES)
        if provider is not None:
            insist(states[0])
        able = {state.provider for state in states if state.able}
        key = (str(work.session.get_bind()), since, until, provider, work.today, *_version(work))
        found = _remembered(key, work.now)
        if found is None:
            found = _look(work, Window(since, until, work.today, provider))
            _remember(key, found, work.now)
    return replace(
        found,
        providers=states,
        totals=tuple(each for each in found.totals if each.provider in able),
        differences=tuple(each for each in found.differences if each.provider in able),
        payouts=tuple(each for each in found.payouts if each.provider in able),
        clearing=tuple(each for each in found.clearing if each.provider in able),
    )


def as_lines(found: Reconciliation) -> list[dict[str, Any]]:
    """The whole payload as lines of a file, in the order of the payload; see FILE_COLUMNS."""
    lines: list[dict[str, Any]] = []
    lines += [{"line": "provider", **asdict(state)} for state in found.providers]
    lines += [{"line": "total", **asdict(total)} for total in found.totals]
    for each in found.differences:
        ignored = each.ignored.reason if each.ignored else None
        lines.append({"line": "difference", **asdict(each), "ignored": ignored})
    lines += [{"line": "payout", **asdict(payout)} for payout in found.payouts]
    lines += [{"line": "clearing", **asdict(account)} for account in found.clearing]
    lines += [{"line": "day", **asdict(day)} for day in found.history]
    return lines


def forget() -> None:
    """Let go of what is remembered."""
    with _lock:
        _kept.clear()


def _look(work: Work, window: Window) -> Reconciliation:
    seen = compare(work, window)
    end = min(window.until, window.as_of)
    stood = history.clearing(work, end, window.provider)
    return Reconciliation(
        window.since,
        window.until,
        window.as_of,
        TOLERANCE_MINOR,
        window.provider,
        (),
        seen.totals,
        seen.differences,
        three_way(work, window),
        history.clearing_accounts(work, stood.totals, window.provider),
        history.days(work, end - HISTORY, end, window.provider),
    )


def _version(work: Work) -> tuple[Any, ...]:
    row = work.session.execute(_VERSION).one()
    newest = row.newest or 0
    running = min(row.oldest_running, newest + 1)
    return newest, running, row.decisions, row.undone, row.pulled, row.noted


def _remembered(key: tuple[Any, ...], now: datetime) -> Reconciliation | None:
    with _lock:
        kept = _kept.get(key)
        if kept is None or not now - KEPT <= kept.at <= now:
            return None
        _kept.move_to_end(key)
        return kept.found


def _remember(key: tuple[Any, ...], found: Reconciliation, now: datetime) -> None:
    with _lock:
        _kept[key] = _Kept(found, now)
        _kept.move_to_end(key)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
