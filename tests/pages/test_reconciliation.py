"""The reconciliation page: badges, both values, actions, and states instead of zeros."""

from datetime import timedelta

import pytest

from core.clock import SetClock
from core.reconciliation import history
from core.reconciliation.run import run_reconcile
from core.reconciliation.viewing import forget
from core.settings import Settings
from core.work import Office
from tests.billing import JOB
from tests.pages.administering import Visit, confirm, events, press, visitor, words
from tests.reconciliation import TODAY, a_line, began, paid, pulled


@pytest.fixture
def settings(settings: Settings) -> Settings:
    forget()
    return settings.model_copy(update={"gateway_simulator": True})


@pytest.fixture
def page(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "receivables/reconciliation.py")


def test_agreement_is_green_and_what_was_never_read_has_its_own_state(
    office: Office, page: Visit
) -> None:
    paid(office)
    pulled(office, a_line())
    drawn = page("cfo")
    assert not drawn.exception
    shown = words(drawn)
    assert '<span class="badge good">Agrees</span>' in shown
    assert "to compare; Paystack not read, PayPal not read, Bankgirot not connected." in shown
    assert "Books and gateways tell the same" in words(page("cfo", provider="stripe"))
    assert shown.count("Not read<") == 2
    assert "No file of Bankgirot is of" in shown


def test_differences_show_both_values_and_drift_is_red(office: Office, page: Visit) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    shown = words(page("cfo"))
    assert "Amount EUR 90.00 there, EUR 100.00 here" in shown
    assert '<span class="badge bad">Drift</span>' in shown
    assert "Decide" not in shown
    assert "Book it" not in shown, "the CFO reads"


def test_lines_that_net_to_nothing_are_not_green(office: Office, page: Visit) -> None:
    for number in ("ch_1", "ch_2"):
        paid(office, number)
    pulled(office, a_line("ch_1", 10_500), a_line("ch_2", 9_500))
    shown = words(page("cfo"))
    assert "To look at</span>" in shown
    assert '<span class="badge good">Agrees</span>' not in shown


def test_finance_posts_a_fee_in_a_dialog_that_shows_the_posting(
    office: Office, page: Visit
) -> None:
    paid(office, fee_minor=175)
    pulled(office, a_line(fee_minor=200))
    drawn = page("sys_finance", provider="stripe", do="rec-fee:stripe|0|charge|-25|0|ch_1")
    assert "Payment gateway fees" in words(drawn)
    confirm(drawn)
    assert "Books and gateways tell the same" in words(drawn)
    (told,) = events(office, "reconciliation.fee.posted")
    assert told["difference_minor"] == -25


def test_several_are_ignored_together_and_one_is_taken_up_again(
    office: Office, page: Visit
) -> None:
    for number in ("ch_1", "ch_2"):
        paid(office, number)
    pulled(office, a_line("ch_1", 9_000), a_line("ch_2", 11_000))
    drawn = page("sys_finance")
    press(drawn, "rec-ignores-ignored")
    confirm(drawn)
    shown = words(drawn)
    assert shown.count("Ignored: ") == 2
    assert "Take up" in shown
    assert len(events(office, "reconciliation.difference.ignored")) == 2


def test_a_filter_narrows_the_rows(office: Office, page: Visit) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    shown = words(page("cfo", **{"class": "fee"}))
    assert "No difference of the kind “Fee” in these days." in shown


def test_the_provider_asked_for_alone_says_why_there_is_nothing(page: Visit) -> None:
    assert "Not connected" in words(page("cfo", provider="bankgirot"))
    assert "saldo run reconcile" in words(page("cfo", provider="stripe"))


def test_the_history_is_drawn_once_days_are_kept(
    office: Office, clock: SetClock, page: Visit
) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    run_reconcile(office, dry_run=True)
    assert "Drift day by day" not in words(page("cfo"))
    clock.advance(timedelta(minutes=1))
    paid(office, "ch_2")
    pulled(office, a_line(amount_minor=9_000), a_line("ch_2"))
    with office.work(JOB) as work:
        history.note_day(work, work.today, history.clearing(work, work.today).totals)
    assert "Drift day by day" in words(page("cfo"))


def test_finance_has_the_gateways_read_from_the_page(office: Office, page: Visit) -> None:
    paid(office)
    pulled(office, a_line())
    test = page("sys_finance", provider="paypal")
    assert "Not read" in words(test)
    press(test, "refresh-reconcile")
    confirm(test)
    assert not test.exception
    assert events(office, "books.refresh_asked")[0]["job"] == "reconcile"
    assert "refresh-reconcile" not in {button.key for button in page("cfo").button}


def test_days_that_were_not_read_are_no_good_news(
    office: Office, page: Visit, clock: SetClock
) -> None:
    clock.move_to(clock.now() - timedelta(days=4))
    paid(office, "ch_0")
    clock.move_to(clock.now() + timedelta(days=4))
    first = TODAY - timedelta(days=2)
    began(office, "stripe", first)
    pulled(office)
    early = {"from": "2026-11-10", "until": str(first - timedelta(days=1))}
    shown = words(page("cfo", **early))
    assert "are not compared" in shown
    assert "Books and gateways tell the same" not in shown
    partly = words(page("cfo", **{"from": "2026-11-10", "until": str(TODAY)}, provider="stripe"))
    assert '<span class="badge warn">Read in part</span>' in partly
    assert "Stripe: Its ledger was read from" in partly
