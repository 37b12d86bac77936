"""Properties of wallets: what is taken and given back, and histories against a plain model."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given
from hypothesis import settings as run_with
from hypothesis import strategies as st
from sqlalchemy import func, select

from core.access.authority import Actor
from core.errors import BadInput, InsufficientBalance, NotNow
from core.tenants.models import Tenant
from core.wallets.actions import (
    credit_wallet,
    debit_wallet,
    pay_invoice_from_wallet,
    recharge_wallet,
)
from core.wallets.models import Wallet, WalletTransaction
from core.wallets.refunding import refund_to_wallet
from core.wallets.rules import Funds, give_back, take
from core.work import Office
from tests.billing import JOB, WHY, a_tenant, an_invoice, wrong_books
from tests.wallets import a_financier, an_admin

AMOUNTS = st.integers(1, 10**9)
FUNDS = st.builds(Funds, st.integers(-(10**6), 10**9), st.integers(0, 10**9))
SMALL = st.integers(1, 600)
VERBS = ("recharge", "credit", "promote", "debit", "overdraw", "pay", "pay", "refund", "refund")
STEPS = st.tuples(st.sampled_from(VERBS), SMALL, st.integers(0, 5))


@given(FUNDS, AMOUNTS)
def test_a_payment_takes_the_amount_or_nothing_and_credit_first(held: Funds, amount: int) -> None:
    taken = take(held, amount)
    if taken is None:
        assert held.prepaid_minor < 0 or held.total_minor < amount
        return
    left = held + -taken
    assert taken.total_minor == amount
    assert min(left.prepaid_minor, left.promotional_minor, taken.prepaid_minor) >= 0
    assert taken.prepaid_minor == 0 or left.promotional_minor == 0


@given(FUNDS, AMOUNTS, st.lists(st.integers(1, 10**8), max_size=8))
def test_refunds_in_parts_return_what_was_taken_prepaid_first(
    held: Funds, amount: int, parts: list[int]
) -> None:
    taken = take(held, amount)
    if taken is None:
        return
    returned = Funds()
    for part in [*parts, amount]:
        left = amount - returned.total_minor
        if left == 0:
            break
        back = give_back(taken, returned, min(part, left))
        returned += back
        assert back.promotional_minor == 0 or returned.prepaid_minor == taken.prepaid_minor
    assert returned == taken


@given(FUNDS, AMOUNTS, AMOUNTS)
def test_no_refund_returns_more_than_was_taken(held: Funds, amount: int, more: int) -> None:
    taken = take(held, amount)
    if taken is None:
        return
    for too_much in (amount + more, 0, -more):
        try:
            give_back(taken, Funds(), too_much)
        except BadInput:
            continue
        raise AssertionError(too_much)


@dataclass
class Model:
    """A wallet in plain integers, and what each payment took and got back."""

    prepaid: int = 0
    promotional: int = 0
    payments: list[list[int]] = field(default_factory=list)
    """For each payment: prepaid taken, promotional taken, prepaid back, promotional back."""

    def step(self, verb: str, amount: int, which: int) -> bool:
        """Do it and return True, or leave everything as it is."""
        match verb:
            case "recharge" | "credit":
                self.prepaid += amount
            case "promote":
                self.promotional += amount
            case "debit" if amount > self.prepaid:
                return False
            case "debit" | "overdraw":
                self.prepaid -= amount
            case "pay":
                return self._pay(amount)
            case "refund":
                return self._refund(amount, which)
        return True

    def _pay(self, amount: int) -> bool:
        if self.prepaid < 0 or self.prepaid + self.promotional < amount:
            return False
        of_credit = min(amount, self.promotional)
        self.promotional -= of_credit
        self.prepaid -= amount - of_credit
        self.payments.append([amount - of_credit, of_credit, 0, 0])
        return True

    def _refund(self, amount: int, which: int) -> bool:
        payment = self.payments[which % len(self.payments)]
        prepaid_left, credit_left = payment[0] - payment[2], payment[1] - payment[3]
        if amount > prepaid_left + credit_left:
            return False
        prepaid = min(prepaid_left, amount)
        payment[2] += prepaid
        payment[3] += amount - prepaid
        self.prepaid += prepaid
        self.promotional += amount - prepaid
        return True


@dataclass
class Real:
    """The same wallet through the actions."""

    office: Office
    tenant: Tenant
    admin: Actor
    financier: Actor
    payments: list[int] = field(default_factory=list)
    steps: int = 0

    def step(self, verb: str, amount: int, which: int) -> bool:
        """Do it and return True, or False when it was refused."""
        self.steps += 1
        try:
            if verb == "pay":
                invoice = an_invoice(self.office, self.tenant, amount)
                with self.office.work(JOB) as work:
                    self.payments.append(pay_invoice_from_wallet(work, invoice.id).id)
            elif verb == "refund":
                payment_id = self.payments[which % len(self.payments)]
                with self.office.work(self.financier) as work:
                    refund_to_wallet(work, payment_id, amount, nth=self.steps, reason=WHY)
            else:
                self._adjust(verb, amount)
        except (InsufficientBalance, BadInput, NotNow):
            return False
        return True

    def _adjust(self, verb: str, amount: int) -> None:
        place = (self.tenant.id, amount, "EUR")
        with self.office.work(JOB if verb == "recharge" else self.admin) as work:
            if verb == "recharge":
                reference = f"R-{self.tenant.id}-{self.steps}"
                recharge_wallet(work, *place, reference, gateway="paypal")
            elif verb in ("credit", "promote"):
                credit_wallet(work, *place, promotional=verb == "promote", reason=WHY)
            else:
                debit_wallet(work, *place, overdraw=verb == "overdraw", reason=WHY)


def _sums(office: Office, tenant: Tenant) -> tuple[int, int]:
    """What the transactions of a tenant's wallet add up to, prepaid and promotional."""
    promotional = func.sum(WalletTransaction.promotional_minor)
    with office.work(JOB) as work:
        row = work.session.execute(
            select(func.sum(WalletTransaction.amount_minor) - promotional, promotional).where(
                WalletTransaction.tenant_id == tenant.id
            )
        ).one()
    return int(row[0] or 0), int(row[1] or 0)


@run_with(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=4, max_size=14))
def test_any_history_keeps_wallet_transactions_and_books_together(
    office: Office, steps: list[tuple[str, int, int]]
) -> None:
    tenant, model = a_tenant(office), Model()
    real = Real(office, tenant, an_admin(office), a_financier(office))
    for verb, amount, which in steps:
        if verb == "refund" and not model.payments:
            continue
        assert real.step(verb, amount, which) == model.step(verb, amount, which), verb
    with office.work(JOB) as work:
        wallet = work.session.scalar(select(Wallet).where(Wallet.tenant_id == tenant.id))
        rows = work.session.scalars(
            select(WalletTransaction)
            .where(WalletTransaction.tenant_id == tenant.id)
            .order_by(WalletTransaction.id)
        ).all()
    held = (wallet.balance_minor, wallet.promotional_minor) if wallet else (0, 0)
    assert held == (model.prepaid, model.promotional) == _sums(office, tenant)
    running = 0
    for row in rows:
        running += row.amount_minor
        assert row.balance_after_minor == running
        assert row.promotional_after_minor >= 0
        if row.prepaid_minor < 0 and row.type != "manual_debit":
            assert row.balance_after_minor >= row.promotional_after_minor
    assert wrong_books(office) == []
