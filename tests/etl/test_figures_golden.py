"""A dozen hand-made rows with the arithmetic of every figure written out."""

from datetime import date
from typing import Any

import pytest

from core.errors import BadInput
from core.settings import Settings
from etl import figures
from etl.pipeline import sync
from etl.warehouse import Warehouse
from tests.etl.books import NOW, Books

MARCH = date(2026, 3, 1)


@pytest.fixture
def wh(database_url: str, settings: Settings) -> Warehouse:
    """Four tenants of early 2026, through PostgreSQL and a real sync.

    SEK is worth 0.10 EUR until 14 March and 0.08 from then on.
    """
    books = Books()
    books.rate("2026-01-01", "SEK", "0.10")
    books.rate("2026-03-15", "SEK", "0.08")
    ada, bo = books.tenant("ada", "DE"), books.tenant("bo", "SE", "SEK")
    cy, di = books.tenant("cy", None), books.tenant("di", "DE")
    # ada: 120.00 a month, dearer plan on 10 March; a weekly 10.00 on top from 20 March.
    books.subscription(
        ada, ("2026-01-05", "active", 12_000), ("2026-03-10", "active", 20_000, "ent")
    )
    books.subscription(ada, ("2026-03-20", "active", 1_000), plan="lite", cycle="weekly")
    # bo: 12,000.00 SEK a year from January, past due since 1 March.
    books.subscription(
        bo,
        ("2026-01-20", "active", 1_200_000),
        ("2026-03-01", "past_due", 1_200_000),
        cycle="annual",
        currency="SEK",
    )
    # cy: paid 50.00 since February, gone on 5 March; back in April with 60.00.
    books.subscription(cy, ("2026-02-01", "active", 5_000), ("2026-03-05", "cancelled", 5_000))
    books.subscription(cy, ("2026-04-02", "active", 6_000))
    # di: a trial that starts to pay 30.00 on 31 March.
    books.subscription(di, ("2026-03-17", "trial", 3_000), ("2026-03-31", "active", 3_000))
    _documents(books, ada, bo, cy)
    books.into_postgres(database_url)
    sync(settings, database_url, now=NOW)
    return Warehouse(settings)


def _documents(books: Books, ada: int, bo: int, cy: int) -> None:
    paid = books.invoice(
        ada,
        "2026-03-10",
        ("ent", 20_000),
        (None, 500),
        tax_minor=5_125,
        due_on="2026-04-09",
        issuer_type="platform",
    )
    payment = books.payment(ada, "2026-03-20", 25_625, paid, fee_minor=400)
    books.refund(payment, "2026-03-25", 2_500, 500)
    books.invoice(bo, "2026-03-16", ("pro", 10_005), currency="SEK", due_on="2026-03-30")
    books.invoice(cy, "2026-03-01", ("pro", 5_000), due_on="2026-03-01")
    books.invoice(cy, "2026-03-02", ("pro", 9_900), status="cancelled", closed_on=MARCH)
    books.invoice(cy, "2026-03-03", (None, 7_000), type="recharge", due_on="2026-03-31")
    before = books.invoice(
        cy, "2026-02-03", (None, 900), type="recharge", status="paid", paid_minor=900
    )
    books.refund(books.payment(cy, "2026-02-03", 900, before), "2026-03-04", 900, 0)
    books.cost("2026-03-01", "sales_marketing", 30_000)
    books.cost("2026-03-01", "cost_of_revenue", 4_260)
    books.cost("2026-02-01", "salaries", 20_000)
    books.cash("2026-02-28", "bank", 1)
    books.cash("2026-03-31", "bank", 100_000)
    books.cash("2026-03-30", "bank-sek", 50_000, "SEK")


def eur(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "EUR"}


def test_movements_of_march_are_the_hand_made_ones(wh: Warehouse) -> None:
    [march] = figures.movements(wh, MARCH, MARCH)
    # start: ada 12 000 + bo 1 200 000/12 × 0.10 = 10 000 + cy 5 000
    assert march["start"] == eur(27_000)
    # ada on the 10th: +8 000; on the 20th a weekly 1 000 × 52/12 = 4 333.33 → 4 333
    assert march["expansion"] == eur(12_333)
    assert march["new"] == eur(3_000)
    assert march["churn"] == eur(5_000)
    assert march["contraction"] == eur(0)
    assert march["reactivation"] == eur(0)
    # bo: 100 000 öre × (0.08 − 0.10)
    assert march["fx"] == eur(-2_000)
    # 27 000 + 12 333 + 3 000 − 5 000 − 2 000 = 24 333 ada + 8 000 bo + 3 000 di
    assert march["end"] == eur(35_333)
    assert not march["partial"]


def test_a_tenant_that_comes_back_is_a_reactivation(wh: Warehouse) -> None:
    [april] = figures.movements(wh, date(2026, 4, 1), date(2026, 4, 1))
    assert april["reactivation"] == eur(6_000)
    assert april["new"] == eur(0)


def test_figures_of_march_are_the_hand_made_ones(wh: Warehouse) -> None:
    [march] = figures.metrics(wh, MARCH)["months"]
    assert march["mrr"] == eur(35_333)
    assert march["at_risk"] == eur(8_000)
    assert march["arr"] == eur(12 * 35_333)
    assert march["customers"] == 3
    assert march["arpa"] == eur(11_778)  # 35 333 / 3 = 11 777.67
    assert march["logo_churn"] == "0.3333"  # cy of ada, bo, cy
    # at the start's rate ada 24 333 + bo 10 000 + cy 0 of 27 000; capped ada 12 000 + bo 10 000
    assert march["nrr"] == "1.2716"
    assert march["grr"] == "0.8148"
    assert march["quick_ratio"] == "3.0666"  # (3 000 + 12 333) / 5 000
    # 20 500 + 10 005 × 0.08 = 800.4 → 800 + 5 000; void and recharge do not count
    assert march["gross_revenue"] == eur(26_300)
    assert march["platform_fees"] == eur(20_500)
    assert march["net_revenue"] == eur(24_300)  # a refund of 2 500 with 500 tax


def test_company_figures_of_march_are_the_hand_made_ones(wh: Warehouse) -> None:
    [march] = figures.metrics(wh, MARCH)["months"]
    assert march["cac"] == eur(30_000)  # one new customer: di
    # arpa 35 333/3 × margin (26 300 − 4 260)/26 300 ÷ churn 1 of (0 + 2 + 3)
    assert march["ltv"] == eur(49_350)  # 49 349.77
    assert march["ltv_cac"] == "1.6450"
    # cash 100 000 + 50 000 × 0.08 = 104 000; burn of February 20 000 and of March
    # 34 260 − (25 625 − 2 500 − 400) = 11 535; January knows no cost: 31 535 / 2; the recharge
    # of 900 came in February and left in March
    assert march["runway_months"] == "6.5958"
    assert march["runway_note"] is None


def test_undefined_figures_are_none(wh: Warehouse) -> None:
    [january] = figures.metrics(wh, date(2026, 1, 1))["months"]
    for figure in ("logo_churn", "nrr", "grr", "quick_ratio", "ltv", "cac", "ltv_cac"):
        assert january[figure] is None
    assert january["runway_months"] is None
    assert january["runway_note"]


def test_ageing_counts_days_past_the_due_date(wh: Warehouse) -> None:
    ageing = figures.ar_ageing(wh, date(2026, 3, 31))
    # cy 5 000 is 30 days late, bo 10 005 öre × 0.08 one day, the recharge is due today
    assert ageing["buckets"]["1-30"] == eur(5_800)
    assert ageing["buckets"]["current"] == eur(7_000)
    assert ageing["total"] == eur(12_800)
    assert figures.ar_ageing(wh, date(2026, 4, 1))["buckets"]["31-60"] == eur(5_000)
    # March issued 25 625 + 800 + 5 000 + 7 000 = 38 425 and February 900:
    # 12 800 × 90 / 39 325, and 31 × 12 800 / 38 425
    assert ageing["dso"] == {"simple": "29.2943", "count_back": "10.3266"}


def test_an_earlier_day_knows_nothing_of_later_facts(wh: Warehouse) -> None:
    ageing = figures.ar_ageing(wh, date(2026, 3, 19))
    # ada's invoice is open until the 20th; the voided one left on the 1st, before its issue
    assert ageing["total"] == eur(25_625 + 800 + 5_000 + 7_000)
    [march] = figures.metrics(wh, MARCH, as_of=date(2026, 3, 19))["months"]
    assert march["partial"]
    # ada 20 000 + bo 8 000: cy has left, the weekly one and di come later
    assert march["mrr"] == eur(28_000)
    assert march["net_revenue"] == march["gross_revenue"] == eur(26_300)


def test_a_day_late_in_the_month_equals_the_month(wh: Warehouse) -> None:
    last = figures.metrics(wh, MARCH, as_of=date(2026, 3, 31))
    assert last["months"] == figures.metrics(wh, MARCH)["months"]


def test_groups_add_up_to_the_total(wh: Warehouse) -> None:
    for by, lost in (("plan", "pro"), ("country", "unknown"), ("tenant", "cy")):
        [march] = figures.movements(wh, MARCH, MARCH, group_by=by)
        for name in ("start", "new", "expansion", "contraction", "churn", "fx", "end"):
            parts = [group[name]["minor"] for group in march["groups"].values()]
            assert sum(parts) == march[name]["minor"], (by, name)
        assert march["groups"][lost]["churn"] == eur(5_000)
        [shown] = figures.metrics(wh, MARCH, by=by)["months"]
        for name in ("mrr", "at_risk", "gross_revenue", "net_revenue", "platform_fees"):
            parts = [group[name]["minor"] for group in shown["groups"].values()]
            assert sum(parts) == shown[name]["minor"], (by, name)


def test_by_plan_a_change_of_plan_leaves_one_and_enters_the_other(wh: Warehouse) -> None:
    [march] = figures.movements(wh, MARCH, MARCH, group_by="plan")
    assert march["groups"]["pro"]["expansion"] == eur(-12_000)
    assert march["groups"]["ent"]["expansion"] == eur(20_000)
    assert march["groups"]["lite"]["expansion"] == eur(4_333)


def test_cohorts_follow_tenants_from_their_first_payment(wh: Warehouse) -> None:
    answer = figures.cohorts(wh, date(2026, 1, 1), MARCH, as_of=date(2026, 4, 30))
    january, february, march = answer["cohorts"]
    # ada and bo stay; cy leaves in March and is back in April; di has just begun
    assert (january["cohort"], january["size"]) == ("2026-01", 2)
    assert january["retained"] == [2, 2, 2, 2]
    assert february["retained"] == [1, 0, 1]
    assert march["retained"] == [1, 1]
    # ada 12 000, then 24 333; bo 10 000 at 0.10, then 8 000 at 0.08
    assert [m["minor"] for m in january["mrr"]] == [22_000, 22_000, 32_333, 32_333]
    assert [m["minor"] for m in february["mrr"]] == [5_000, 0, 6_000]


def test_day_ahead_of_the_copy_counts_what_is_known_of_it(wh: Warehouse) -> None:
    ahead = figures.metrics(wh, date(2026, 11, 1), as_of=date(2026, 11, 30))["months"][0]
    now = figures.metrics(wh, date(2026, 11, 1))["months"][0]
    assert (now["partial"], ahead["partial"]) == (True, False)
    assert ahead["mrr"] == now["mrr"]
    with pytest.raises(BadInput):
        figures.metrics(wh, date(2026, 12, 1))


def test_groups_and_lengths_nobody_offers_are_refused(wh: Warehouse) -> None:
    for months, by in ((0, None), (1_000, None), (1, "moon")):
        with pytest.raises(BadInput):
            figures.metrics(wh, MARCH, months=months, by=by)
    with pytest.raises(BadInput):
        figures.movements(wh, MARCH, MARCH, group_by="moon")


def test_another_currency_foots_as_well(wh: Warehouse) -> None:
    [march] = figures.movements(wh, MARCH, MARCH, currency="SEK")
    # EUR is worth 10 SEK at the start and 12.5 at the end; bo does not move in its own currency
    assert march["start"]["minor"] == (12_000 + 5_000) * 10 + 100_000
    assert march["end"]["minor"] == 304_163 + 37_500 + 100_000  # ada's 304 162.5 rounds up
    by_tenant = figures.movements(wh, MARCH, MARCH, currency="SEK", group_by="tenant")[0]
    assert by_tenant["groups"]["bo"]["fx"]["minor"] == 0
