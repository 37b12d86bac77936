"""Credit notes by hand: four eyes, what they settle, and their sum (REF.3)."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.access.authority import Actor
from core.clock import SetClock
from core.credit_notes.actions import (
    approve_credit_note,
    create_credit_note,
    decline_credit_note,
)
from core.credit_notes.models import CreditNote
from core.credit_notes.queries import NoteFilters, credit_note, credit_notes
from core.errors import BadInput, NotAllowed, NotNow, SaldoError
from core.invoices.actions import void_invoice
from core.invoices.models import Invoice
from core.ledger.recognition import recognise_revenue
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    an_invoice,
    pass_days,
    the_invoices,
    the_plans,
    wrong_books,
)
from tests.builders import a_user, acting


def clerk(office: Office) -> Actor:
    return acting(office, a_user(office, "billing"))


def a_note(office: Office, invoice: Invoice, amount: int | None = None) -> CreditNote:
    """An issued note over an invoice, written by one clerk and approved by another."""
    with office.work(clerk(office)) as work:
        draft = create_credit_note(work, invoice.id, amount_minor=amount)
    with office.work(clerk(office)) as work:
        return approve_credit_note(work, draft.id, reason=WHY)


def again(office: Office, invoice: Invoice) -> Invoice:
    with office.work(JOB) as work:
        return work.session.get_one(Invoice, invoice.id)


def test_notes_sum_to_the_invoice_and_the_last_takes_the_rest(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office, "SE", "SEK"), 3_333)
    notes = [
        a_note(office, invoice, 1_001),
        a_note(office, invoice, 1_003),
        a_note(office, invoice),
    ]
    assert sum(note.net_minor for note in notes) == invoice.net_minor
    assert sum(note.tax_minor for note in notes) == invoice.tax_minor
    with pytest.raises(BadInput, match="Nothing is left"), office.work(clerk(office)) as work:
        create_credit_note(work, invoice.id)
    assert again(office, invoice).status == "paid"
    assert wrong_books(office) == []


def test_a_declined_draft_frees_its_amount_and_leaves_the_sum_right(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office, "SE", "SEK"), 3_333)
    writer = clerk(office)
    drafts = []
    for amount in (1_001, 1_003):
        with office.work(writer) as work:
            drafts.append(create_credit_note(work, invoice.id, amount_minor=amount))
    with pytest.raises(BadInput), office.work(writer) as work:
        create_credit_note(work, invoice.id, amount_minor=invoice.total_minor - 2_003)
    with office.work(clerk(office)) as work:
        decline_credit_note(work, drafts[0].id, reason=WHY)
    with office.work(clerk(office)) as work:
        second = approve_credit_note(work, drafts[1].id, reason=WHY)
    rest = a_note(office, invoice)
    assert second.tax_minor + rest.tax_minor == invoice.tax_minor
    assert second.total_minor + rest.total_minor == invoice.total_minor
    assert wrong_books(office) == []


def test_a_note_on_a_paid_invoice_is_credit_that_the_next_one_uses(office: Office) -> None:
    tenant = a_tenant(office)
    plan = the_plans(office)["growth"]
    paid = an_invoice(office, tenant)
    a_charge(office, paid)
    note = a_note(office, paid, 4_000)
    assert (note.settles, again(office, paid).status) == ("balance", "paid")
    a_subscription(office, tenant, plan)
    first = the_invoices(office)[-1]
    assert first.paid_minor == min(4_000, first.total_minor)
    with office.work(JOB) as work:
        row, lines = credit_note(work, str(note.number))
        assert (row.left_minor, len(lines)) == (0, 1)
        assert credit_notes(work, NoteFilters(invoice_id=paid.id)).count == 1
    assert wrong_books(office) == []


def test_a_part_settles_its_invoice_first(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    a_note(office, invoice, 4_000)
    owed = again(office, invoice)
    assert (owed.status, owed.due_minor) == ("partially_paid", 6_000)
    with pytest.raises(NotNow), office.work(clerk(office)) as work:
        void_invoice(work, invoice.id, reason=WHY)
    assert wrong_books(office) == []


@pytest.mark.parametrize(("text", "found"), [("CN-2026", 1), ("c_-", 0), ("%", 0), ("\x00", 1)])
def test_a_text_is_looked_for_as_it_is_written(office: Office, text: str, found: int) -> None:
    invoice = an_invoice(office, a_tenant(office, "SE", "SEK"))
    a_note(office, invoice)
    with office.work(JOB) as work:
        assert credit_notes(work, NoteFilters(text=text)).count == found


def test_an_invoice_with_a_draft_is_not_voided(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    with office.work(clerk(office)) as work:
        create_credit_note(work, invoice.id, amount_minor=5)
    with pytest.raises(NotNow, match="credit note"), office.work(clerk(office)) as work:
        void_invoice(work, invoice.id, reason=WHY)


def test_crediting_a_running_period_takes_back_what_was_recognised(
    office: Office, clock: SetClock
) -> None:
    a_subscription(office, a_tenant(office), the_plans(office)["growth"], "annual")
    [invoice] = the_invoices(office)
    pass_days(clock, 70)
    with office.work(JOB) as work:
        month = (work.today.replace(day=1)).replace(day=1)
    previous = (
        month.replace(month=month.month - 1)
        if month.month > 1
        else month.replace(year=month.year - 1, month=12)
    )
    with office.work(JOB) as work:
        recognise_revenue(work, previous)
    a_note(office, invoice, invoice.total_minor // 3)
    assert wrong_books(office) == []
    a_note(office, again(office, invoice))
    assert wrong_books(office) == []
    with office.work(JOB) as work:
        left = work.session.execute(
            text(
                "select sum(e.amount_minor) from accounting_entry e join account a "
                "on a.code = e.account_code where a.slug in ('deferred_revenue', 'revenue')"
            )
        ).scalar_one()
    assert left == 0


def test_eight_at_once_credit_no_more_than_the_invoice(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office), 1_000)
    actors, barrier, outcomes = [clerk(office) for _ in range(8)], Barrier(8), []

    def write(actor: Actor) -> None:
        barrier.wait()
        try:
            with office.work(actor) as work:
                create_credit_note(work, invoice.id, amount_minor=300)
            outcomes.append("written")
        except SaldoError as problem:
            outcomes.append(problem.code)

    threads = [Thread(target=write, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["bad_input"] * 5 + ["written"] * 3


def test_an_issued_note_is_fixed_by_the_database(office: Office) -> None:
    note = a_note(office, an_invoice(office, a_tenant(office)))
    for change in (
        "update credit_note set total_minor = total_minor + 1, net_minor = net_minor + 1",
        "update credit_note set status = 'draft'",
        "delete from credit_note_line",
        "delete from credit_note",
    ):
        with pytest.raises(DBAPIError, match="fixed"), office.work(JOB) as work:
            work.session.execute(text(change))
    with office.work(JOB) as work:
        assert work.session.scalars(select(CreditNote.total_minor)).all() == [note.total_minor]


def test_bad_input_is_named(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    writer = clerk(office)
    asked: list[dict[str, object]] = [
        {"amount_minor": 0},
        {"amount_minor": 10_001},
        {"cause": "because"},
        {"settles": "refund"},
        {"lines": ((999, 5),)},
    ]
    for options in asked:
        with pytest.raises(BadInput), office.work(writer) as work:
            create_credit_note(work, invoice.id, **options)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed), office.work(acting(office, a_user(office, "cfo"))) as work:
        create_credit_note(work, invoice.id)
