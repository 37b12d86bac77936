"""Reports as documents say the figures of the same reports, and mark what is not known."""

import re
from datetime import date

import pytest

from core.settings import Settings
from etl import figures
from etl.figures.papers import ageing_paper, cohorts_paper, forecast_paper, movements_paper
from etl.warehouse import Warehouse
from tests.etl.books import Books

TODAY = date(2026, 11, 20)


@pytest.fixture
def wh(settings: Settings) -> Warehouse:
    books = Books()
    books.rate("2025-01-01", "SEK", "0.1")
    ada, bo = books.tenant("ada"), books.tenant("bo", "DE")
    books.subscription(ada, ("2026-08-05", "active", 10_000))
    books.subscription(bo, ("2026-08-07", "active", 5_000), ("2026-10-07", "cancelled", 5_000))
    books.invoice(ada, "2026-09-01", ("pro", 10_000), due_on="2026-09-10")
    books.invoice(bo, "2026-11-10", ("pro", 4_000), due_on="2026-11-30")
    return books.published(settings)


def test_movements_on_paper_are_those_of_the_report(wh: Warehouse) -> None:
    months = figures.movements(wh, date(2026, 10, 1), date(2026, 11, 1))
    paper = movements_paper(months, TODAY)
    october = paper.rows[0]
    assert october == [
        "2026-10",
        "150.00",
        "0.00",
        "0.00",
        "0.00",
        "0.00",
        "50.00",
        "0.00",
        "100.00",
    ]
    grouped = figures.movements(wh, date(2026, 10, 1), date(2026, 10, 1), group_by="tenant")
    assert [row[:2] for row in movements_paper(grouped, TODAY).rows] == [
        ["2026-10", "ada"],
        ["2026-10", "bo"],
    ]


def test_receivables_on_paper_begin_with_their_total(wh: Warehouse) -> None:
    found = figures.ar_ageing(wh, TODAY)
    paper = ageing_paper(found, figures.receivables_by_tenant(wh, TODAY))
    assert paper.rows[0] == ["Total", "40.00", "0.00", "0.00", "100.00", "0.00", "140.00"]
    assert len(paper.rows) == 3
    assert re.search(r"DSO count-back: \d+\.\d days", paper.filters)


def test_cohorts_on_paper_leave_the_month_that_is_not_over_blank(wh: Warehouse) -> None:
    found = figures.cohorts(wh, date(2026, 8, 1), date(2026, 11, 1), TODAY)
    [august] = cohorts_paper(found).rows
    assert august == ["2026-08", "2", "100", "100", "50"]
    ended = figures.cohorts(wh, date(2026, 8, 1), date(2026, 10, 1), date(2026, 10, 31))
    assert cohorts_paper(ended).rows == [august]


def test_the_forecast_on_paper_ends_with_its_sum_and_its_errors(
    wh: Warehouse, settings: Settings
) -> None:
    found = figures.cash_forecast(wh)
    paper = forecast_paper(found)
    [euros] = found["currencies"]
    assert len(paper.rows) == found["weeks"] + 1 + len(euros["back_test"]["scores"])
    assert paper.rows[found["weeks"]][:2] == ["EUR", "Total"]
    assert paper.rows[0][7] == "n/a", "card renewals were not asked for"
    assert paper.pdf(settings).startswith(b"%PDF")
