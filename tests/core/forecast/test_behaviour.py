"""Behaviour is learnt from what was known, leans on wider groups, and knows what is never paid."""

from datetime import timedelta

import pytest

from core.forecast.behaviour import USUAL, Beliefs
from core.settings import Settings
from tests.core.forecast.bills import TODAY, a_bill, settled
from tests.core.forecast.columns import chances
from tests.core.forecast.slow import Billed, Paid


def in_a_week(bills: list[Billed], asked: Billed, beliefs: Beliefs = USUAL) -> float:
    return chances(bills, asked, beliefs)[0]


def ever(bills: list[Billed], asked: Billed) -> float:
    return chances(bills, asked)[1]


def test_an_invoice_waits_for_the_day_its_customer_pays_on() -> None:
    bills = settled(200, 5)
    assert in_a_week(bills, a_bill(TODAY + timedelta(days=3))) < 0.01
    assert in_a_week(bills, a_bill(TODAY + timedelta(days=2))) > 0.9


def test_how_late_an_invoice_is_already_counts() -> None:
    bills = [*settled(50, 2), *settled(50, 20)]
    assert in_a_week(bills, a_bill(TODAY)) == pytest.approx(0.5, abs=0.05)
    assert in_a_week(bills, a_bill(TODAY - timedelta(days=12))) < 0.02
    assert in_a_week(bills, a_bill(TODAY - timedelta(days=13))) > 0.9


def test_few_invoices_lean_on_the_country_and_a_new_country_on_all() -> None:
    swedish = settled(100, 3, customer="many", country="SE")
    german = settled(100, 14, customer="other", country="DE")
    new_swede = a_bill(TODAY, customer="new", country="SE")
    new_dane = a_bill(TODAY, customer="far", country="DK")
    in_germany = a_bill(TODAY, customer="neu", country="DE")
    known = [*swedish, *german]
    shares = [in_a_week(known, each) for each in (new_swede, new_dane, in_germany)]
    assert shares[0] > 0.85
    assert 0.4 < shares[1] < 0.6
    assert shares[2] < 0.2


def test_what_was_written_off_or_stays_open_is_a_share_never_paid() -> None:
    asked = a_bill(TODAY)
    long_ago = TODAY - timedelta(days=200)
    lost = [a_bill(long_ago, closed_on=long_ago + timedelta(days=60)) for _ in range(10)]
    stuck = [a_bill(long_ago) for _ in range(10)]
    paid = [a_bill(long_ago - timedelta(days=n % 3), 5) for n in range(80)]
    assert ever([*paid, *lost, *stuck, asked], asked) == pytest.approx(0.8, abs=0.02)
    assert ever([*paid, asked], asked) == pytest.approx(1, abs=0.001)


def test_voided_invoices_card_payments_and_credit_tell_nothing() -> None:
    long_ago = TODAY - timedelta(days=100)
    paid = settled(40, 5)
    silent = [
        a_bill(long_ago, closed_on=long_ago, void=True),
        a_bill(long_ago, -30, at_once=True),
        a_bill(long_ago, paid=(Paid(long_ago, 10_000, cash=False),)),
        a_bill(long_ago, minor=0),
        a_bill(TODAY + timedelta(days=31)),
    ]
    asked = a_bill(TODAY)
    assert ever([*paid, *silent], asked) == ever(paid, asked)


def test_what_was_not_known_on_the_day_changes_nothing() -> None:
    past = settled(40, 5)
    open_then = a_bill(TODAY - timedelta(days=3))
    later = a_bill(TODAY - timedelta(days=3), 9, terms=30)
    asked = a_bill(TODAY)
    assert ever([*past, open_then], asked) == ever([*past, later], asked)


def test_recent_invoices_weigh_more() -> None:
    old = [a_bill(TODAY - timedelta(days=USUAL.half_life_days * 2 + 40 + n), 30) for n in range(50)]
    asked = a_bill(TODAY)
    share = in_a_week([*old, *settled(50, 2)], asked)
    assert share == pytest.approx(0.8, abs=0.05)


def test_beliefs_are_settings_and_move_the_share() -> None:
    told = Settings(
        _env_file=None, SALDO_FORECAST_HALF_LIFE_DAYS=9, SALDO_FORECAST_COUNTRY_INVOICES=1_000,
        SALDO_FORECAST_ALL_INVOICES=0, SALDO_FORECAST_LEAST_SETTLED=5,
    )  # fmt: skip
    assert Beliefs.of(told) == Beliefs(9, 1_000, 0, 5)
    assert Beliefs.of(Settings(_env_file=None)) == USUAL
    bills = [*settled(30, 1, customer="own"), *settled(300, 60, customer="other")]
    asked = a_bill(TODAY, customer="own")
    own, country = (
        in_a_week(bills, asked, each) for each in (USUAL, Beliefs(country_invoices=1_000))
    )
    assert own > country
