"""The people of a soak: they sign up, pay, recharge, ask for money back, leave; and finance."""

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import httpx
import stripe
from sqlalchemy import select

from core.access.actions import create_user
from core.access.authority import Actor, system
from core.access.sessions import open_session, viewer
from core.bank.models import BankTransfer, UnmatchedBankTransfer
from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.charging.cards import keep_card, know_customer
from core.charging.checkout import came_back, recharge
from core.clock import SetClock
from core.errors import SaldoError
from core.gateways.port import Card, GatewayUnsure
from core.gateways.registry import SIMULATOR_KEY
from core.gateways.simulator.in_process import ADDRESS, InProcess
from core.gateways.simulator.pages import pages_app
from core.inbox.deciding import Share, assign_transfer
from core.inbox.undoing import undo_decision
from core.invoices.models import OPEN, Invoice
from core.payments.models import Payment
from core.plans.actions import create_plan
from core.plans.defaults import default_plans
from core.plans.models import Plan
from core.refunds.actions import Ask
from core.refunds.run import execute
from core.subscriptions.actions import assign, cancel
from core.tenants.actions import NewTenant, create_tenant
from core.work import Office

ROBOT = system("soak")
WHY = "a reason of the soak's own"
COLLECTIONS = ("charge_automatically", "charge_automatically", "wallet", "send_invoice")
CARDS = (
    *("pm_card_visa",) * 5,
    "pm_card_chargeCustomerFail",
    "pm_card_authenticationRequired",
    "pm_card_createDispute",
    "pm_card_pendingRefund",
    "pm_card_refundFail",
)
"""Most cards pay; the others are declined, disputed, or take a refund late or give it back."""
SMALLEST, LARGEST = 10_000, 60_000
"""Minor units of a recharge."""
STRAY_PERCENT, TWICE_PERCENT = 40, 30


@dataclass
class Payer:
    """A tenant, the person who acts for it, and how it pays."""

    tenant_id: int
    user_id: int
    subscription_id: int
    collection: str


@dataclass
class People:
    """Everybody who acts from outside, by chance but the same for a seed."""

    office: Office
    clock: SetClock
    chance: Random
    did: Counter[str] = field(default_factory=Counter)
    payers: list[Payer] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    finance_id: int = 0
    _serial: int = 0

    def open_the_company(self) -> None:
        """Plans, and somebody of finance."""
        with self.office.work(ROBOT) as work:
            roles = ("super_admin", "sys_finance", "billing")
            self.finance_id = create_user(
                work, "finance@soak.example", "Finance", secrets.token_hex(16), roles, reason=WHY
            ).id
        for new in default_plans():
            with self.office.work(self.finance()) as work:
                self.plans.append(create_plan(work, new))

    def finance(self) -> Actor:
        """Finance, who has just signed in."""
        return self._signed_in(self.finance_id)

    def a_day(self) -> None:
        """What people do on a day; refusals and silence are theirs to bear."""
        acts: list[tuple[int, Callable[[], None]]] = [
            (12, self.sign_up),
            (35, self.recharge),
            (25, self.refund),
            (4, self.leave),
            (60, self.bank_file),
            (50, self.assign),
            (8, self.undo),
        ]
        for percent, act in acts:
            if self.chance.randrange(100) < percent:
                try:
                    act()
                except SaldoError as refusal:
                    self.did[f"refused_{act.__name__}"] += 1
                    if isinstance(refusal, GatewayUnsure):
                        self.did["unsure"] += 1

    def sign_up(self) -> None:
        """A new tenant with a subscription; who pays by card leaves one."""
        self._serial += 1
        collection = COLLECTIONS[self._serial % len(COLLECTIONS)]
        with self.office.work(ROBOT) as work:
            tenant = create_tenant(work, NewTenant(f"Tenant {self._serial} AB", "SE", "EUR"))
        with self.office.work(ROBOT) as work:
            email = f"admin{self._serial}@soak.example"
            password = secrets.token_hex(16)
            roles = ("org_admin",)
            user = create_user(
                work, email, "Admin", password, roles, tenant_id=tenant.id, reason=WHY
            )
        if collection == "charge_automatically":
            self._leave_card(tenant.id)
        plan = self.chance.choice([plan for plan in self.plans if plan.slug in _PAID])
        # A wallet is empty at first, and a trial leaves time to fill it.
        trial = 14 if collection == "wallet" or self.chance.randrange(100) < 20 else 0
        with self.office.work(ROBOT) as work:
            made = assign(
                work, tenant.id, plan.id, "monthly", collection=collection, trial_days=trial
            )
        self.payers.append(Payer(tenant.id, user.id, made.id, collection))
        self.did["signed_up"] += 1

    def recharge(self) -> None:
        """Somebody opens the gateway's page, mostly pays, and sometimes comes back."""
        payer = self._one_of("wallet")
        if payer is None:
            return
        amount = self.chance.randint(SMALLEST, LARGEST)
        key = f"dialog-{self.clock.now().timestamp()}"
        actor = self._signed_in(payer.user_id)
        try:
            page = recharge(self.office, actor, "stripe", amount, "EUR", key=key)
        except GatewayUnsure:
            # The person tries again from the same dialog.
            page = recharge(self.office, actor, "stripe", amount, "EUR", key=key)
        self.did["recharges"] += 1
        if page.url is None or self.chance.randrange(100) < 15:
            return
        with httpx.Client(
            transport=httpx.WSGITransport(app=pages_app(self.office.engine)),
            base_url=ADDRESS,
            headers={"Sec-Fetch-Site": "same-origin"},
        ) as browser:
            path = page.url.removeprefix(ADDRESS)
            for _ in range(self.chance.choice((1, 1, 2))):
                browser.post(path, data={"action": "pay", "card": "pm_card_visa"})
        self.did["recharges_paid"] += 1
        if self.chance.randrange(100) < 50:
            came_back(self.office, page.reference)

    def refund(self) -> None:
        """Finance gives a payment by card back, in whole or in part; twice when in doubt."""
        with self.office.work(ROBOT) as work:
            found = work.session.scalars(
                select(Payment).where(
                    Payment.provider == "stripe",
                    Payment.status == "captured",
                    Payment.refunded_minor == 0,
                    Payment.allocated_minor == Payment.amount_minor,
                )
            ).all()
        if not found:
            return
        payment = self.chance.choice(found)
        amount = payment.amount_minor // self.chance.choice((1, 1, 2, 3))
        ask = Ask(payment.id, amount, self.chance.choice(("credit_note", "reopen")))
        for _ in range(self.chance.choice((1, 2))):
            execute(self.office, self.finance(), ask, reason=WHY)
        self.did["refunds"] += 1

    def leave(self) -> None:
        """A subscription is cancelled to the end of its period."""
        if len(self.payers) < _FEWEST:
            return
        payer = self.payers.pop(self.chance.randrange(len(self.payers)))
        with self.office.work(self.finance()) as work:
            cancel(work, payer.subscription_id, "other", reason=WHY)
        self.did["left"] += 1

    def bank_file(self) -> None:
        """Who is sent invoices pays them, some without saying which; a file may come twice."""
        with self.office.work(ROBOT) as work:
            owed = work.session.scalars(
                select(Invoice).where(
                    Invoice.status.in_(OPEN),
                    Invoice.subscription_id.in_(
                        [p.subscription_id for p in self.payers if p.collection == "send_invoice"]
                    ),
                    Invoice.due_on <= work.today + timedelta(days=self.chance.randint(0, 25)),
                )
            ).all()
        day = self.clock.now().date()
        lines = tuple(self._line(invoice, place, day) for place, invoice in enumerate(owed[:4]))
        if not lines:
            return
        moved = sum(line.amount_minor for line in lines)
        statement = Statement("SE89", f"S-{self._number()}", "camt.053", "EUR", lines, 0, moved)
        for _ in range(1 + (self.chance.randrange(100) < TWICE_PERCENT)):
            with self.office.work(ROBOT) as work:
                import_statement(work, statement)
        self.did["transfers"] += len(lines)

    def assign(self) -> None:
        """Finance puts a transfer that waits on an open invoice of its currency."""
        with self.office.work(ROBOT) as work:
            row = work.session.execute(
                select(UnmatchedBankTransfer.id, BankTransfer.text)
                .join(BankTransfer, BankTransfer.id == UnmatchedBankTransfer.bank_transfer_id)
                .where(UnmatchedBankTransfer.status == "open")
                .order_by(UnmatchedBankTransfer.id)
                .limit(1)
            ).one_or_none()
            if row is None:
                return
            meant = work.session.get(Invoice, int(row.text.removeprefix(_FOR) or 0))
        if meant is None or meant.status not in OPEN:
            return
        for _ in range(self.chance.choice((1, 2))):
            with self.office.work(self.finance()) as work:
                key = f"assign-{row.id}-{self.clock.now().date()}"
                assign_transfer(work, row.id, (Share(meant.id),), reason=WHY, key=key)
        self.did["assigned"] += 1

    def undo(self) -> None:
        """Finance takes back the last transfer that a person decided."""
        with self.office.work(ROBOT) as work:
            last = work.session.scalar(
                select(UnmatchedBankTransfer.id)
                .where(UnmatchedBankTransfer.status == "assigned")
                .order_by(UnmatchedBankTransfer.id.desc())
                .limit(1)
            )
        if last is None:
            return
        with self.office.work(self.finance()) as work:
            undo_decision(work, last, reason=WHY)
        self.did["undone"] += 1

    def _line(self, invoice: Invoice, place: int, day: date) -> TransferLine:
        stray = self.chance.randrange(100) < STRAY_PERCENT
        reference = "" if stray else invoice.ocr or ""
        over = self.chance.choice((0, 0, 0, 700)) if stray else 0
        number = f"B{self._number()}-{place}"
        named = f"PAYER {invoice.tenant_id}"
        text = f"{_FOR}{invoice.id}" if stray else ""
        amount = invoice.due_minor + over
        return TransferLine(number, amount, reference, text, named, "", booked_on=day)

    def _number(self) -> int:
        self._serial += 1
        return self._serial

    def _one_of(self, collection: str) -> Payer | None:
        found = [payer for payer in self.payers if payer.collection == collection]
        return self.chance.choice(found) if found else None

    def _leave_card(self, tenant_id: int) -> None:
        http = InProcess(self.office.engine)
        client = stripe.StripeClient(
            SIMULATOR_KEY, base_addresses={"api": ADDRESS}, http_client=http, max_network_retries=5
        )
        try:
            customer = client.v1.customers.create({"name": f"Tenant {tenant_id}"})
            method = client.v1.payment_methods.attach(
                self.chance.choice(CARDS), {"customer": customer.id}
            )
        except stripe.StripeError:
            self.did["card_not_left"] += 1
            return
        card = Card(method.id, customer.id, "visa", method.card.last4 if method.card else "")
        with self.office.work(ROBOT) as work:
            know_customer(work, tenant_id, "stripe", customer.id)
            keep_card(work, tenant_id, "stripe", card)

    def _signed_in(self, user_id: int) -> Actor:
        with self.office.work(ROBOT) as work:
            token = open_session(work, user_id, fresh=True)
        seen = viewer(self.office, token)
        assert seen is not None
        return seen.actor()


_PAID = ("starter", "growth", "pro")
_FEWEST = 6
"""Payers below which nobody leaves."""
_FOR = "I"
"""Before the invoice that a stray transfer is meant for, which only finance can tell."""
