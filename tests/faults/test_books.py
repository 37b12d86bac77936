"""Transfers, the lifecycle run and a month's close, broken at every commit (UNM, SUB, LED)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, text

from core.access.authority import Actor
from core.bank.models import UnmatchedBankTransfer
from core.clock import SetClock
from core.closing.actions import close_month, reopen_month
from core.closing.models import ClosedMonth
from core.closing.viewing import verify_month
from core.inbox.deciding import Share, assign_transfer
from core.inbox.undoing import undo_decision
from core.invoices.models import Invoice
from core.payments.models import Payment
from core.subscriptions.models import Subscription
from core.subscriptions.run import run_lifecycle
from core.wallets.actions import recharge_wallet
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, an_invoice, pass_days
from tests.closing import OCTOBER, copied, october
from tests.faults.boundaries import Flow, How, at_every_commit, every_way
from tests.faults.conftest import House, a_key
from tests.inbox import finance, waiting
from tests.killing import Moment

OWED, SENT, PLENTY = 10_000, 12_000, 10_000_000


@dataclass
class Deciding:
    """A transfer, the invoice it pays, and the two clicks on it."""

    actor: Actor
    transfer: int
    invoice: int
    assigns: str
    undoes: str

    def assign(self, office: Office) -> None:
        with office.work(self.actor) as work:
            shares = (Share(self.invoice),)
            assign_transfer(work, self.transfer, shares, reason=WHY, key=self.assigns)

    def undo(self, office: Office) -> None:
        with office.work(self.actor) as work:
            undo_decision(work, self.transfer, reason=WHY, key=self.undoes)


def deciding(office: Office) -> Deciding:
    number = a_key()
    # Without a tax, what is owed is the round sum.
    invoice = an_invoice(office, a_tenant(office, "US", "EUR"), OWED)
    transfer = waiting(office, SENT, payer=f"PAYER {number}", bank_ref=number)
    return Deciding(finance(office), transfer, invoice.id, number, a_key())


def stands(office: Office, case: Deciding) -> tuple[str, int, int]:
    """The transfer's status, what is paid on the invoice, and the payments that stand."""
    live = select(func.count()).where(
        Payment.invoice_id == case.invoice, Payment.status == "captured"
    )
    with office.work(JOB) as work:
        return (
            work.session.get_one(UnmatchedBankTransfer, case.transfer).status,
            work.session.get_one(Invoice, case.invoice).paid_minor,
            work.session.scalar(live) or 0,
        )


@at_every_commit
@every_way
def test_a_transfer_is_assigned_and_undone_once(
    office: Office, database_url: str, how: How, moment: Moment
) -> None:
    def undone(case: Deciding) -> None:
        case.undo(office)
        assert stands(office, case) == ("open", 0, 0)

    def assigned(case: Deciding) -> None:
        assert stands(office, case) in (("open", 0, 0), ("assigned", OWED, 1))
        case.assign(office)
        assert stands(office, case) == ("assigned", OWED, 1)

    def to_undo() -> Deciding:
        case = deciding(office)
        case.assign(office)
        return case

    def nothing() -> None:
        """What a person decides, nobody finishes but the person, who clicks again."""

    acts = (
        (lambda: deciding(office), lambda at, case: case.assign(at), assigned),
        (to_undo, lambda at, case: case.undo(at), undone),
    )
    for arrange, act, check in acts:
        flow = Flow(office, database_url, arrange, act, nothing, check)
        assert flow.broken_everywhere(how, moment) >= 1


@at_every_commit
@every_way
def test_every_period_is_billed_once(house: House, how: How, moment: Moment) -> None:
    """Every month, the run breaks one commit later; a wallet, a card and a bill are renewed."""
    office, clock = house.shop.office, house.shop.clock
    kept = []
    for collection in ("wallet", "charge_automatically", "send_invoice"):
        tenant = a_tenant(office, "US", "EUR")
        with office.work(JOB) as work:
            recharge_wallet(work, tenant.id, PLENTY, "EUR", f"R-{collection}")
        plan = house.plans["growth"]
        kept.append(a_subscription(office, tenant, plan, collection=collection).id)
    months: list[date] = []

    def a_month_later() -> int:
        pass_days(clock, 31)
        months.append(clock.now().date())
        return len(months)

    def check(lived: int) -> None:
        assert run_lifecycle(office).changes == ()
        with office.work(JOB) as work:
            for number in kept:
                billed = select(Invoice.period_start).where(Invoice.subscription_id == number)
                starts = list(work.session.scalars(billed.order_by(Invoice.period_start)))
                subscription = work.session.get_one(Subscription, number)
                assert len(starts) == len(set(starts)) == lived + 1
                assert subscription.status in ("active", "past_due")
                assert starts[-1] == subscription.current_period_start

    flow = Flow(
        office,
        house.url,
        a_month_later,
        lambda at, _: run_lifecycle(at),
        lambda: run_lifecycle(office),
        check,
    )
    assert flow.broken_everywhere(how, moment) >= 3


@at_every_commit
@every_way
def test_a_month_is_closed_and_reopened_wholly_or_not_at_all(
    office: Office, database_url: str, clock: SetClock, how: How, moment: Moment
) -> None:
    office.settings.gateway_simulator = False
    october(office)

    def live() -> ClosedMonth | None:
        with office.work(JOB) as work:
            found = select(ClosedMonth).where(ClosedMonth.reopened_at.is_(None))
            return work.session.scalar(found)

    def told(event_type: str) -> int:
        asked = text("select count(*) from audit_event where event_type = :kind")
        with office.work(JOB) as work:
            return work.session.scalar(asked, {"kind": event_type}) or 0

    def close(at: Office, actor: Actor) -> None:
        with at.work(actor) as work:
            close_month(work, OCTOBER, copied(), reason=WHY)

    def reopen(at: Office, actor: Actor) -> None:
        with at.work(actor) as work:
            reopen_month(work, OCTOBER, reason=WHY)

    def closed(actor: Actor) -> None:
        if live() is None:
            close(office, actor)
        with office.work(JOB) as work:
            assert verify_month(work, OCTOBER).intact
        reopen(office, actor)
        assert told("month.closed") == told("month.reopened")

    def to_reopen() -> Actor:
        actor = finance(office)
        close(office, actor)
        return actor

    def reopened(actor: Actor) -> None:
        if live() is not None:
            reopen(office, actor)
        assert told("month.closed") == told("month.reopened")

    def nothing() -> None:
        """Whoever closes a month looks again."""

    acts = ((lambda: finance(office), close, closed), (to_reopen, reopen, reopened))
    for arrange, act, check in acts:
        flow = Flow(office, database_url, arrange, act, nothing, check)
        assert flow.broken_everywhere(how, moment) >= 1
