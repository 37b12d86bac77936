"""Every class of difference, row by row, and the totals above them (REC.1–2)."""

from datetime import date, timedelta

import pytest

from core.clock import SetClock
from core.gateways.models import KINDS
from core.reconciliation.models import SOURCES
from core.reconciliation.rules import (
    PayoutFacts,
    Side,
    bank_days_after,
    find,
    near,
    passes,
    payout_state,
)
from core.work import Office
from tests.billing import pass_days
from tests.reconciliation import a_line, paid, pulled, seen, the_difference

FRIDAY = date(2026, 11, 20)


def later(clock: SetClock) -> None:
    """Until nothing of today is in transit any more, and the gateway was read again."""
    pass_days(clock, 3)


def test_the_same_on_both_sides_is_no_difference(office: Office) -> None:
    paid(office, fee_minor=175)
    pulled(office, a_line(fee_minor=175))
    found = seen(office)
    assert found.differences == ()
    (total,) = found.totals
    assert (total.ledger_minor, total.provider_minor, total.drift_minor) == (9_825, 9_825, 0)
    assert (total.within, total.standing) == (True, "agrees")


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("off", "within"), [(100, True), (101, False)])
def test_exactly_the_tolerance_passes_to_either_side(
    office: Office, off: int, within: bool, sign: int
) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=10_000 + sign * off))
    (total,) = seen(office).totals
    assert (total.drift_minor, total.within) == (sign * off, within)
    assert passes(sign * off) is within
    assert total.standing == ("open" if within else "drift")


def test_five_hundred_more_and_five_hundred_less_both_show(office: Office) -> None:
    for number, there in (("ch_1", 10_500), ("ch_2", 9_500)):
        paid(office, number)
        del there
    pulled(office, a_line("ch_1", 10_500), a_line("ch_2", 9_500))
    found = seen(office)
    assert [each.difference_minor for each in found.differences] == [500, -500]
    (total,) = found.totals
    assert (total.drift_minor, total.within, total.open_rows) == (0, True, 2)
    assert total.standing == "open", "never green while lines differ"


def test_what_the_gateway_has_and_the_books_do_not(office: Office, clock: SetClock) -> None:
    pulled(office, a_line())
    assert the_difference(office).difference == "in_transit"
    later(clock)
    found = the_difference(office)
    assert (found.difference, found.difference_minor, found.age_days) == ("missing_here", 10_000, 3)
    assert (found.ledger_minor, found.provider_minor) == (None, 10_000)
    assert found.open


def test_what_the_books_have_and_the_gateway_does_not(office: Office, clock: SetClock) -> None:
    paid(office)
    pulled(office)
    assert the_difference(office).difference == "in_transit"
    later(clock)
    pulled(office)
    found = the_difference(office)
    assert (found.difference, found.difference_minor) == ("missing_there", -10_000)
    assert (found.ledger_minor, found.provider_minor) == (10_000, None)


def test_nothing_is_missing_there_that_was_not_read_yet(office: Office, clock: SetClock) -> None:
    paid(office, "ch_0")
    pulled(office, a_line("ch_0"))
    clock.advance(timedelta(hours=5))
    paid(office, "ch_late")
    later(clock)
    found = the_difference(office)
    assert (found.reference, found.difference) == ("ch_late", "in_transit")


def test_another_amount_shows_both_values(office: Office) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    found = the_difference(office)
    assert (found.difference, found.ledger_minor, found.provider_minor) == ("amount", 10_000, 9_000)
    assert found.words == "Amount 90.00 EUR there, 100.00 EUR here"


def test_another_fee_shows_both_values(office: Office) -> None:
    paid(office, fee_minor=175)
    pulled(office, a_line(fee_minor=200))
    found = the_difference(office)
    assert (found.difference, found.ledger_fee_minor, found.provider_fee_minor) == ("fee", 175, 200)
    assert found.difference_minor == -25


def test_another_currency_shows_both(office: Office) -> None:
    paid(office)
    pulled(office, a_line(currency="USD"))
    found = the_difference(office)
    assert (found.difference, found.currency, found.their_currency) == ("currency", "EUR", "USD")
    assert {total.currency: total.drift_minor for total in seen(office).totals} == {
        "EUR": -10_000,
        "USD": 10_000,
    }


def test_twice_there_and_once_here_is_a_duplicate(office: Office) -> None:
    paid(office)
    pulled(office, a_line(), a_line(external_id="txn_again"))
    found = the_difference(office)
    assert (found.difference, found.difference_minor) == ("duplicate", 10_000)
    assert found.words == "The payment is there twice and here once"


def test_a_line_on_the_other_side_of_the_windows_edge_is_timing(
    office: Office, clock: SetClock
) -> None:
    pulled(office, a_line(occurred_at=clock.now() - timedelta(hours=2)))
    pass_days(clock, 1)
    paid(office)
    found = seen(office, days=0)
    assert [each.difference for each in found.differences] == ["timing"]
    (total,) = found.totals
    assert (total.in_transit_minor, total.drift_minor, total.standing) == (-10_000, 0, "agrees")


def test_a_payout_is_in_transit_until_three_bank_days_after_its_day() -> None:
    theirs = Side(1, "EUR", -5_000, 0, FRIDAY, -5_000)
    last = bank_days_after(FRIDAY, 3)
    assert last == date(2026, 11, 25)
    on_its_way = find("payout", Side(0), theirs, last, FRIDAY)
    assert (on_its_way.kind, on_its_way.due_on) == ("in_transit", last)
    assert find("payout", Side(0), theirs, last + timedelta(days=1), FRIDAY).kind == "missing_here"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "agrees"),
        ({"lines_minor": 4_999}, "lines_differ"),
        ({"lines_minor": None}, "agrees"),
        ({"lines_minor": 5_001}, "lines_differ"),
        ({"lines_minor": 5_001, "deducts": True}, "deducted"),
        ({"lines_minor": 4_999, "deducts": True}, "lines_differ"),
        ({"status": "failed"}, "failed"),
        ({"bank_on": None}, "not_in_bank"),
        ({"bank_on": None, "ledger_minor": None}, "on_its_way"),
        ({"bank_on": date(2026, 11, 26)}, "bank_far"),
        ({"ledger_minor": None}, "not_posted"),
        ({"ledger_minor": 4_999}, "ledger_differs"),
    ],
)
def test_a_payout_is_the_same_three_ways_or_says_where_it_is_not(
    change: dict[str, object], state: str
) -> None:
    facts = {
        "status": "paid",
        "amount_minor": 5_000,
        "arrives_on": FRIDAY,
        "lines_minor": 5_000,
        "bank_on": FRIDAY,
        "ledger_minor": 5_000,
    }
    assert payout_state(PayoutFacts(**(facts | change)), FRIDAY) == state  # type: ignore[arg-type]


def test_three_bank_days_to_either_side_are_near() -> None:
    assert near(date(2026, 11, 17), FRIDAY)
    assert near(date(2026, 11, 25), FRIDAY)
    assert not near(date(2026, 11, 16), FRIDAY)
    assert not near(date(2026, 11, 26), FRIDAY)


def test_a_payout_that_left_before_the_first_reading_is_timing_for_six_bank_days() -> None:
    ours = Side(1, "EUR", -5_000, 0, FRIDAY, -5_000)
    later = FRIDAY + timedelta(days=30)
    assert find("payout", ours, Side(0), later, read_since=date(2026, 11, 12)).kind == "timing"
    early = date(2026, 11, 11)
    assert find("payout", ours, Side(0), later, read_since=early).kind == "missing_there"
    assert find("charge", ours, Side(0), later, read_since=FRIDAY).kind == "missing_there"


def test_what_was_posted_before_the_first_reading_is_timing() -> None:
    ours = Side(1, "EUR", 5_000, 0, FRIDAY, 5_000)
    later = FRIDAY + timedelta(days=30)
    since = FRIDAY + timedelta(days=1)
    assert find("charge", ours, Side(0), later, read_since=since).kind == "timing"


def test_the_first_pass_tells_every_provider_and_kind_apart() -> None:
    def number(word: str) -> int:
        return ord(word[0]) + 16 * len(word)

    for words in (SOURCES, KINDS):
        numbers = {number(word) for word in words}
        assert len(numbers) == len(words)
        assert max(numbers) < 512


def test_two_kinds_of_one_reference_do_not_hide_each_other(office: Office, clock: SetClock) -> None:
    """A withdrawal and its return add up to nothing, and both are told."""
    pulled(
        office,
        a_line("d1", -5_000, kind="dispute", source_id="PAY-1"),
        a_line("d2", 5_000, kind="dispute_won", source_id="PAY-1"),
    )
    later(clock)
    found = {(each.kind, each.difference) for each in seen(office).differences}
    assert found == {("dispute", "missing_here"), ("dispute_won", "missing_here")}
