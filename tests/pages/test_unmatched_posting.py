"""Automatic posting as a page, and payments of the bank's files that are taken back (UNM.3–4)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.clock import SetClock
from core.inbox import choosing, learning, trial
from core.inbox.deciding import Share, assign_transfer, ignore_transfer
from core.inbox.listing import origin_of, unmatched
from core.inbox.replaying import Replayed, replayed
from core.inbox.running import run_auto_assign
from core.inbox.trial import try_auto_assign
from core.invoices.models import Invoice
from core.matching import calibration
from core.payments.models import Payment
from core.work import Office
from pages.receivables import auto_assign_parts
from tests.billing import JOB, WHY, a_charge, a_tenant, a_transfer, an_invoice, wrong_books
from tests.inbox import finance, named_tenant, waiting
from tests.pages.administering import Visit, confirm, events, press, visitor, words

NAMES = ("Nordwind Logistik", "Betakontor", "Zander Papier", "Quarz Optik")
PARTS = (
    "pages.admin.receipts",
    "pages.receivables.auto_assign_asks",
    "pages.receivables.auto_assign_parts",
)
PAYMENT_PARTS = (
    "pages.admin.receipts",
    "pages.receivables.asking",
    "pages.receivables.invoice_asks",
    "pages.receivables.payment_asks",
    "pages.receivables.refund_ask",
)


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page of automatic posting as a new person; two decisions judge a trial."""
    for module in (choosing, auto_assign_parts):
        monkeypatch.setattr(module, "FEWEST_PROPOSED", 2)
    return visitor(office, monkeypatch, "receivables/auto_assign.py", *PARTS)


@pytest.fixture
def payment_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page of a payment."""
    return visitor(office, monkeypatch, "receivables/payment.py", *PAYMENT_PARTS)


def decided(office: Office, clock: SetClock, n: int, *, rightly: bool = True) -> int:
    """A transfer that named an invoice, and what a person made of it."""
    tenant = named_tenant(office, f"{NAMES[n]} GmbH")
    invoice = an_invoice(office, tenant, 10_000 + n)
    number = waiting(
        office, 10_000 + n, NAMES[n].upper(), text=f"{invoice.number}", bank_ref=f"W{n}"
    )
    clock.advance(timedelta(minutes=1))
    with office.work(finance(office)) as work:
        if rightly:
            assign_transfer(work, number, (Share(invoice.id),), reason=WHY)
        else:
            ignore_transfer(work, number, reason="it is another company's money")
    clock.advance(timedelta(minutes=1))
    return number


def by_reference(office: Office) -> tuple[Invoice, int]:
    """An invoice that a transfer paid by its reference, and the payment's id."""
    invoice = an_invoice(office, a_tenant(office), 10_000)
    a_transfer(office, 10_000, str(invoice.ocr))
    with office.work(JOB) as work:
        found = work.session.scalars(select(Payment)).one()
    return invoice, found.id


def tried(test: AppTest) -> AppTest:
    press(test, "try")
    assert not test.exception
    return test


def test_it_is_off_until_a_trial_was_good_and_says_so(office: Office, visit: Visit) -> None:
    shown = words(visit("sys_finance"))
    assert "Every transfer waits for a person" in shown
    test = tried(visit("sys_finance"))
    assert "Nobody decided a transfer in these months" in words(test)
    assert "It cannot be switched on with this" in words(test)
    assert not [button for button in test.button if str(button.key).startswith("auto-on")]


def test_a_good_trial_lets_it_be_switched_on_and_off(
    office: Office, visit: Visit, clock: SetClock
) -> None:
    for n in range(3):
        decided(office, clock, n)
    test = tried(visit("sys_finance", months="3"))
    shown = words(test)
    assert "None would have gone elsewhere" in shown
    assert "November 2026" in shown
    assert "100.0%" in shown
    door = next(str(b.key) for b in test.button if str(b.key).startswith("auto-on"))
    press(test, door)
    assert "at least 98.0% likely" in words(test)
    confirm(test)
    assert not test.exception
    assert ">On</span>" in words(test)
    assert events(office, "bank.auto_assign.switched_on")[0]["reason"] == WHY
    test = visit("sys_finance")
    press(test, "auto-off-now")
    confirm(test)
    assert ">Off</span>" in words(test)
    assert events(office, "bank.auto_assign.switched_off")[0]["reason"] == WHY


def test_a_trial_plays_the_past_once(
    office: Office, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[object] = []

    def counted(*asked: object) -> Iterator[Replayed]:
        played.append(asked)
        return replayed(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(trial, "replayed", counted)
    tried(visit("sys_finance"))
    assert len(played) == 1


def test_what_would_have_gone_elsewhere_is_shown_with_both_sides(
    office: Office, visit: Visit, clock: SetClock
) -> None:
    decided(office, clock, 0)
    wrong = decided(office, clock, 1, rightly=False)
    test = tried(visit("sys_finance", months="12", least="0.99"))
    shown = words(test)
    assert f'href="/unmatched?status=ignored&amp;row={wrong}"' in shown
    assert "another company" in shown
    assert "SAAS-INV-2026-00002" in shown
    assert "50.0%" in shown
    assert "right in 1 of 2 transfers" in shown


def test_the_last_trial_stands_on_the_page_when_it_is_opened_again(
    office: Office, visit: Visit, clock: SetClock
) -> None:
    decided(office, clock, 0)
    with office.work(finance(office)) as work:
        try_auto_assign(work)
    shown = words(visit("sys_finance"))
    assert "Last tried on" in shown
    assert "1 transfers; 2 are needed" in shown


def test_only_finance_opens_the_page(visit: Visit) -> None:
    for role in ("cfo", "billing"):
        assert visit(role).exception


def test_what_was_posted_without_a_person_is_marked_in_the_inbox(
    office: Office, visit: Visit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(2):
        decided(office, clock, n)
    invoice = an_invoice(office, named_tenant(office, "Mohn Feinkost GmbH"), 7_000)
    number = waiting(office, 7_000, "MOHN FEINKOST", text=f"{invoice.number}", bank_ref="W8")
    with office.work(finance(office)) as work:
        kept = try_auto_assign(work).trial_id
    with office.work(finance(office)) as work:
        assert kept is not None
        choosing.switch_on(work, kept, reason=WHY)
    assert list(run_auto_assign(office).assigned) == [number]
    names = ("unmatched_desk", "unmatched_asks", "unmatched_files")
    parts = (*(f"pages.receivables.{name}" for name in names), *PARTS)
    inbox = visitor(office, monkeypatch, "receivables/unmatched.py", *parts)
    test = inbox("sys_finance", status="assigned", row=str(number))
    shown = words(test)
    assert "Automatic posting is on" in shown
    assert "Posted automatically" in shown
    assert "<small>automatic</small>" in shown
    test.text_input(key="unmatched-reason").set_value(WHY).run()
    press(test, f"undo-{number}")
    with office.work(JOB) as work:
        assert unmatched(work).by_status == {"open": 1, "assigned": 2}
    assert wrong_books(office) == []


def test_a_payment_matched_by_its_reference_is_taken_back_on_its_page(
    office: Office, payment_page: Visit
) -> None:
    invoice, number = by_reference(office)
    door = f"unassign-{number}"
    assert door not in {str(b.key) for b in payment_page("billing", payment=str(number)).button}
    test = payment_page("sys_finance", payment=str(number))
    press(test, door)
    assert str(invoice.number) in words(test)
    confirm(test)
    assert "EUR 100.00 waits among the unmatched payments" in words(test)
    with office.work(JOB) as work:
        assert work.session.get_one(Invoice, invoice.id).paid_minor == 0
        assert unmatched(work).count == 1
    assert door not in {str(button.key) for button in test.button}
    assert wrong_books(office) == []


def test_a_payment_of_the_inbox_leads_to_its_transfer(
    office: Office, payment_page: Visit, clock: SetClock
) -> None:
    number = decided(office, clock, 0)
    with office.work(JOB) as work:
        paid = work.session.scalars(select(Payment)).one().id
    test = payment_page("sys_finance", payment=str(paid))
    assert f'href="/unmatched?status=assigned&amp;row={number}"' in words(test)
    assert f"unassign-{paid}" not in {str(button.key) for button in test.button}


def test_a_card_payment_came_by_no_transfer(office: Office, payment_page: Visit) -> None:
    charged = a_charge(office, an_invoice(office, a_tenant(office)))
    with office.work(JOB) as work:
        assert origin_of(work, charged.id) is None
    test = payment_page("sys_finance", payment=str(charged.id))
    assert "/unmatched" not in words(test)


def test_learning_says_what_it_would_change_and_then_does(
    office: Office, visit: Visit, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        decided(office, clock, n, rightly=False)
    shown = words(visit("sys_finance", do="learn:now"))
    assert "200 decisions are needed to learn" in shown
    for module in (learning, calibration):
        monkeypatch.setattr(module, "FEWEST_DECISIONS", 3)
    test = visit("sys_finance", do="learn:now")
    assert "Off by, once learnt" in words(test)
    confirm(test, WHY)
    assert "Probabilities follow your decisions" in words(test)
    assert len(events(office, "bank.matching.recalibrated")) == 1
