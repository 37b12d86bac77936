"""Refunds: preview, execution, gateway answers, crashes, treatments and their notes (REF)."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, text

from core.access.authority import Actor
from core.alone import alone
from core.clock import SetClock
from core.credit_notes.actions import approve_credit_note, create_credit_note
from core.credit_notes.models import CreditNote
from core.errors import BadInput, FreshAuthNeeded, NotAllowed, NotNow, ReasonNeeded, SaldoError
from core.gateways.port import (
    CredentialsMissing,
    GatewayRefused,
    GatewayUnsure,
    RefundAnswer,
    RefundOrder,
)
from core.invoices.models import Invoice
from core.payments.actions import apply_credit, record_payment
from core.payments.disputes import Claim, decide_dispute, open_dispute
from core.payments.models import Payment
from core.payments.rules import Part
from core.refunds.actions import Ask
from core.refunds.models import Refund
from core.refunds.previews import preview_refund
from core.refunds.run import carry_out, execute, sweep
from core.work import Office
from tests.billing import JOB, WHY, a_charge, a_tenant, an_invoice, wrong_books
from tests.builders import a_user, acting


@dataclass
class Bank:
    """A gateway that keeps what it paid by key, and may fall silent after paying."""

    paid: dict[str, RefundAnswer] = field(default_factory=dict)
    calls: int = 0
    silent_after: bool = False
    silent_before: bool = False
    refuses: str | None = None
    pending: bool = False

    def refund(self, order: RefundOrder) -> RefundAnswer:
        self.calls += 1
        if self.silent_before:
            raise GatewayUnsure
        if self.refuses:
            raise GatewayRefused(self.refuses)
        status = "pending" if self.pending else "succeeded"
        answer = self.paid.setdefault(
            order.key,
            RefundAnswer(status, f"re_{order.key}"),  # type: ignore[arg-type]
        )
        if self.silent_after:
            raise GatewayUnsure
        return answer

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        return self.paid.get(order.key)

    def charge(self, order: object) -> object:
        raise AssertionError(order)

    def probe(self) -> str:
        return "here"


def finance(office: Office) -> Actor:
    return acting(office, a_user(office, "sys_finance"))


def a_paid_invoice(office: Office, net_minor: int = 10_000) -> tuple[Invoice, Payment]:
    """An invoice of a Swedish tenant with a quarter of tax, paid by card."""
    invoice = an_invoice(office, a_tenant(office, "SE", "SEK"), net_minor)
    return invoice, a_charge(office, invoice)


def again(office: Office, record: Invoice | Payment) -> Invoice | Payment:
    with office.work(JOB) as work:
        return work.session.get_one(type(record), record.id)


def test_a_preview_shows_what_the_execution_writes_and_writes_nothing(office: Office) -> None:
    invoice, payment = a_paid_invoice(office)
    who = finance(office)
    shown = preview_refund(office, who, Ask(payment.id, 5_000))
    with office.work(JOB) as work:
        assert work.session.scalar(select(Refund)) is None
    refund = execute(office, who, Ask(payment.id, 5_000), reason=WHY, gateway=Bank())
    with office.work(JOB) as work:
        [note] = work.session.scalars(select(CreditNote)).all()
        legs = work.session.execute(
            text(
                "select e.account_code, e.amount_minor from accounting_entry e "
                "join ledger_transaction t on t.id = e.ledger_transaction_id "
                "where t.source_type = 'refund' and t.source_id = :id order by e.id"
            ),
            {"id": refund.id},
        ).all()
    [document], [posting] = shown.written.credit_notes, shown.written.postings
    assert (document.net_minor, document.tax_minor) == (note.net_minor, note.tax_minor)
    assert (note.net_minor, note.tax_minor, note.refund_id) == (4_000, 1_000, refund.id)
    assert [(e.account, e.debit_minor - e.credit_minor) for e in posting.entries] == [
        (code, amount) for code, amount in legs
    ]
    [change] = shown.invoices
    assert (change.status, change.status_after) == ("paid", again(office, invoice).status)
    assert (shown.nth, shown.refundable_minor, shown.fee_minor) == (1, 12_500, 175)
    assert wrong_books(office) == []


def test_a_second_refund_of_the_same_amount_needs_a_preview_that_says_so(office: Office) -> None:
    _, payment = a_paid_invoice(office)
    who, bank, ask = finance(office), Bank(), Ask(payment.id, 2_500)
    first = execute(office, who, ask, reason=WHY, gateway=bank)
    assert execute(office, who, ask, reason=WHY, gateway=bank).id == first.id
    assert len(bank.paid) == 1
    shown = preview_refund(office, who, ask)
    assert (shown.nth, [each.refund_id for each in shown.earlier]) == (2, [first.id])
    second = execute(office, who, replace(ask, nth=shown.nth), reason=WHY, gateway=bank)
    assert second.id != first.id
    assert len(bank.paid) == 2
    assert again(office, payment).refunded_minor == 5_000
    assert wrong_books(office) == []


@pytest.mark.parametrize("silent", ["silent_before", "silent_after"])
def test_a_time_out_stays_pending_and_the_sweep_pays_once(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    invoice, payment = a_paid_invoice(office)
    bank = Bank(**{silent: True})
    refund = execute(office, finance(office), Ask(payment.id, 12_500), reason=WHY, gateway=bank)
    assert refund.status == "pending"
    assert wrong_books(office) == []
    setattr(bank, silent, False)
    monkeypatch.setattr("core.refunds.run.gateway_of", lambda *_, **__: bank)
    assert sweep(office) == []
    clock.advance(timedelta(minutes=6))
    [outcome] = sweep(office)
    assert (outcome.refund_id, outcome.status) == (refund.id, "succeeded")
    assert sweep(office) == []
    assert list(bank.paid) == [f"refund-{refund.id}"]
    assert again(office, invoice).status == "refunded"
    assert wrong_books(office) == []


def test_nobody_asks_for_a_refund_that_another_process_is_asking_for(office: Office) -> None:
    _, payment = a_paid_invoice(office)
    bank = Bank(silent_before=True)
    refund = execute(office, finance(office), Ask(payment.id, 100), reason=WHY, gateway=bank)
    bank.silent_before = False
    with alone(office.engine, f"refund-{refund.id}") as mine:
        assert mine
        waits = carry_out(office, refund.id, gateway=bank, again=True)
    assert (waits.status, bank.calls) == ("pending", 1)
    assert carry_out(office, refund.id, gateway=bank, again=True).status == "succeeded"


def test_what_the_gateway_leaves_open_is_settled_when_it_decides(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, payment = a_paid_invoice(office)
    bank = Bank(pending=True)
    refund = execute(office, finance(office), Ask(payment.id, 100), reason=WHY, gateway=bank)
    assert refund.status == "pending"
    bank.paid[f"refund-{refund.id}"] = RefundAnswer("failed", "re_1", "card closed")
    monkeypatch.setattr("core.refunds.run.gateway_of", lambda *_, **__: bank)
    clock.advance(timedelta(hours=1))
    [outcome] = sweep(office)
    assert (outcome.status, outcome.words) == ("failed", "card closed")
    assert again(office, payment).refunded_minor == 0
    assert wrong_books(office) == []


@pytest.mark.parametrize("won", [True, False])
def test_a_refund_that_goes_through_during_a_dispute_leaves_the_payment_disputed(
    office: Office, won: bool
) -> None:
    _, payment = a_paid_invoice(office)
    bank = Bank(pending=True)
    refund = execute(office, finance(office), Ask(payment.id, 2_500), reason=WHY, gateway=bank)
    with office.work(JOB) as work:
        claim = Claim(10_000, 0, "fraudulent", date(2026, 12, 1))
        dispute = open_dispute(work, payment.id, "dp_1", claim)
    bank.paid[f"refund-{refund.id}"] = RefundAnswer("succeeded", "re_1")
    assert carry_out(office, refund.id, gateway=bank, again=True).status == "succeeded"
    assert again(office, payment).status == "disputed"
    with office.work(JOB) as work:
        decide_dispute(work, dispute.id, won=won)
    assert again(office, payment).status == ("partially_refunded" if won else "charged_back")
    assert wrong_books(office) == []


@pytest.mark.parametrize("treatment", ["credit_note", "reopen"])
def test_a_refused_refund_frees_its_amount(office: Office, treatment: str) -> None:
    invoice, payment = a_paid_invoice(office)
    who, ask = finance(office), Ask(payment.id, 12_500, treatment)
    refused = execute(office, who, ask, reason=WHY, gateway=Bank(refuses="no such charge"))
    assert (refused.status, refused.failure) == ("failed", "no such charge")
    assert again(office, invoice).status == "paid"
    assert wrong_books(office) == []
    done = execute(office, who, ask, reason=WHY, gateway=Bank())
    assert done.status == "succeeded"
    assert wrong_books(office) == []


def test_a_crash_before_settling_is_finished_by_asking_again(office: Office) -> None:
    _, payment = a_paid_invoice(office)
    bank = Bank(silent_after=True)
    refund = execute(office, finance(office), Ask(payment.id, 700), reason=WHY, gateway=bank)
    bank.silent_after = False
    calls = bank.calls
    outcome = carry_out(office, refund.id, gateway=bank, again=True)
    assert outcome.status == "succeeded"
    assert bank.calls == calls
    assert carry_out(office, refund.id, gateway=bank, again=True).status == "succeeded"
    assert wrong_books(office) == []


def test_two_who_click_at_once_give_back_no_more_than_was_paid(office: Office) -> None:
    _, payment = a_paid_invoice(office)
    bank, barrier = Bank(), Barrier(4)
    people = [finance(office), finance(office)]
    done: list[str] = []

    def click(actor: Actor) -> None:
        barrier.wait()
        try:
            refund = execute(office, actor, Ask(payment.id, 7_000), reason=WHY, gateway=bank)
            done.append(refund.status)
        except SaldoError as problem:
            done.append(problem.code)

    threads = [Thread(target=click, args=(actor,)) for actor in people for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bank.paid) == 1
    assert again(office, payment).refunded_minor == 7_000
    assert wrong_books(office) == []


def test_without_a_note_the_invoice_is_owed_again(office: Office) -> None:
    invoice, payment = a_paid_invoice(office)
    who, ask = finance(office), Ask(payment.id, 2_500, "reopen")
    [change] = preview_refund(office, who, ask).invoices
    assert (change.status_after, change.due_after_minor) == ("partially_paid", 2_500)
    execute(office, who, ask, reason=WHY, gateway=Bank())
    owed = again(office, invoice)
    assert (owed.status, owed.due_minor) == ("partially_paid", 2_500)
    assert wrong_books(office) == []
    with office.work(JOB) as work:
        record_payment(work, invoice.tenant_id, 2_500, "SEK", "other", invoice_ids=(invoice.id,))
    assert again(office, invoice).status == "paid"
    with pytest.raises(BadInput, match=r"100\.00 SEK can be refunded"):
        execute(office, who, Ask(payment.id, 10_001), reason=WHY, gateway=Bank())
    execute(office, who, Ask(payment.id, 10_000, "reopen"), reason=WHY, gateway=Bank())
    assert again(office, payment).status == "refunded"
    assert again(office, invoice).due_minor == 10_000
    assert wrong_books(office) == []


def test_unapplied_money_goes_back_without_touching_an_invoice(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    with office.work(JOB) as work:
        paid = record_payment(work, invoice.tenant_id, 13_000, "EUR", "bank_transfer")
    who = finance(office)
    with pytest.raises(BadInput, match=r"30\.00 EUR settles no invoice, not 30\.01"):
        execute(office, who, Ask(paid.id, 3_001, "credit"), reason=WHY)
    refund = execute(office, who, Ask(paid.id, 2_000, "credit"), reason=WHY)
    assert (refund.status, again(office, invoice).status) == ("succeeded", "paid")
    later = an_invoice(office, a_tenant(office))
    with pytest.raises(BadInput), office.work(JOB) as work:
        apply_credit(work, paid.id, (Part(later.id, 1_001),))
    with pytest.raises(BadInput, match=r"100\.00 EUR can be refunded"):
        execute(office, who, Ask(paid.id, 10_001), reason=WHY)
    assert wrong_books(office) == []


def test_an_earlier_note_is_paid_out_through_the_payment(office: Office) -> None:
    invoice, payment = a_paid_invoice(office)
    with office.work(acting(office, a_user(office, "billing"))) as work:
        draft = create_credit_note(work, invoice.id, amount_minor=5_000, cause="goodwill")
    with office.work(acting(office, a_user(office, "billing"))) as work:
        note = approve_credit_note(work, draft.id, reason=WHY)
    who = finance(office)
    with pytest.raises(BadInput, match=r"75\.00 SEK can be refunded"):
        execute(office, who, Ask(payment.id, 7_501), reason=WHY, gateway=Bank())
    ask = Ask(payment.id, 5_000, "note", note.id)
    execute(office, who, ask, reason=WHY, gateway=Bank())
    assert again(office, invoice).status == "partially_refunded"
    with pytest.raises(BadInput, match=r"0\.00 SEK is left of the credit note"):
        execute(office, who, replace(ask, nth=2), reason=WHY, gateway=Bank())
    execute(office, who, Ask(payment.id, 7_500), reason=WHY, gateway=Bank())
    assert again(office, invoice).status == "refunded"
    assert wrong_books(office) == []


def test_a_payment_of_two_invoices_is_refunded_with_a_note_for_each(office: Office) -> None:
    tenant = a_tenant(office, "SE", "SEK")
    first, second = an_invoice(office, tenant, 1_000), an_invoice(office, tenant, 2_000)
    with office.work(JOB) as work:
        paid = record_payment(
            work, tenant.id, 3_750, "SEK", "other", invoice_ids=(first.id, second.id)
        )
    execute(office, finance(office), Ask(paid.id, 2_000), reason=WHY)
    with office.work(JOB) as work:
        notes = work.session.scalars(select(CreditNote).order_by(CreditNote.invoice_id)).all()
        assert [(n.invoice_id, n.total_minor) for n in notes] == [
            (first.id, 1_250),
            (second.id, 750),
        ]
    assert again(office, first).status == "refunded"
    assert again(office, second).status == "partially_refunded"
    assert wrong_books(office) == []


def test_permission_fresh_sign_in_and_reason_are_asked_for(office: Office) -> None:
    _, payment = a_paid_invoice(office)
    ask = Ask(payment.id, 100)
    with pytest.raises(NotAllowed):
        execute(office, acting(office, a_user(office, "billing")), ask, reason=WHY, gateway=Bank())
    with pytest.raises(NotAllowed):
        preview_refund(office, acting(office, a_user(office, "cfo")), ask)
    stale = acting(office, a_user(office, "sys_finance"), fresh=False)
    with pytest.raises(FreshAuthNeeded):
        execute(office, stale, ask, reason=WHY, gateway=Bank())
    with pytest.raises(ReasonNeeded):
        execute(office, finance(office), ask, reason="short", gateway=Bank())


def test_what_cannot_go_back_is_refused_and_writes_nothing(office: Office) -> None:
    invoice, payment = a_paid_invoice(office)
    who = finance(office)
    for ask in (Ask(payment.id, 0), Ask(payment.id, 5, "gift"), Ask(payment.id, 5, nth=0)):
        with pytest.raises(BadInput):
            execute(office, who, ask, reason=WHY, gateway=Bank())
    with pytest.raises(NotNow):
        execute(office, who, Ask(_credit(office, invoice), 5), reason=WHY)
    office.settings.gateway_simulator = False
    with pytest.raises(CredentialsMissing):
        execute(office, who, Ask(payment.id, 5), reason=WHY)
    with office.work(JOB) as work:
        assert work.session.scalar(select(Refund)) is None


def _credit(office: Office, invoice: Invoice) -> int:
    """The id of a payment that holds a credit note's amount."""
    with office.work(acting(office, a_user(office, "billing"))) as work:
        draft = create_credit_note(work, invoice.id, amount_minor=50)
    with office.work(acting(office, a_user(office, "billing"))) as work:
        return int(approve_credit_note(work, draft.id, reason=WHY).payment_id or 0)
