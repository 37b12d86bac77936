"""Invoices, payments, refunds, disputes, transfers and payouts, also when two come at once."""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import event, select

from core.access.authority import Actor
from core.bank.models import UnmatchedBankTransfer
from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.clock import SetClock
from core.errors import BadInput, ChangedMeanwhile, NotNow, SaldoError
from core.gateways.actions import announce_payout
from core.inbox.deciding import Share, assign_transfer, ignore_transfer
from core.invoices.actions import Fee, issue_platform_fees, void_invoice, write_off
from core.invoices.models import Invoice
from core.invoices.recovering import creditors, recover_invoice
from core.ledger.checks import trial_balance
from core.payments.actions import Charge, apply_credit, record_charges, record_payment
from core.payments.disputes import Claim, decide_dispute, open_dispute
from core.payments.models import Payment
from core.payments.reversing import reverse_payment
from core.payments.rules import Part
from core.refunds.actions import Ask, fail_refund, request_refund, settle_refund
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    a_transfer,
    an_invoice,
    pass_days,
    the_plans,
    wrong_books,
)
from tests.builders import a_user, acting


def _balances(office: Office) -> dict[str, int]:
    with office.work(JOB) as work:
        return {row["slug"]: row["amount_minor"] for row in trial_balance(work)}


def _received(office: Office, tenant: Tenant, amount_minor: int) -> Payment:
    with office.work(JOB) as work:
        return record_payment(work, tenant.id, amount_minor, "SEK", "bank_transfer")


def _at_once(*acts: Callable[[], object]) -> list[SaldoError]:
    refusals: list[SaldoError] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except SaldoError as refused:
            refusals.append(refused)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


def _reload(office: Office, invoice: Invoice) -> Invoice:
    with office.work(JOB) as work:
        return work.session.get_one(Invoice, invoice.id)


def _finance(office: Office) -> Actor:
    return acting(office, a_user(office, "sys_finance"))


def _open_unmatched(office: Office) -> int:
    with office.work(JOB) as work:
        return work.session.scalars(select(UnmatchedBankTransfer.id)).one()


def test_eight_threads_leave_no_gap_in_the_numbers(office: Office) -> None:
    tenant = a_tenant(office)
    refusals = _at_once(*[lambda: an_invoice(office, tenant)] * 8)
    with office.work(JOB) as work:
        numbers = work.session.scalars(select(Invoice.number).order_by(Invoice.number)).all()
    assert refusals == []
    assert numbers == [f"SAAS-INV-2026-{n:05d}" for n in range(1, 9)]


def test_two_full_payments_at_once_leave_one_as_credit(office: Office) -> None:
    tenant = a_tenant(office)
    invoice = an_invoice(office, tenant)

    def pay() -> None:
        with office.work(JOB) as work:
            record_payment(work, tenant.id, 10_000, "EUR", "other", invoice_ids=(invoice.id,))

    assert _at_once(pay, pay) == []
    with office.work(JOB) as work:
        allocated = work.session.scalars(select(Payment.allocated_minor)).all()
    assert sorted(allocated) == [0, 10_000]
    assert _reload(office, invoice).status == "paid"
    assert wrong_books(office) == []


def test_a_payment_settles_the_oldest_first_and_the_rest_is_credit(
    office: Office, clock: SetClock
) -> None:
    tenant = a_tenant(office)
    first = an_invoice(office, tenant, 6_000)
    pass_days(clock, 1)
    second = an_invoice(office, tenant, 6_000)
    with office.work(JOB) as work:
        record_payment(work, tenant.id, 8_000, "EUR", "other")
    assert (_reload(office, first).status, _reload(office, second).paid_minor) == ("paid", 2_000)
    with office.work(JOB) as work:
        payment = record_payment(work, tenant.id, 5_000, "EUR", "other")
    third = an_invoice(office, tenant, 700)
    with office.work(JOB) as work:
        apply_credit(work, payment.id, (Part(third.id, 700),))
    with pytest.raises(BadInput), office.work(JOB) as work:
        apply_credit(work, payment.id, (Part(third.id, 1),))
    assert _reload(office, third).status == "paid"
    assert wrong_books(office) == []


@pytest.mark.parametrize(("country", "currency"), [("DE", "EUR"), ("SE", "SEK")])
def test_credit_goes_to_no_invoice_of_another(office: Office, country: str, currency: str) -> None:
    other = an_invoice(office, a_tenant(office, country, currency), 100)
    with office.work(JOB) as work:
        paid = record_payment(work, a_tenant(office).id, 5_000, "EUR", "bank_transfer")
    with pytest.raises(BadInput, match="not all this tenant's"), office.work(JOB) as work:
        apply_credit(work, paid.id, (Part(other.id, 1),))
    assert wrong_books(office) == []


def test_a_charge_reported_twice_is_one_payment(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    a_charge(office, invoice, "ch_same")
    again = Charge(invoice.id, "stripe", "ch_same", invoice.total_minor)
    with office.work(JOB) as work:
        assert record_charges(work, (again, again)) == []
    assert _reload(office, invoice).paid_minor == 10_000


def test_two_people_refund_more_than_was_paid_and_one_is_refused(office: Office) -> None:
    payment = a_charge(office, an_invoice(office, a_tenant(office, "SE", "SEK")))
    people = [_finance(office), _finance(office)]

    def refund(actor: Actor) -> None:
        with office.work(actor) as work:
            request_refund(work, Ask(payment.id, 8_750), reason=WHY)

    refusals = _at_once(*[lambda actor=actor: refund(actor) for actor in people])
    assert [type(refused) for refused in refusals] == [BadInput]
    assert wrong_books(office) == []


def test_a_replayed_refund_returns_the_first_one_and_a_failed_one_can_be_retried(
    office: Office,
) -> None:
    invoice = an_invoice(office, a_tenant(office, "SE", "SEK"))
    payment, finance = a_charge(office, invoice), _finance(office)
    with office.work(finance) as work:
        first = request_refund(work, Ask(payment.id, 12_500), reason=WHY)
    with office.work(finance) as work:
        assert request_refund(work, Ask(payment.id, 12_500), reason=WHY).id == first.id
    with office.work(JOB) as work:
        fail_refund(work, first.id, "card closed")
    with office.work(finance) as work:
        second = request_refund(work, Ask(payment.id, 12_500), reason=WHY)
    with office.work(JOB) as work:
        settled = settle_refund(work, second.id, "re_1")
    assert (settled.tax_minor, _reload(office, invoice).status) == (2_500, "refunded")
    assert wrong_books(office) == []


@pytest.mark.parametrize("amount", [0, -1, 10_001])
def test_a_refund_is_above_zero_and_within_the_payment(office: Office, amount: int) -> None:
    payment = a_charge(office, an_invoice(office, a_tenant(office)))
    with pytest.raises(BadInput), office.work(_finance(office)) as work:
        request_refund(work, Ask(payment.id, amount), reason=WHY)


@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_is_decided_once_and_the_books_agree(office: Office, won: bool) -> None:
    payment = a_charge(office, an_invoice(office, a_tenant(office, "SE", "SEK")))
    claim = Claim(12_500, 15_00, "fraudulent", date(2026, 12, 1))
    with office.work(JOB) as work:
        dispute = open_dispute(work, payment.id, "dp_1", claim)
    assert wrong_books(office) == []
    with office.work(JOB) as work:
        decide_dispute(work, dispute.id, won=won)
    with pytest.raises(NotNow), office.work(JOB) as work:
        decide_dispute(work, dispute.id, won=won)
    assert wrong_books(office) == []


def test_a_transfer_with_reference_and_amount_is_matched(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    statement = a_transfer(office, 10_000, f"OCR {invoice.ocr}")
    with office.work(JOB) as work:
        assert import_statement(work, statement).transfers == 0
    assert _reload(office, invoice).status == "paid"
    assert wrong_books(office) == []


def test_a_transfer_assigned_by_two_people_is_assigned_once(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    a_transfer(office, 12_000, "thank you")
    waiting = _open_unmatched(office)
    people = [_finance(office), _finance(office)]

    def assign(actor: Actor) -> None:
        with office.work(actor) as work:
            assign_transfer(work, waiting, (Share(invoice.id),), reason=WHY)

    refusals = _at_once(*[lambda actor=actor: assign(actor) for actor in people])
    assert [type(refused) for refused in refusals] == [ChangedMeanwhile]
    with office.work(JOB) as work:
        payment = work.session.scalars(select(Payment)).one()
        assert (payment.amount_minor, payment.allocated_minor) == (12_000, 10_000)
    assert wrong_books(office) == []


def test_an_ignored_transfer_stays_in_unapplied_receipts(office: Office) -> None:
    a_transfer(office, 500)
    with office.work(_finance(office)) as work:
        ignore_transfer(work, _open_unmatched(office), reason=WHY)
    assert wrong_books(office) == []


def test_a_statement_that_does_not_foot_is_refused(office: Office) -> None:
    wrong = Statement("DE89", "S1", "camt.053", "EUR", (TransferLine("B1", 5),), 0, 6)
    with pytest.raises(BadInput), office.work(JOB) as work:
        import_statement(work, wrong)


def test_a_payout_empties_the_clearing_account_into_the_bank(
    office: Office, clock: SetClock
) -> None:
    a_charge(office, an_invoice(office, a_tenant(office)))
    pass_days(clock, 3)
    with office.work(JOB) as work:
        payout = announce_payout(work, "stripe", "po_1", "EUR", work.today)
    assert payout.amount_minor == 10_000 - 175
    line = TransferLine("B9", 9_825, payout_id="po_1")
    with office.work(JOB) as work:
        import_statement(work, Statement("DE89", "S9", "camt.053", "EUR", (line,), 0, 9_825))
    assert wrong_books(office) == []
    with pytest.raises(NotNow), office.work(JOB) as work:
        announce_payout(work, "stripe", "po_2", "EUR", work.today)


def test_bankgirot_collects_what_nobody_could_match(office: Office) -> None:
    line = TransferLine("G1", 5_000, "no reference")
    giro = Statement("5402-9681", "G", "bgmax", "SEK", (line,), provider="bankgirot")
    with office.work(JOB) as work:
        import_statement(work, giro)
    assert wrong_books(office) == []


def test_voiding_takes_back_what_was_posted_and_writing_off_the_rest(
    office: Office, clock: SetClock
) -> None:
    a_subscription(office, a_tenant(office, "SE", "SEK"), the_plans(office)["growth"])
    with office.work(JOB) as work:
        first = work.session.scalars(select(Invoice)).one()
    owed = an_invoice(office, a_tenant(office, "SE", "SEK"))
    with office.work(acting(office, a_user(office, "billing"))) as work:
        void_invoice(work, first.id, reason=WHY)
    with office.work(_finance(office)) as work:
        write_off(work, owed.id, reason=WHY)
    with pytest.raises(NotNow), office.work(_finance(office)) as work:
        write_off(work, owed.id, reason=WHY)
    assert _reload(office, first).status == "cancelled"
    assert wrong_books(office) == []


def test_what_was_written_off_is_paid_after_all_whole_or_not_at_all(office: Office) -> None:
    tenant = a_tenant(office, "SE", "SEK")
    owed = an_invoice(office, tenant, 10_000)
    with office.work(_finance(office)) as work:
        write_off(work, owed.id, reason=WHY)
    before = _balances(office)
    small, enough, stranger = (
        _received(office, who, owed.total_minor + more)
        for who, more in ((tenant, -1), (tenant, 500), (a_tenant(office, "SE", "SEK"), 0))
    )
    for payment, why in ((small, "was given up"), (stranger, "another tenant")):
        with pytest.raises(BadInput, match=why), office.work(_finance(office)) as work:
            recover_invoice(work, owed.id, payment.id, reason=WHY)
    with office.work(JOB) as work:
        assert [each.id for each in creditors(work, owed.id)] == [enough.id]
    person = _finance(office)
    for _ in range(2):
        with office.work(person) as work:
            recover_invoice(work, owed.id, enough.id, reason=WHY, key="recover-0001")
    invoice = _reload(office, owed)
    assert (invoice.status, invoice.paid_minor) == ("paid", owed.total_minor)
    after = _balances(office)
    assert after["bad_debt"] == before["bad_debt"] - owed.net_minor
    assert after["receivable"] == before["receivable"]
    with pytest.raises(NotNow), office.work(_finance(office)) as work:
        recover_invoice(work, owed.id, enough.id, reason=WHY)
    assert wrong_books(office) == []


def test_creditors_are_chosen_by_what_is_left_and_nothing_else_is_read(office: Office) -> None:
    tenant = a_tenant(office, "SE", "SEK")
    owed, other = an_invoice(office, tenant, 10_000), an_invoice(office, tenant, 10_000)
    lost = owed.total_minor
    with office.work(_finance(office)) as work:
        write_off(work, owed.id, reason=WHY)
    with office.work(JOB) as work:
        record_payment(work, tenant.id, lost, "SEK", "bank_transfer", invoice_ids=(other.id,))
    exact, _small, gone = (_received(office, tenant, lost + more) for more in (0, -1, 0))
    with office.work(acting(office, a_user(office, "billing"))) as work:
        reverse_payment(work, gone.id, reason=WHY)
    with office.work(JOB) as work:
        record_payment(work, tenant.id, lost, "EUR", "bank_transfer")
    later = _received(office, tenant, 2 * lost)
    read: list[int] = []

    def note(payment: Payment, _context: object) -> None:
        read.append(payment.id)

    event.listen(Payment, "load", note)
    try:
        with office.work(JOB) as work:
            assert [each.id for each in creditors(work, owed.id)] == [exact.id, later.id]
    finally:
        event.remove(Payment, "load", note)
    assert read == [exact.id, later.id]


def test_platform_fees_of_a_month_are_issued_once_with_their_own_numbers(office: Office) -> None:
    tenant = a_tenant(office)
    fees = (Fee(tenant.id, 1_000_000, 8_000),)
    for _ in range(2):
        with office.work(JOB) as work:
            issue_platform_fees(work, date(2026, 10, 1), fees)
    with office.work(JOB) as work:
        invoice = work.session.scalars(select(Invoice)).one()
    assert (invoice.number, invoice.issuer_type, invoice.type) == (
        "SAAS-FEE-2026-00001",
        "platform",
        "usage",
    )
    assert wrong_books(office) == []
