"""Invoices by hand: drafts, sending, voiding, settling, also by two people at once (INV)."""

from datetime import date
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.access.authority import Actor
from core.clock import SetClock
from core.errors import (
    BadInput,
    ChangedMeanwhile,
    NotAllowed,
    NotFound,
    NotNow,
    ReasonNeeded,
    SaldoError,
)
from core.invoices.actions import (
    DraftInvoice,
    create_draft,
    discard_draft,
    edit_draft,
    send_invoice,
    void_invoice,
)
from core.invoices.detail import invoice_detail
from core.invoices.models import Invoice, IssuerProfile
from core.invoices.rules import NewLine, Tax, valid_ocr
from core.payments.actions import mark_paid, record_payment
from core.payments.models import Payment
from core.payments.reversing import reverse_payment
from core.work import Office
from tests.billing import JOB, WHY, a_tenant, an_invoice, pass_days, wrong_books
from tests.builders import a_user, acting

SIX = Tax(Decimal(6), "reduced")


def clerk(office: Office) -> Actor:
    return acting(office, a_user(office, "billing"))


def a_draft(office: Office, draft: DraftInvoice, country: str = "SE") -> Invoice:
    tenant = a_tenant(office, country, "SEK" if country == "SE" else "EUR")
    with office.work(clerk(office)) as work:
        return create_draft(work, tenant.id, draft)


def again(office: Office, invoice: Invoice) -> Invoice:
    with office.work(JOB) as work:
        return work.session.get_one(Invoice, invoice.id)


def at_once(*acts: object) -> list[str]:
    """What became of acts that start together: `done` or the code of the refusal."""
    barrier, outcomes = Barrier(len(acts)), []

    def run(act: object) -> None:
        barrier.wait()
        try:
            act()  # type: ignore[operator]
            outcomes.append("done")
        except SaldoError as problem:
            outcomes.append(problem.code)

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_tax_is_by_line_and_the_country_fills_in_what_is_missing(office: Office) -> None:
    lines = (
        NewLine("Licence", 10_000),
        NewLine("Book", 1_060, tax=SIX, tax_inclusive=True),
        NewLine("Hours", 999, Decimal("2.5"), discount_percent=Decimal(10)),
    )
    draft = a_draft(office, DraftInvoice(lines, rounding="invoice", discount_minor=100))
    with office.work(JOB) as work:
        found = invoice_detail(work, str(draft.id))
    assert [(line.tax_percent, line.tax_category) for line in found.lines] == [
        (25, "standard"),
        (6, "reduced"),
        (25, "standard"),
    ]
    assert (found.rounding, found.discount_minor) == ("invoice", 100)
    assert [line.own_discount_minor for line in found.lines] == [0, 0, 250]
    assert sum(line.discount_minor for line in found.lines) == 350
    assert sum(line.total_minor for line in found.lines) == draft.total_minor
    # 8 of the 100 off fall on the book: 10.52 hold 0.5955 of tax.
    assert {rate.tax_percent: rate.tax_minor for rate in found.by_rate}[Decimal(6)] == 60
    abroad = a_draft(office, DraftInvoice((NewLine("Licence", 10_000),)), "DE")
    with office.work(JOB) as work:
        [line] = invoice_detail(work, str(abroad.id)).lines
    assert (line.tax_minor, line.tax_category) == (0, "reverse_charge")


def test_a_draft_is_written_anew_and_two_editors_do_not_overwrite_each_other(
    office: Office,
) -> None:
    draft = a_draft(office, DraftInvoice((NewLine("One", 100), NewLine("Two", 200))))
    seen = draft.total_minor
    new = DraftInvoice((NewLine("Three", 4_000),), note="as agreed")
    people = [clerk(office), clerk(office)]

    def edit(actor: Actor) -> None:
        with office.work(actor) as work:
            edit_draft(work, draft.id, new, seen_total_minor=seen)

    outcomes = at_once(*[lambda actor=actor: edit(actor) for actor in people])
    assert outcomes == ["changed_meanwhile", "done"]
    with office.work(JOB) as work:
        found = invoice_detail(work, str(draft.id))
    assert [(line.position, line.description) for line in found.lines] == [(1, "Three")]
    assert (found.row.total_minor, found.note) == (5_000, "as agreed")


def test_sending_issues_numbers_and_fixes(office: Office) -> None:
    draft = a_draft(office, DraftInvoice((NewLine("Work", 100),), due_days=3))
    other = a_draft(office, DraftInvoice((NewLine("Work", 100),), due_days=3))
    with office.work(clerk(office)) as work:
        sent = send_invoice(work, other.id)
    assert (sent.due_on - sent.issued_on).days == 3
    with office.work(clerk(office)) as work:
        sent = send_invoice(work, draft.id, due_days=10)
    assert (sent.status, (sent.due_on - sent.issued_on).days) == ("issued", 10)
    assert valid_ocr(str(sent.ocr))
    with office.work(clerk(office)) as work:
        assert send_invoice(work, draft.id).number == sent.number
    with pytest.raises(NotNow), office.work(clerk(office)) as work:
        edit_draft(work, draft.id, DraftInvoice((NewLine("Less", 1),)))
    for change in (
        "update invoice set note = 'other'",
        "update invoice set billed_to = '{}'",
        "update invoice_line set description = 'other'",
    ):
        with pytest.raises(DBAPIError, match="fixed"), office.work(JOB) as work:
            work.session.execute(text(change))
    assert wrong_books(office) == []


def test_parties_are_kept_as_they_were(office: Office) -> None:
    first = an_invoice(office, a_tenant(office))
    office.settings.company_address = "Storgatan 1\\n111 22 Stockholm"
    with office.work(JOB) as work:
        work.session.execute(text("update tenant set name = 'Renamed AB'"))
    second = an_invoice(office, a_tenant(office))
    assert first.billed_to is not None
    assert first.billed_to["name"] == "Rheinfeld GmbH"
    with office.work(JOB) as work:
        kept = work.session.scalars(select(IssuerProfile).order_by(IssuerProfile.id)).all()
        assert [row.details.get("address") for row in kept] == [
            None,
            "Storgatan 1\n111 22 Stockholm",
        ]
    assert [first.issuer_profile_id, second.issuer_profile_id] == [row.id for row in kept]


def test_a_draft_is_discarded_an_unpaid_invoice_voided_a_paid_one_neither(
    office: Office, clock: SetClock
) -> None:
    tenant = a_tenant(office)
    unpaid, paid = an_invoice(office, tenant), an_invoice(office, tenant)
    draft = a_draft(office, DraftInvoice((NewLine("Work", 100),)))
    with office.work(JOB) as work:
        record_payment(work, tenant.id, 10, "EUR", "cash", invoice_ids=(paid.id,))
    pass_days(clock, 40)
    with pytest.raises(NotNow), office.work(clerk(office)) as work:
        discard_draft(work, unpaid.id)
    with office.work(clerk(office)) as work:
        discard_draft(work, draft.id)
    with office.work(clerk(office)) as work:
        void_invoice(work, unpaid.id, reason=WHY)
    assert again(office, unpaid).status == "cancelled"
    with office.work(JOB) as work:
        assert work.session.get(Invoice, draft.id) is None
    with pytest.raises(NotNow), office.work(clerk(office)) as work:
        void_invoice(work, paid.id, reason=WHY)
    with pytest.raises(ReasonNeeded), office.work(clerk(office)) as work:
        void_invoice(work, paid.id, reason="")
    assert wrong_books(office) == []


def test_two_full_payments_at_once_leave_one_applied_and_one_unapplied(office: Office) -> None:
    tenant = a_tenant(office)
    invoice = an_invoice(office, tenant)
    people = [clerk(office), clerk(office)]

    def pay(actor: Actor) -> None:
        with office.work(actor) as work:
            record_payment(work, tenant.id, 10_000, "EUR", "cash", invoice_ids=(invoice.id,))

    assert at_once(*[lambda actor=actor: pay(actor) for actor in people]) == ["done", "done"]
    with office.work(JOB) as work:
        found = work.session.scalars(select(Payment).order_by(Payment.allocated_minor)).all()
    assert [(p.allocated_minor, p.credit_minor) for p in found] == [(0, 10_000), (10_000, 0)]
    assert again(office, invoice).status == "paid"
    assert wrong_books(office) == []


def test_two_who_mark_it_paid_at_once_make_one_payment(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    people = [clerk(office), clerk(office)]

    def mark(actor: Actor) -> None:
        with office.work(actor) as work:
            mark_paid(work, invoice.id, "bank_transfer", reference="BG", note="by phone")

    assert at_once(*[lambda actor=actor: mark(actor) for actor in people]) == ["done", "not_now"]
    with office.work(JOB) as work:
        [payment] = work.session.scalars(select(Payment)).all()
    assert (payment.amount_minor, payment.note) == (10_000, "by phone")
    assert wrong_books(office) == []


def test_what_is_owed_by_now_is_what_is_marked_paid(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    with office.work(clerk(office)) as work:
        record_payment(work, invoice.tenant_id, 4_000, "EUR", "cash")
    with pytest.raises(ChangedMeanwhile), office.work(clerk(office)) as work:
        mark_paid(work, invoice.id, "cash", seen_due_minor=10_000)
    with pytest.raises(BadInput), office.work(clerk(office)) as work:
        mark_paid(work, invoice.id, "cash", paid_on=date(2100, 1, 1))
    with pytest.raises(BadInput), office.work(clerk(office)) as work:
        mark_paid(work, invoice.id, "wallet")
    with office.work(acting(office, a_user(office, "admin"))) as work:
        assert mark_paid(work, invoice.id, "cash").amount_minor == 6_000


def test_a_reversed_payment_leaves_its_invoices_owed(office: Office) -> None:
    tenant = a_tenant(office)
    first, second = an_invoice(office, tenant, 3_000), an_invoice(office, tenant, 3_000)
    with office.work(clerk(office)) as work:
        payment = record_payment(work, tenant.id, 5_000, "EUR", "bank_transfer")
    with office.work(clerk(office)) as work:
        reverse_payment(work, payment.id, reason=WHY)
    assert [again(office, each).status for each in (first, second)] == ["issued", "issued"]
    with pytest.raises(NotNow), office.work(clerk(office)) as work:
        reverse_payment(work, payment.id, reason=WHY)
    assert wrong_books(office) == []


def test_who_may_not_and_what_does_not_exist(office: Office) -> None:
    line = DraftInvoice((NewLine("Work", 100),))
    tenant = a_tenant(office)
    with pytest.raises(NotAllowed), office.work(acting(office, a_user(office, "cfo"))) as work:
        create_draft(work, tenant.id, line)
    with pytest.raises(NotFound), office.work(clerk(office)) as work:
        create_draft(work, 999, line)
    for wrong in (
        DraftInvoice(()),
        DraftInvoice((NewLine(" ", 100),)),
        DraftInvoice((NewLine("Work", 100),), type="recharge"),
        DraftInvoice((NewLine("Work", 100),), currency="USD"),
    ):
        with pytest.raises(BadInput), office.work(clerk(office)) as work:
            create_draft(work, tenant.id, wrong)
