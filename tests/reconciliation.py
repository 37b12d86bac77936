"""A gateway whose ledger a test writes, and both sides of an event."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import cast

from sqlalchemy import select

from core.access.authority import Actor
from core.clock import start_of_day
from core.gateways.accounts import Account
from core.gateways.port import Gateway, GatewayUnsure, LedgerLine, PayoutSeen
from core.payments.actions import Charge, record_charges
from core.payments.models import Payment
from core.reconciliation.actions import Sight
from core.reconciliation.models import PULLS, GatewayLine, GatewayPull
from core.reconciliation.pulling import Pulled, pull
from core.reconciliation.report import Comparison, Difference, compare
from core.reconciliation.sides import Window
from core.work import Office
from tests.billing import JOB, a_tenant, an_invoice
from tests.inbox import finance

TODAY = date(2026, 11, 20)
EARLY = datetime(2026, 11, 20, 9, tzinfo=UTC)
"""Three hours before the test clock's noon."""
STRIPE = Account("stripe")


@dataclass
class Told:
    """A gateway that tells the lines and payouts it was given, newest first, within the span."""

    lines: list[LedgerLine] = field(default_factory=list)
    payouts_seen: list[tuple[datetime, PayoutSeen]] = field(default_factory=list)
    stops_after: int | None = None
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)

    def ledger(self, since: datetime, until: datetime) -> Iterator[LedgerLine]:
        self.asked.append((since, until))
        found = sorted(self.lines, key=lambda line: line.occurred_at, reverse=True)
        for place, line in enumerate(one for one in found if since <= one.occurred_at < until):
            if self.stops_after is not None and place >= self.stops_after:
                raise GatewayUnsure("the connection broke")
            yield line

    def payouts(self, since: datetime, until: datetime) -> Iterator[PayoutSeen]:
        return (seen for at, seen in self.payouts_seen if since <= at < until)

    def payout_lines(self, payout_id: str) -> Iterator[LedgerLine]:
        return (
            line for line in self.lines if line.payout_id == payout_id and line.kind != "payout"
        )


def a_line(number: str = "ch_1", amount_minor: int = 10_000, **more: object) -> LedgerLine:
    """A charge of today, unless told otherwise."""
    usual = LedgerLine(f"txn_{number}", "charge", "EUR", amount_minor, 0, EARLY, source_id=number)
    return replace(usual, **more)  # type: ignore[arg-type]


def paid(office: Office, number: str = "ch_1", total_minor: int = 10_000, fee_minor: int = 0,
         provider: str = "stripe") -> Payment:  # fmt: skip
    """A card payment in the books, of the clock's day; its tenant pays no tax."""
    tenant = a_tenant(office, "US", "EUR")
    invoice = an_invoice(office, tenant, total_minor)
    charge = Charge(invoice.id, provider, number, total_minor, fee_minor)
    with office.work(JOB) as work:
        return record_charges(work, (charge,))[0]


def pulled(office: Office, *lines: LedgerLine, account: Account = STRIPE) -> Pulled:
    """What the gateway tells, read to the clock's moment."""
    return read(office, Told(list(lines)), account)


def read(office: Office, told: Told, account: Account = STRIPE) -> Pulled:
    return pull(office, account, office.clock.now(), cast("Gateway", told))


def began(office: Office, provider: str, day: date) -> None:
    """Reading of a gateway that begins on a day, whatever was posted before."""
    with office.work(JOB) as work:
        at = start_of_day(day, work.settings.billing_timezone)
        work.session.add_all(
            GatewayPull(
                provider=provider, kind=kind, since_at=at, reached_at=at, tried_at=work.now,
                changed_at=work.now,
            )
            for kind in PULLS
        )  # fmt: skip


def kept(office: Office) -> list[GatewayLine]:
    """The lines kept, in the order they came."""
    with office.work(JOB) as work:
        return list(work.session.scalars(select(GatewayLine).order_by(GatewayLine.id)))


def seen(office: Office, days: int = 30) -> Comparison:
    """The last days as of today."""
    with office.work(JOB) as work:
        window = Window(work.today - timedelta(days=days), work.today, work.today)
        return compare(work, window)


def the_difference(office: Office) -> Difference:
    """The one there is."""
    (found,) = seen(office).differences
    return found


def sight(each: Difference) -> Sight:
    """A difference as a person sees it."""
    return Sight(each.provider, each.tenant_id, each.kind, each.reference, each.difference_minor)


def person(office: Office) -> Actor:
    return finance(office)
