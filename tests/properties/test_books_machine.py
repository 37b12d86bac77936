"""Whatever finance does, in whatever order: the books balance and agree with the documents.

A machine of invoices, payments, refunds, credit notes, disputes and wallets. After every step each
check of the ledger passes (every currency sums to zero, receivables equal open invoices, customer
credit equals unapplied money, wallets and clearing equal what they hold) and the guards of the
database hold; a step that is refused leaves no trace.
"""

import contextlib
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from core.clock import SetClock
from core.credit_notes.actions import approve_credit_note, create_credit_note, decline_credit_note
from core.credit_notes.models import CreditNote
from core.errors import SaldoError
from core.gateways.port import GatewayRefused, GatewayUnsure, RefundAnswer, RefundOrder
from core.invoices.actions import (
    DraftInvoice,
    create_draft,
    send_invoice,
    void_invoice,
    write_off,
)
from core.invoices.models import Invoice
from core.invoices.recovering import recover_invoice
from core.invoices.rules import NewLine
from core.invoices.totals import ROUNDINGS
from core.payments.actions import Charge, apply_credit, mark_paid, record_charges, record_payment
from core.payments.disputes import Claim, decide_dispute, open_dispute
from core.payments.models import Dispute, Payment
from core.payments.reversing import reverse_payment
from core.payments.rules import Part
from core.refunds.actions import Ask
from core.refunds.models import TREATMENTS, Refund
from core.refunds.run import carry_out, execute
from core.wallets.actions import (
    credit_wallet,
    debit_wallet,
    pay_invoice_from_wallet,
    recharge_wallet,
)
from core.wallets.disputing import decide_recharge_dispute, open_recharge_dispute
from core.wallets.models import WalletTransaction
from core.wallets.refunding import refund_to_wallet
from core.work import Office, Work
from tests.billing import JOB, WHY, a_tenant, wrong_books
from tests.builders import a_user, acting

AMOUNTS = st.integers(1, 20_000)
PICKS = st.integers(0, 10**6)


class Moody:
    """A gateway that pays, refuses or falls silent as it is told; it never pays a key twice."""

    def __init__(self) -> None:
        self.paid: dict[str, RefundAnswer] = {}
        self.mood = "pays"

    def refund(self, order: RefundOrder) -> RefundAnswer:
        if self.mood == "refuses":
            raise GatewayRefused("no")
        answer = self.paid.setdefault(order.key, RefundAnswer("succeeded", f"re_{order.key}"))
        if self.mood == "silent":
            raise GatewayUnsure
        return answer

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        return self.paid.get(order.key)

    def charge(self, order: object) -> object:
        raise AssertionError(order)

    def probe(self) -> str:
        return "here"


class Books(RuleBasedStateMachine):
    """Steps of finance on two tenants; what is picked is there, or the step does nothing."""

    office: Office
    clock: SetClock

    def __init__(self) -> None:
        super().__init__()
        self.tenants = [a_tenant(self.office, "SE", "SEK"), a_tenant(self.office)]
        self.finance = acting(self.office, a_user(self.office, "sys_finance", "billing"))
        self.other = acting(self.office, a_user(self.office, "billing", "admin", "sys_finance"))
        self.gateway = Moody()
        self.number = 0

    def do(self, act: Callable[[Work], object], actor: object = None) -> None:
        """One write that may be refused."""
        try:
            with self.office.work(actor or JOB) as work:  # type: ignore[arg-type]
                act(work)
        except SaldoError:
            pass

    def pick(self, kind: type, pick: int) -> int | None:
        """The id of one of the machine's own records."""
        own = [tenant.id for tenant in self.tenants]
        with self.office.work(JOB) as work:
            found = work.session.scalars(
                select(kind.id).where(kind.tenant_id.in_(own)).order_by(kind.id)  # type: ignore[attr-defined]
            ).all()
        return int(found[pick % len(found)]) if found else None

    @rule(
        who=st.integers(0, 1),
        units=st.lists(st.integers(0, 9_999), min_size=1, max_size=3),
        inclusive=st.booleans(),
        rounding=st.sampled_from(ROUNDINGS),
        off=st.integers(0, 99),
    )
    def invoice(self, who: int, units: list[int], inclusive: bool, rounding: str, off: int) -> None:
        lines = tuple(NewLine("Work", unit, tax_inclusive=inclusive) for unit in units)
        draft = DraftInvoice(lines, rounding=rounding, discount_minor=min(off, sum(units)))
        made: list[int] = []
        self.do(lambda work: made.append(create_draft(work, self.tenants[who].id, draft).id))
        for number in made:
            self.do(lambda work: send_invoice(work, number))  # noqa: B023

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def pay_oldest(self, who: int, amount: int) -> None:
        tenant = self.tenants[who]
        self.do(lambda work: record_payment(work, tenant.id, amount, tenant.currency, "cash"))

    @rule(pick=PICKS)
    def mark_paid(self, pick: int) -> None:
        if number := self.pick(Invoice, pick):
            self.do(lambda work: mark_paid(work, number, "bank_transfer"), self.finance)

    @rule(pick=PICKS, amount=st.none() | AMOUNTS, fee=st.integers(0, 50))
    def charge(self, pick: int, amount: int | None, fee: int) -> None:
        if number := self.pick(Invoice, pick):
            self.number += 1
            with self.office.work(JOB) as work:
                total = amount or work.session.get_one(Invoice, number).total_minor or 1
            charge = Charge(number, "stripe", f"ch_{self.tenants[0].id}_{self.number}", total, fee)
            self.do(lambda work: record_charges(work, (charge,)))

    @rule(payment=PICKS, invoice=PICKS, amount=AMOUNTS)
    def use_credit(self, payment: int, invoice: int, amount: int) -> None:
        source, target = self.pick(Payment, payment), self.pick(Invoice, invoice)
        if source and target:
            self.do(lambda work: apply_credit(work, source, (Part(target, amount),)))

    @rule(pick=PICKS)
    def reverse(self, pick: int) -> None:
        if number := self.pick(Payment, pick):
            self.do(lambda work: reverse_payment(work, number, reason=WHY), self.finance)

    @rule(
        pick=PICKS,
        amount=AMOUNTS,
        treatment=st.sampled_from(TREATMENTS),
        note=PICKS,
        mood=st.sampled_from(["pays", "pays", "refuses", "silent"]),
    )
    def refund(self, pick: int, amount: int, treatment: str, note: int, mood: str) -> None:
        number = self.pick(Payment, pick)
        if number is None:
            return
        self.gateway.mood = mood
        named = self.pick(CreditNote, note) if treatment == "note" else None
        ask = Ask(number, amount, treatment, named)
        with contextlib.suppress(SaldoError):
            execute(self.office, self.finance, ask, reason=WHY, gateway=self.gateway)

    @rule()
    def sweep(self) -> None:
        self.gateway.mood = "pays"
        with self.office.work(JOB) as work:
            hanging = work.session.scalars(select(Refund.id).where(Refund.status == "pending"))
            numbers = list(hanging)
        for number in numbers:
            carry_out(self.office, number, gateway=self.gateway, again=True)

    @rule(pick=PICKS, amount=st.none() | AMOUNTS, settles=st.sampled_from([None, "balance"]))
    def draft_note(self, pick: int, amount: int | None, settles: str | None) -> None:
        if number := self.pick(Invoice, pick):
            self.do(
                lambda work: create_credit_note(work, number, amount_minor=amount, settles=settles),
                self.finance,
            )

    @rule(pick=PICKS, approves=st.booleans())
    def decide_note(self, pick: int, approves: bool) -> None:
        if number := self.pick(CreditNote, pick):
            decide = approve_credit_note if approves else decline_credit_note
            self.do(lambda work: decide(work, number, reason=WHY), self.other)

    @rule(pick=PICKS)
    def void(self, pick: int) -> None:
        if number := self.pick(Invoice, pick):
            self.do(lambda work: void_invoice(work, number, reason=WHY), self.finance)

    @rule(pick=PICKS)
    def write_off(self, pick: int) -> None:
        if number := self.pick(Invoice, pick):
            self.do(lambda work: write_off(work, number, reason=WHY), self.finance)

    @rule(pick=PICKS, by=PICKS)
    def recover(self, pick: int, by: int) -> None:
        number, payment = self.pick(Invoice, pick), self.pick(Payment, by)
        if number and payment:
            self.do(lambda work: recover_invoice(work, number, payment, reason=WHY), self.finance)

    @rule(pick=PICKS, amount=AMOUNTS)
    def dispute(self, pick: int, amount: int) -> None:
        if number := self.pick(Payment, pick):
            day = self.clock.now().date() + timedelta(days=9)
            claim = Claim(amount, 15, "fraudulent", day)
            self.do(lambda work: open_dispute(work, number, f"dp_{number}", claim))

    @rule(pick=PICKS, amount=AMOUNTS, nth=st.integers(1, 2))
    def dispute_recharge(self, pick: int, amount: int, nth: int) -> None:
        if number := self.pick(WalletTransaction, pick):
            day = self.clock.now().date() + timedelta(days=9)
            claim = Claim(amount, 15, "fraudulent", day)
            name = f"dp_recharge_{number}_{nth}"
            self.do(lambda work: open_recharge_dispute(work, number, name, claim))

    @rule(pick=PICKS, won=st.booleans())
    def decide_dispute(self, pick: int, won: bool) -> None:
        if number := self.pick(Dispute, pick):
            self.do(lambda work: decide_dispute(work, number, won=won))
            self.do(lambda work: decide_recharge_dispute(work, number, won=won))

    @rule(who=st.integers(0, 1), amount=AMOUNTS, promotional=st.booleans())
    def fill_wallet(self, who: int, amount: int, promotional: bool) -> None:
        tenant = self.tenants[who]
        self.number += 1
        reference = f"R-{tenant.id}-{self.number}"
        if promotional:
            self.do(
                lambda work: credit_wallet(
                    work, tenant.id, amount, tenant.currency, promotional=True, reason=WHY
                ),
                self.other,
            )
        else:
            self.do(
                lambda work: recharge_wallet(
                    work, tenant.id, amount, tenant.currency, reference, gateway="stripe"
                )
            )

    @rule(who=st.integers(0, 1), amount=AMOUNTS)
    def empty_wallet(self, who: int, amount: int) -> None:
        tenant = self.tenants[who]
        self.do(
            lambda work: debit_wallet(work, tenant.id, amount, tenant.currency, reason=WHY),
            self.other,
        )

    @rule(pick=PICKS)
    def pay_from_wallet(self, pick: int) -> None:
        if number := self.pick(Invoice, pick):
            self.do(lambda work: pay_invoice_from_wallet(work, number))

    @rule(pick=PICKS, amount=AMOUNTS)
    def refund_to_wallet(self, pick: int, amount: int) -> None:
        if number := self.pick(Payment, pick):
            self.do(lambda work: refund_to_wallet(work, number, amount, reason=WHY), self.finance)

    @precondition(lambda self: self.number % 3 == 0)
    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        self.clock.advance(timedelta(days=days))
        self.finance = acting(self.office, a_user(self.office, "sys_finance", "billing"))
        self.other = acting(self.office, a_user(self.office, "billing", "admin", "sys_finance"))

    @invariant()
    def the_books_agree_with_the_documents(self) -> None:
        assert wrong_books(self.office) == []

    @invariant()
    def no_recharge_is_disputed_beyond_itself(self) -> None:
        with self.office.work(JOB) as work:
            beyond = work.session.execute(
                text(
                    "select w.id from wallet_transaction w join dispute d "
                    "on d.wallet_transaction_id = w.id and d.status <> 'won' "
                    "group by w.id having sum(d.amount_minor) > w.amount_minor"
                )
            ).all()
        assert beyond == []

    @invariant()
    def no_gateway_paid_more_than_came_in(self) -> None:
        with self.office.work(JOB) as work:
            beyond = work.session.execute(
                text(
                    "select id from payment where refunded_minor > amount_minor "
                    "or allocated_minor + returned_minor > amount_minor"
                )
            ).all()
        assert beyond == []


def test_the_books_hold_whatever_is_done(office: Office, clock: SetClock) -> None:
    class Machine(Books):
        pass

    Machine.office, Machine.clock = office, clock
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
