"""The inbox as a page: what is shown, what each press does, what is refused (UNM.2–3)."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.clock import SetClock
from core.inbox.deciding import (
    Share,
    assign_transfer,
    auto_assign_transfer,
    ignore_transfer,
)
from core.inbox.listing import UnmatchedRow, one_unmatched
from core.invoices.models import Invoice
from core.payments.models import Payment
from core.work import Office
from pages.receivables import unmatched_queue, unmatched_sides
from pages.receivables.unmatched_desk import ORDER, Order
from tests.billing import JOB, WHY, an_invoice, wrong_books
from tests.inbox import finance, named_tenant, waiting
from tests.pages.administering import Visit, confirm, events, press, visitor, words

PARTS = (
    "pages.admin.receipts",
    "pages.receivables.unmatched_desk",
    "pages.receivables.unmatched_files",
    "pages.receivables.unmatched_asks",
    "pages.receivables.asking",
    "pages.receivables.payment_asks",
)
REASON = "unmatched-reason"


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the inbox as a new person."""
    return visitor(office, monkeypatch, "receivables/unmatched.py", *PARTS)


def certain_one(office: Office, name: str, amount_minor: int = 10_000) -> tuple[int, Invoice]:
    """A transfer whose text names its tenant's invoice."""
    invoice = an_invoice(office, named_tenant(office, f"{name} GmbH"), amount_minor)
    number = waiting(
        office, amount_minor, name.upper(), text=f"Invoice {invoice.number}", bank_ref=name
    )
    return number, invoice


def row_of(office: Office, number: int) -> UnmatchedRow:
    with office.work(JOB) as work:
        return one_unmatched(work, number)


def paid(office: Office, invoice: Invoice) -> int:
    with office.work(JOB) as work:
        return work.session.get_one(Invoice, invoice.id).paid_minor


def give_reason(test: AppTest, reason: str = WHY) -> None:
    test.text_input(key=REASON).set_value(reason).run()


def label(test: AppTest, key: str) -> str:
    return str(test.button(key=key).label)


def buttons(test: AppTest) -> set[str]:
    return {str(button.key) for button in test.button}


def test_the_queue_and_the_transfer_beside_its_invoice(office: Office, visit: Visit) -> None:
    number, invoice = certain_one(office, "Alphawerk")
    stranger = waiting(office, 777, "NOBODY", " ", "thank you", bank_ref="W9")
    test = visit("sys_finance")
    assert not test.exception
    shown = words(test)
    for part in ("EUR 100.00", "ALPHAWERK", "certain", "99.", "EUR 7.77", "No suggestion"):
        assert part in shown
    assert "✓ EUR 100.00 owed<small>exactly" in shown
    assert f'✓ <a href="/invoice?invoice={invoice.id}"' in shown
    assert "The amount is exactly what is owed" in shown
    assert label(test, f"assign-{number}") == f"Assign to {invoice.number}"
    assert "1 of 2" in shown
    press(test, "step-Next")
    assert f"transfer {stranger}" in words(test)
    assert "Account" not in words(test)
    assert f"assign-{stranger}" not in buttons(test)
    press(test, "step-Previous")
    assert f"transfer {number}" in words(test)


def test_one_press_assigns_and_the_next_transfer_takes_its_place(
    office: Office, visit: Visit, clock: SetClock
) -> None:
    first, invoice = certain_one(office, "Alphawerk")
    second, _ = certain_one(office, "Betakontor", 20_000)
    test = visit("sys_finance")
    give_reason(test)
    press(test, f"assign-{first}")
    assert not test.exception
    assert [toast.value for toast in test.toast] == [
        f"EUR 100.00 is on {invoice.number} of Alphawerk GmbH"
    ]
    assert f"assign-{second}" in buttons(test)
    assert paid(office, invoice) == 10_000
    assert events(office, "bank.transfer.assigned")[0]["reason"] == WHY
    clock.advance(timedelta(seconds=2))
    press(test, f"undo-last-{first}")
    assert paid(office, invoice) == 0
    assert row_of(office, first).status == "open"
    assert f"assign-{first}" in buttons(test)
    assert wrong_books(office) == []


def test_a_press_repeated_before_the_page_answered_assigns_once(
    office: Office, visit: Visit
) -> None:
    first, invoice = certain_one(office, "Alphawerk")
    test = visit("sys_finance")
    give_reason(test)
    key = test.session_state["desk-keys"][first]
    press(test, f"assign-{first}")
    again = Order("assign", first, "once more", key, (Share(invoice.id, 10_000),))
    test.session_state[ORDER] = again
    test.run()
    assert "unmatched-problem" not in test.session_state
    assert not test.exception
    assert paid(office, invoice) == 10_000
    with office.work(JOB) as work:
        assert work.session.query(Payment).count() == 1
    assert key not in test.session_state["desk-keys"].values()


def test_a_reason_that_is_too_short_is_refused_and_nothing_moves(
    office: Office, visit: Visit
) -> None:
    number, invoice = certain_one(office, "Alphawerk")
    test = visit("sys_finance")
    press(test, f"assign-{number}")
    assert "Give a reason of at least ten characters" in words(test)
    assert paid(office, invoice) == 0
    give_reason(test)
    press(test, f"assign-{number}")
    assert paid(office, invoice) == 10_000


def test_a_stale_sign_in_leads_through_the_step_up_page_and_back(
    office: Office, visit: Visit
) -> None:
    number, _ = certain_one(office, "Alphawerk")
    test = visit("sys_finance", fresh=False)
    assert f"/confirm?next=%2F%3Frow%3D{number}" in words(test)
    assert test.button(key=f"assign-{number}").disabled
    assert test.button(key=f"ignore-{number}").disabled
    assert not [field for field in test.text_input if field.key == REASON]


def test_who_only_reads_gets_no_buttons_that_decide(office: Office, visit: Visit) -> None:
    number, _ = certain_one(office, "Alphawerk")
    for role in ("cfo", "billing"):
        test = visit(role)
        assert "EUR 100.00" in words(test)
        assert f"assign-{number}" not in buttons(test)
        assert "assign-certain-all" not in buttons(test)
    assert visit("analyst").exception


def test_of_two_people_the_second_is_told_and_sees_who_was_first(
    office: Office, visit: Visit
) -> None:
    number, invoice = certain_one(office, "Alphawerk")
    waiting(office, 777, "NOBODY", bank_ref="W9")
    test = visit("sys_finance")
    give_reason(test)
    with office.work(finance(office)) as work:
        ignore_transfer(work, number, reason="it is a mistake of the bank")
    press(test, f"assign-{number}")
    shown = words(test)
    assert "Somebody else has already decided this transfer" in shown
    assert "it is a mistake of the bank" in shown
    assert f"undo-{number}" in buttons(test)
    assert paid(office, invoice) == 0


def test_another_suggestion_is_chosen_and_a_paid_one_cannot_be_assigned(
    office: Office, visit: Visit
) -> None:
    first, invoice = certain_one(office, "Alphawerk")
    again = waiting(office, 10_000, "ALPHAWERK", text=f"Invoice {invoice.number}", bank_ref="W2")
    with office.work(finance(office)) as work:
        assign_transfer(work, first, (Share(invoice.id),), reason=WHY)
    other = an_invoice(office, named_tenant(office, "Alphawerk Nord GmbH"), 10_000)
    test = visit("sys_finance")
    offers = row_of(office, again).proposals
    assert not offers[0].payable
    assert test.button(key=f"assign-{again}").disabled
    assert "already paid" in words(test)
    place = next(at for at, each in enumerate(offers) if each.invoices[0].id == other.id)
    press(test, f"choose-{again}-{place}")
    give_reason(test)
    press(test, f"assign-{again}")
    assert paid(office, other) == 10_000


def test_ignored_ones_are_listed_with_their_reason_and_undone(
    office: Office, visit: Visit, clock: SetClock
) -> None:
    number = waiting(office, 777, "NOBODY", bank_ref="W9")
    test = visit("sys_finance")
    give_reason(test, "money of another company")
    press(test, f"ignore-{number}")
    assert "come here with the bank’s next file" in words(test)
    clock.advance(timedelta(seconds=2))
    test = visit("sys_finance", status="ignored")
    assert "money of another company" in words(test)
    give_reason(test)
    press(test, f"undo-{number}")
    assert row_of(office, number).status == "open"
    assert "Open 1" in str(test.button_group)


def test_a_declined_tenant_counts_for_less_and_no_money_moves(office: Office, visit: Visit) -> None:
    number, invoice = certain_one(office, "Alphawerk")
    test = visit("sys_finance")
    press(test, f"decline-{number}")
    assert not test.exception
    assert events(office, "bank.suggestion.declined")[0]["unmatched_id"] == number
    assert paid(office, invoice) == 0
    assert f"transfer {number}" in words(test)


def test_own_amounts_for_several_invoices_leave_the_rest_as_credit(
    office: Office, visit: Visit
) -> None:
    tenant = named_tenant(office, "Alphawerk GmbH")
    one, two = (an_invoice(office, tenant, 10_000) for _ in range(2))
    number = waiting(office, 25_000, "ALPHAWERK", text="two of them", bank_ref="W1")
    test = visit("sys_finance", do=f"split-transfer:{number}")
    give_reason(test)
    test.selectbox(key="split-transfer-tenant").set_value(str(tenant.id)).run()
    test.text_input(key=f"split-transfer-part-{one.id}").set_value("100").run()
    test.text_input(key=f"split-transfer-part-{two.id}").set_value("80").run()
    assert not test.exception
    assert "EUR 70.00 pays no invoice and stays as the customer&#x27;s credit" in words(test)
    assert "Partly paid" in words(test)
    press(test, "confirm-do")
    (told,) = [toast.value for toast in test.toast]
    assert told.startswith("EUR 250.00 is on ")
    assert str(one.number) in told
    assert str(two.number) in told
    assert (paid(office, one), paid(office, two)) == (10_000, 8_000)
    assert row_of(office, number).status == "assigned"
    assert events(office, "bank.transfer.assigned")[0]["reason"] == WHY
    assert wrong_books(office) == []


def test_one_transfer_is_split_over_several_tenants(office: Office, visit: Visit) -> None:
    one = an_invoice(office, named_tenant(office, "Zander Papier GmbH"), 10_000)
    two = an_invoice(office, named_tenant(office, "Zander Druck GmbH"), 20_000)
    number = waiting(office, 31_000, "ZANDER HOLDING", bank_ref="W1")
    test = visit("sys_finance", do=f"split-transfer:{number}")
    named = test.text_input(key="split-transfer-number")
    named.set_value(f"{one.number}, {two.number}").run()
    test.selectbox(key="split-transfer-tenant").set_value("").run()
    labels = [field.label for field in test.text_input]
    assert any(label.startswith(f"Zander Druck GmbH: {two.number}") for label in labels)
    test.text_input(key=f"split-transfer-part-{one.id}").set_value("100").run()
    test.text_input(key=f"split-transfer-part-{two.id}").set_value("200").run()
    assert "EUR 10.00 pays no invoice and stays as Zander Papier GmbH&#x27;s credit" in words(test)
    confirm(test)
    assert not test.exception
    assert (paid(office, one), paid(office, two)) == (10_000, 20_000)
    shown = words(visit("cfo", status="assigned", row=str(number)))
    for part in ("Zander Papier GmbH", "EUR 110.00", "Zander Druck GmbH", "EUR 200.00"):
        assert part in shown
    assert wrong_books(office) == []


def test_invoices_of_several_tenants_that_a_transfer_names_stand_in_the_dialog(
    office: Office, visit: Visit
) -> None:
    one = an_invoice(office, named_tenant(office, "Zander Papier GmbH"), 10_000)
    two = an_invoice(office, named_tenant(office, "Quarz Optik GmbH"), 20_000)
    number = waiting(
        office, 30_000, "SAMMEL HOLDING", text=f"{one.number} {two.number}", bank_ref="W1"
    )
    test = visit("sys_finance", do=f"split-transfer:{number}")
    assert not test.exception
    filled = {field.label.partition(",")[0]: field.value for field in test.text_input}
    assert filled[f"Zander Papier GmbH: {one.number}"] == "100.00"
    assert filled[f"Quarz Optik GmbH: {two.number}"] == "200.00"
    confirm(test)
    assert (paid(office, one), paid(office, two)) == (10_000, 20_000)
    assert wrong_books(office) == []


def test_automatic_postings_are_listed_by_themselves_and_several_are_undone(
    office: Office, visit: Visit
) -> None:
    made = [certain_one(office, name) for name in ("Alphawerk", "Betakontor", "Gammabau")]
    assert "Posted automatically" not in str(visit("cfo").button_group)
    for number, invoice in made:
        with office.work(JOB) as work:
            auto_assign_transfer(work, number, (invoice.id,))
    waiting(office, 777, "NOBODY", bank_ref="W9")
    test = visit("sys_finance", status="automatic")
    assert "Posted automatically 3" in str(test.button_group)
    assert "NOBODY" not in words(test)
    give_reason(test)
    press(test, "undo-automatic-all")
    press(test, "confirm-do")
    assert "Tick one transfer at least" in words(test)
    for number, _ in made[:2]:
        test.checkbox(key=f"undo-picked-{number}").check().run()
    press(test, "confirm-do")
    assert not test.exception
    assert [paid(office, invoice) for _, invoice in made] == [0, 0, 10_000]
    assert "2 transfers are undone" in words(test)
    assert len(events(office, "bank.transfer.undone")) == 2


def test_an_invoice_is_found_by_its_number_for_a_payer_nobody_knows(
    office: Office, visit: Visit
) -> None:
    invoice = an_invoice(office, named_tenant(office, "Zander Papier GmbH"), 10_000)
    number = waiting(office, 4_000, "OMEGA TREUHAND", bank_ref="W1")
    test = visit("sys_finance", do=f"split-transfer:{number}")
    test.text_input(key="split-transfer-number").set_value(str(invoice.number)).run()
    test.text_input(key=f"split-transfer-part-{invoice.id}").set_value("40").run()
    confirm(test)
    assert paid(office, invoice) == 4_000


def test_the_certain_ones_are_assigned_after_a_summary_and_refusals_are_told(
    office: Office, visit: Visit
) -> None:
    first, one = certain_one(office, "Alphawerk")
    second, two = certain_one(office, "Betakontor", 20_000)
    waiting(office, 777, "NOBODY", bank_ref="W9")
    test = visit("sys_finance")
    assert label(test, "assign-certain-all") == "Assign all 2 certain ones…"
    give_reason(test)
    press(test, "assign-certain-all")
    shown = words(test)
    assert "2 transfers, EUR 300.00." in shown
    assert str(two.number) in shown
    with office.work(finance(office)) as work:
        ignore_transfer(work, second, reason=WHY)
    press(test, "confirm-do")
    assert not test.exception
    shown = words(test)
    assert "1 transfer is assigned" in shown
    assert "EUR 200.00 from BETAKONTOR was left: Somebody else has already decided" in shown
    assert (paid(office, one), paid(office, two)) == (10_000, 0)
    assert test.button(key="undo-last-0").disabled
    assert row_of(office, first).status == "assigned"


def test_filters_stand_in_the_address_and_an_unknown_transfer_is_told(
    office: Office, visit: Visit
) -> None:
    number, _ = certain_one(office, "Alphawerk")
    waiting(office, 777, "NOBODY", bank_ref="W9")
    shown = words(visit("cfo", text="nobody"))
    assert "1 of 1" in shown
    assert "ALPHAWERK" not in shown
    assert "Clear a filter" in words(visit("cfo", currency="SEK"))
    assert "There is no unmatched transfer 999" in words(visit("cfo", row="999"))
    assert f"transfer {number}" in words(visit("cfo", row=str(number), status="ignored"))


def test_next_and_previous_turn_pages(
    office: Office, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unmatched_queue, "ROWS", 2)
    numbers = [waiting(office, 100 + n, "NOBODY", bank_ref=f"W{n}") for n in range(3)]
    test = visit("cfo", sort="age")
    press(test, "step-Next")
    assert "2 of 3" in words(test)
    press(test, "step-Next")
    assert "3 of 3" in words(test)
    assert f"transfer {numbers[2]}" in words(test)
    assert test.button(key="step-Next").disabled
    press(test, "step-Previous")
    assert f"transfer {numbers[1]}" in words(test)


def test_what_agrees_is_marked_and_the_rest_says_how_far_apart_it_is(office: Office) -> None:
    number, invoice = certain_one(office, "Alphawerk")
    other = waiting(office, 9_500, "ALPHAWERK", text=f"{invoice.number}", bank_ref="W2")
    near, far = row_of(office, number), row_of(office, other)
    assert near.best is not None
    assert far.best is not None
    assert [side.agrees for side in unmatched_sides.sides(near, near.best)][:3] == [True] * 3
    amount, reference, payer, _ = unmatched_sides.sides(far, far.best)
    assert (amount.agrees, amount.aside) == (False, "EUR 5.00 less came")
    assert reference.agrees
    assert payer.agrees
