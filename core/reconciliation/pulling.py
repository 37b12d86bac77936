"""Reading the gateways' own ledgers: in spans, resumed where it stopped, never cut silently (REC).

An account is the company's or a tenant's own. What was read stays when something stops; the mark
moves on only when a span is known to be whole. The lines of the last days are read again each
time, and whatever was told before has to be told again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.access.authority import system
from core.alone import alone
from core.clock import local_date
from core.errors import SaldoError
from core.gateways.accounts import Account
from core.gateways.port import Gateway, GatewayUnsure, LedgerLine, PayoutSeen
from core.gateways.registry import TITLES, gateway_of
from core.reconciliation.itemising import itemise
from core.reconciliation.models import GatewayLine, GatewayPayout, GatewayPull
from core.reconciliation.starting import first_moment
from core.work import Office, Work

SYSTEM = system("reconcile")
SPAN = timedelta(days=31)
"""What is read before the mark moves; PayPal takes no more at a time."""
AGAIN = timedelta(days=3)
"""How far back the next reading begins; PayPal tells of rows up to three hours late."""
PAYOUTS_AGAIN = timedelta(days=21)
"""The same for payouts, which are on their way for days, and whose bank's number comes later."""
BATCH = 500
"""Rows of one transaction."""
LONGEST_PROBLEM = 500
T = TypeVar("T")


class ListCut(GatewayUnsure):
    """The gateway left out what it told of before; nothing after that was taken over."""

    code = "list_cut"


@dataclass(frozen=True)
class Pulled:
    """What became of an account: new rows, and why it stopped, if it did."""

    provider: str
    tenant_id: int | None
    lines: int = 0
    payouts: int = 0
    problem: str = ""


def pull(
    office: Office, account: Account, until: datetime, gateway: Gateway | None = None
) -> Pulled:
    """Read an account's lines and payouts up to a moment; what stops it is kept in its words.

    Two readings of an account at once would each miss what only the other was told: the second
    one stops. Raises CredentialsMissing when the account has no keys.
    """
    at = gateway or gateway_of(
        office.settings, account.provider, engine=office.engine, tenant_id=account.tenant_id
    )
    with alone(office.engine, f"pull {account.provider} {account.tenant_id or ''}") as mine:
        if mine:
            return _pull(office, account, until, at)
    busy = f"{TITLES[account.provider]} is being read already; look again when that is done"
    return Pulled(account.provider, account.tenant_id, problem=busy)


def _pull(office: Office, account: Account, until: datetime, at: Gateway) -> Pulled:
    lines = payouts = 0
    try:
        lines = _read(office, account, "lines", until, at.ledger, keep_lines, _line_id)
        payouts = _read(office, account, "payouts", until, at.payouts, keep_payouts, _payout_id)
        itemise(office, account.provider, account.tenant_id, at)
    except SaldoError as problem:
        _note(office, account, str(problem))
        return Pulled(account.provider, account.tenant_id, lines, payouts, str(problem))
    _note(office, account, "")
    return Pulled(account.provider, account.tenant_id, lines, payouts)


def _read(
    office: Office,
    account: Account,
    kind: str,
    until: datetime,
    ask: Callable[[datetime, datetime], Iterator[T]],
    keep: Callable[[Work, Account, Sequence[T]], int],
    name: Callable[[T], str],
) -> int:
    """Read span by span from the mark on; returns how many rows were new."""
    start = _begin(office, account, kind, until)
    new = 0
    while start < until:
        end = min(start + SPAN, until)
        told: set[str] = set()
        asked = ask(start, end)
        while rows := list(islice(asked, BATCH)):
            told.update(name(row) for row in rows)
            with office.work(SYSTEM) as work:
                new += keep(work, account, rows)
        with office.work(SYSTEM) as work:
            if kind == "lines":
                _refuse_gaps(work, account, start, end, told)
            _move_on(work, account, kind, end)
        start = end
    return new


def _begin(office: Office, account: Account, kind: str, until: datetime) -> datetime:
    """Where to go on; an account that was never read begins before our first posting on it."""
    with office.work(SYSTEM) as work:
        mark = _mark(work, account, kind)
        if mark is None:
            since = min(first_moment(work, account.provider), until)
            mark = GatewayPull(
                provider=account.provider,
                tenant_id=account.tenant_id,
                kind=kind,
                since_at=since,
                reached_at=since,
                tried_at=work.now,
                changed_at=work.now,
            )
            work.session.add(mark)
        mark.tried_at = work.now
        again = PAYOUTS_AGAIN if kind == "payouts" else AGAIN
        return max(mark.reached_at - again, mark.since_at)


def _mark(work: Work, account: Account, kind: str) -> GatewayPull | None:
    return work.session.scalar(
        select(GatewayPull)
        .where(
            GatewayPull.provider == account.provider,
            GatewayPull.tenant_id.is_not_distinct_from(account.tenant_id),
            GatewayPull.kind == kind,
        )
        .with_for_update()
    )


def _move_on(work: Work, account: Account, kind: str, reached: datetime) -> None:
    mark = _mark(work, account, kind)
    assert mark is not None, "reading began with a mark"
    mark.reached_at = max(mark.reached_at, reached)
    mark.changed_at = work.now


def _refuse_gaps(
    work: Work, account: Account, start: datetime, end: datetime, told: set[str]
) -> None:
    """Raise ListCut when a line that we hold of the span was not told of again."""
    held = work.session.scalars(
        select(GatewayLine.external_id)
        .where(
            GatewayLine.provider == account.provider,
            GatewayLine.tenant_id.is_not_distinct_from(account.tenant_id),
            GatewayLine.occurred_at >= start,
            GatewayLine.occurred_at < end,
        )
        .order_by(GatewayLine.occurred_at)
    )
    lost = [number for number in held if number not in told]
    if lost:
        raise ListCut(
            f"{TITLES[account.provider]} left out {len(lost)} of the lines it told of before, "
            f"{lost[0]} first, from {start:%F} to {end:%F}; the list was cut"
        )


def keep_lines(work: Work, account: Account, lines: Sequence[LedgerLine]) -> int:
    """Keep lines that are new; returns how many were."""
    zone = work.settings.billing_timezone
    made = work.session.execute(
        insert(GatewayLine)
        .values(
            [
                {
                    "provider": account.provider,
                    "tenant_id": account.tenant_id,
                    "external_id": line.external_id,
                    "kind": line.kind,
                    "source_id": line.source_id,
                    "payout_id": line.payout_id,
                    "currency": line.currency,
                    "amount_minor": line.amount_minor,
                    "fee_minor": line.fee_minor,
                    "net_minor": line.amount_minor - line.fee_minor,
                    "occurred_at": line.occurred_at,
                    "occurred_on": local_date(line.occurred_at, zone),
                    "available_on": line.available_on,
                    "pulled_at": work.now,
                }
                for line in lines
            ]
        )
        .on_conflict_do_nothing(index_elements=["provider", "tenant_id", "external_id"])
        .returning(GatewayLine.id)
    )
    return len(made.all())


def keep_payouts(work: Work, account: Account, payouts: Sequence[PayoutSeen]) -> int:
    """Keep new payouts, and the state of those known; only new ones are counted."""
    states = {
        seen.payout_id: {
            "provider": account.provider,
            "tenant_id": account.tenant_id,
            "payout_id": seen.payout_id,
            "currency": seen.currency,
            "amount_minor": seen.amount_minor,
            "status": seen.status,
            "arrives_on": seen.arrives_on,
            "trace_id": seen.trace_id,
            "itemised": seen.itemised,
            "pulled_at": work.now,
        }
        for seen in payouts
    }
    known = _known_payouts(work, account, list(states))
    made = insert(GatewayPayout).values(list(states.values()))
    changing = ("status", "arrives_on", "trace_id", "itemised", "pulled_at")
    work.session.execute(
        made.on_conflict_do_update(
            index_elements=["provider", "tenant_id", "payout_id"],
            set_={name: made.excluded[name] for name in changing},
        )
    )
    return len(states) - known


def _known_payouts(work: Work, account: Account, numbers: Sequence[str]) -> int:
    found = work.session.scalar(
        select(func.count()).where(
            GatewayPayout.provider == account.provider,
            GatewayPayout.tenant_id.is_not_distinct_from(account.tenant_id),
            GatewayPayout.payout_id.in_(numbers),
        )
    )
    return int(found or 0)


def _note(office: Office, account: Account, problem: str) -> None:
    """Keep why the last attempt stopped, or that it did not."""
    with office.work(SYSTEM) as work:
        for mark in work.session.scalars(
            select(GatewayPull).where(
                GatewayPull.provider == account.provider,
                GatewayPull.tenant_id.is_not_distinct_from(account.tenant_id),
            )
        ):
            mark.problem, mark.changed_at = problem[:LONGEST_PROBLEM], work.now


def _line_id(line: LedgerLine) -> str:
    return line.external_id


def _payout_id(seen: PayoutSeen) -> str:
    return seen.payout_id
