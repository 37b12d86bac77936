"""Deciding a transfer and taking the decision back; money moves once and the books stay right."""

import threading

import pytest
from sqlalchemy import select, text

from core.errors import (
    BadInput,
    ChangedMeanwhile,
    FreshAuthNeeded,
    NotFound,
    NotNow,
    ReasonNeeded,
    SaldoError,
)
from core.inbox.deciding import (
    Share,
    assign_transfer,
    auto_assign_transfer,
    decline_suggestion,
    ignore_transfer,
)
from core.inbox.listing import one_unmatched
from core.inbox.undoing import unassign_payment, undo_decision
from core.invoices.models import Invoice
from core.payments.actions import apply_credit
from core.payments.models import Payment, PaymentAllocation
from core.payments.rules import Part
from core.refunds.actions import Ask, request_refund
from core.work import Office
from tests.billing import JOB, WHY, a_tenant, a_transfer, an_invoice, wrong_books
from tests.builders import a_user, acting
from tests.inbox import finance, waiting
from tests.wallets import at_once

_SOMEBODY_WAITS = text("select exists (select from pg_locks where not granted)")


def _somebody_waits(office: Office) -> bool:
    with office.work(JOB) as work:
        return bool(work.session.scalar(_SOMEBODY_WAITS))


def _state(office: Office, invoice: Invoice) -> tuple[str, int]:
    with office.work(JOB) as work:
        now = work.session.get_one(Invoice, invoice.id)
        return now.status, now.paid_minor


def _parts(office: Office, payment: Payment) -> list[tuple[int, int]]:
    with office.work(JOB) as work:
        rows = work.session.execute(
            select(PaymentAllocation.invoice_id, PaymentAllocation.amount_minor)
            .where(PaymentAllocation.payment_id == payment.id)
            .order_by(PaymentAllocation.id)
        )
        return [(row.invoice_id, row.amount_minor) for row in rows]


def test_shares_without_an_amount_take_what_is_owed_in_their_order(office: Office) -> None:
    tenant = a_tenant(office)
    one, two, three = (an_invoice(office, tenant, 10_000) for _ in range(3))
    number = waiting(office, 16_000)
    shares = (Share(two.id), Share(three.id, 2_000), Share(one.id))
    with office.work(finance(office)) as work:
        payment = assign_transfer(work, number, shares, reason=WHY)
    assert sorted(_parts(office, payment)) == [(one.id, 4_000), (two.id, 10_000), (three.id, 2_000)]
    assert wrong_books(office) == []


def test_what_an_assignment_refuses_leaves_the_transfer_open(office: Office) -> None:
    tenant = a_tenant(office)
    one, two = (an_invoice(office, tenant, 10_000) for _ in range(2))
    krona = an_invoice(office, a_tenant(office, currency="SEK"), 10_000)
    number = waiting(office, 5_000)
    person = finance(office)
    for shares, refusal in (
        ((), BadInput),
        ((Share(99),), NotFound),
        ((Share(one.id), Share(krona.id)), BadInput),
        ((Share(one.id), Share(two.id)), BadInput),
        ((Share(one.id, 6_000),), BadInput),
        ((Share(one.id, 0),), BadInput),
        ((Share(one.id), Share(one.id)), BadInput),
    ):
        with pytest.raises(refusal), office.work(person) as work:
            assign_transfer(work, number, shares, reason=WHY)
    with pytest.raises(ReasonNeeded), office.work(person) as work:
        assign_transfer(work, number, (Share(one.id),), reason="short")
    stale = acting(office, a_user(office, "sys_finance"), fresh=False)
    with pytest.raises(FreshAuthNeeded), office.work(stale) as work:
        assign_transfer(work, number, (Share(one.id),), reason=WHY)
    with office.work(person) as work:
        assert one_unmatched(work, number).status == "open"
    assert wrong_books(office) == []


def test_an_assignment_undone_waits_again_and_can_go_elsewhere(office: Office) -> None:
    tenant = a_tenant(office)
    wrong, right = (an_invoice(office, tenant, 10_000) for _ in range(2))
    number = waiting(office, 12_000)
    person = finance(office)
    with office.work(person) as work:
        first = assign_transfer(work, number, (Share(wrong.id),), reason=WHY)
    with office.work(person) as work:
        row = undo_decision(work, number, reason=WHY)
    assert (row.status, row.decided_at, row.reason) == ("open", None, "")
    assert _state(office, wrong) == ("issued", 0)
    assert wrong_books(office) == []
    with office.work(person) as work:
        second = assign_transfer(work, number, (Share(right.id),), reason=WHY)
    assert _state(office, right) == ("paid", 10_000)
    assert second.id != first.id
    with office.work(JOB) as work:
        assert work.session.get_one(Payment, first.id).status == "reversed"
        assert work.session.get_one(Payment, second.id).bank_transfer_id == first.bank_transfer_id
    assert wrong_books(office) == []


def test_one_transfer_pays_several_tenants_and_comes_off_all_of_them(office: Office) -> None:
    one, two = (an_invoice(office, a_tenant(office), 10_000) for _ in range(2))
    third = an_invoice(office, a_tenant(office), 10_000)
    number = waiting(office, 27_500)
    person = finance(office)
    shares = (Share(two.id, 10_000), Share(one.id, 9_000), Share(third.id, 8_000))
    with office.work(person) as work:
        first = assign_transfer(work, number, shares, reason=WHY)
    assert (first.tenant_id, first.amount_minor, first.credit_minor) == (two.tenant_id, 10_500, 500)
    assert [_state(office, each) for each in (one, two, third)] == [
        ("partially_paid", 9_000), ("paid", 10_000), ("partially_paid", 8_000),
    ]  # fmt: skip
    with office.work(person) as work:
        row = one_unmatched(work, number)
    assert [(each.tenant_id, each.amount_minor) for each in row.payments] == [
        (two.tenant_id, 10_500), (one.tenant_id, 9_000), (third.tenant_id, 8_000),
    ]  # fmt: skip
    assert row.invoice_numbers == [two.number, one.number, third.number]
    assert wrong_books(office) == []
    with office.work(person) as work:
        undo_decision(work, number, reason=WHY)
    assert [_state(office, each)[1] for each in (one, two, third)] == [0, 0, 0]
    assert wrong_books(office) == []
    with office.work(person) as work:
        assign_transfer(work, number, shares[::-1], reason=WHY)
    assert wrong_books(office) == []


def test_money_of_one_tenant_that_went_back_keeps_the_whole_assignment(office: Office) -> None:
    one, two = (an_invoice(office, a_tenant(office), 10_000) for _ in range(2))
    number = waiting(office, 20_000)
    person = finance(office)
    with office.work(person) as work:
        assign_transfer(work, number, (Share(one.id), Share(two.id)), reason=WHY)
    with office.work(person) as work:
        second = one_unmatched(work, number).payments[1].payment_id
    with office.work(person) as work:
        request_refund(work, Ask(second, 1_000), reason=WHY)
    with pytest.raises(NotNow), office.work(person) as work:
        undo_decision(work, number, reason=WHY)
    assert _state(office, one) == ("paid", 10_000)
    assert wrong_books(office) == []


def test_credit_used_elsewhere_is_taken_back_with_it(office: Office) -> None:
    tenant = a_tenant(office)
    one, two = (an_invoice(office, tenant, 10_000) for _ in range(2))
    number = waiting(office, 15_000)
    person = finance(office)
    with office.work(person) as work:
        payment = assign_transfer(work, number, (Share(one.id),), reason=WHY)
    with office.work(acting(office, a_user(office, "billing"))) as work:
        apply_credit(work, payment.id, (Part(two.id, 5_000),))
    assert _state(office, two) == ("partially_paid", 5_000)
    with office.work(person) as work:
        undo_decision(work, number, reason=WHY)
    assert [_state(office, each) for each in (one, two)] == [("issued", 0), ("issued", 0)]
    assert wrong_books(office) == []


def test_money_that_went_back_keeps_the_assignment(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office), 10_000)
    number = waiting(office, 10_000)
    person = finance(office)
    with office.work(person) as work:
        payment = assign_transfer(work, number, (Share(invoice.id),), reason=WHY)
    with office.work(person) as work:
        request_refund(work, Ask(payment.id, 1_000), reason=WHY)
    with pytest.raises(NotNow), office.work(person) as work:
        undo_decision(work, number, reason=WHY)
    assert wrong_books(office) == []


def test_an_ignored_transfer_opens_again_once(office: Office) -> None:
    number = waiting(office, 500)
    person = finance(office)
    with office.work(person) as work:
        ignore_transfer(work, number, reason=WHY)
    with office.work(person) as work:
        assert undo_decision(work, number, reason=WHY).status == "open"
    with pytest.raises(ChangedMeanwhile), office.work(person) as work:
        undo_decision(work, number, reason=WHY)
    with pytest.raises(NotFound), office.work(person) as work:
        undo_decision(work, 99, reason=WHY)
    assert wrong_books(office) == []


def test_two_who_undo_at_once_undo_once(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office), 10_000)
    number = waiting(office, 10_000)
    people = [finance(office), finance(office)]
    with office.work(people[0]) as work:
        assign_transfer(work, number, (Share(invoice.id),), reason=WHY)

    def undo(actor: object) -> None:
        with office.work(actor) as work:  # type: ignore[arg-type]
            undo_decision(work, number, reason=WHY)

    refusals = at_once(*[lambda actor=actor: undo(actor) for actor in people])
    assert len(refusals) == 1
    assert isinstance(refusals[0], NotNow | ChangedMeanwhile)
    assert wrong_books(office) == []


def test_who_undoes_while_it_is_assigned_takes_the_payment_back_too(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office), 10_000)
    number = waiting(office, 10_000)
    people = [finance(office), finance(office)]
    refusals: list[SaldoError] = []

    def undo() -> None:
        try:
            with office.work(people[1]) as work:
                undo_decision(work, number, reason=WHY)
        except SaldoError as refused:
            refusals.append(refused)

    meanwhile = threading.Thread(target=undo)
    with office.work(people[0]) as work:
        assign_transfer(work, number, (Share(invoice.id),), reason=WHY)
        meanwhile.start()
        while not _somebody_waits(office):
            assert meanwhile.is_alive()
    meanwhile.join()
    assert refusals == []
    assert _state(office, invoice) == ("issued", 0)
    assert wrong_books(office) == []


def test_a_payment_matched_by_its_reference_can_be_unassigned(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office), 10_000)
    a_transfer(office, 10_000, f"OCR {invoice.ocr}")
    person = finance(office)
    with office.work(JOB) as work:
        payment = work.session.scalars(select(Payment)).one()
    with office.work(person) as work:
        row = unassign_payment(work, payment.id, reason=WHY)
    assert (row.status, _state(office, invoice)) == ("open", ("issued", 0))
    assert wrong_books(office) == []
    with office.work(person) as work:
        again = assign_transfer(work, row.id, (Share(invoice.id),), reason=WHY)
    assert wrong_books(office) == []
    with pytest.raises(NotNow, match="transfer 1 of the inbox"), office.work(person) as work:
        unassign_payment(work, again.id, reason=WHY)


def test_an_automatic_posting_is_marked_exact_and_undoable(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office), 10_000)
    number = waiting(office, 10_000)
    with office.work(JOB) as work:
        auto_assign_transfer(work, number, (invoice.id,))
    person = finance(office)
    with office.work(person) as work:
        row = one_unmatched(work, number)
        assert (row.automatic, row.decided_by, row.status) == (True, None, "assigned")
    with office.work(person) as work:
        undo_decision(work, number, reason=WHY)
    assert _state(office, invoice) == ("issued", 0)
    assert wrong_books(office) == []


def test_an_automatic_posting_never_pays_in_part(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office), 10_000)
    number = waiting(office, 9_999)
    with pytest.raises(NotNow), office.work(JOB) as work:
        auto_assign_transfer(work, number, (invoice.id,))
    assert _state(office, invoice) == ("issued", 0)
    assert wrong_books(office) == []


def test_declining_needs_an_open_transfer_and_a_tenant(office: Office) -> None:
    tenant = a_tenant(office)
    number = waiting(office, 500)
    person = finance(office)
    with pytest.raises(NotFound), office.work(person) as work:
        decline_suggestion(work, number, tenant.id + 1)
    with pytest.raises(NotFound), office.work(person) as work:
        decline_suggestion(work, number + 1, tenant.id)
    with office.work(person) as work:
        ignore_transfer(work, number, reason=WHY)
    with pytest.raises(NotNow), office.work(person) as work:
        decline_suggestion(work, number, tenant.id)
