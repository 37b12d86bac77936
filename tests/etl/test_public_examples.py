"""Examples that others published, built as books and asked of the copy; each names its source.

Amounts are in units of the source's currency, taken as EUR.
"""

from datetime import date
from fractions import Fraction
from typing import Any

from core.settings import Settings
from etl import figures
from etl.days import next_month
from etl.figures.values import decimal_text
from tests.etl.books import Books

MARCH = date(2026, 3, 1)


def of_march(books: Books, settings: Settings) -> dict[str, Any]:
    [month] = figures.metrics(books.published(settings), MARCH)["months"]
    return month


def paying(books: Books, *changes: tuple[str, int]) -> None:
    """A tenant whose one subscription is worth so many units from each day on; 0 is its end."""
    tenant = books.tenant(f"t{len(books.rows['tenant'])}")
    books.subscription(
        tenant,
        *((on, "active" if units else "cancelled", units * 100) for on, units in changes),
    )


def test_retention_of_a_hundred_subscribers(settings: Settings) -> None:
    """llamafinancial.com/blog/net-revenue-retention: 100 at 50, 25 join, 5 go to 100, 2 to 10, 5
    leave. The source counts the new ones in; retention proper is (5,000 + 250 − 80 − 250) / 5,000,
    and gross retention (5,000 − 80 − 250) / 5,000.
    """
    books = Books()
    for number in range(100):
        after = 100 if number < 5 else 10 if number < 7 else 0 if number < 12 else 50
        paying(books, ("2026-01-10", 50), *([("2026-03-10", after)] if after != 50 else []))
    for _ in range(25):
        paying(books, ("2026-03-12", 50))
    month = of_march(books, settings)
    assert (month["nrr"], month["grr"]) == ("0.9840", "0.9340")
    assert month["quick_ratio"] == decimal_text(Fraction(1250 + 250, 80 + 250))
    assert month["customers"] == 120


def test_net_retention_of_111_percent(settings: Settings) -> None:
    """churnzero.net/churnopedia/net-revenue-retention: 27,000 at the start, 35,000 after upsells,
    5,000 lost: 30,000 / 27,000 = 111 %.
    """
    books = Books()
    paying(books, ("2026-01-10", 22_000), ("2026-03-05", 30_000))
    paying(books, ("2026-01-10", 5_000), ("2026-03-20", 0))
    assert of_march(books, settings)["nrr"] == "1.1111"


def test_quick_ratio_of_three_and_a_half(settings: Settings) -> None:
    """pitchkit.net/resources/glossary/quick-ratio: new 20, expansion 8, churn 5, contraction 3
    (thousands): 28 / 8 = 3.5.
    """
    books = Books()
    paying(books, ("2026-03-03", 20_000))
    paying(books, ("2026-01-10", 10_000), ("2026-03-04", 18_000))
    paying(books, ("2026-01-10", 5_000), ("2026-03-05", 0))
    paying(books, ("2026-01-10", 9_000), ("2026-03-06", 6_000))
    assert of_march(books, settings)["quick_ratio"] == "3.5000"


def test_acquisition_cost_and_lifetime_value(settings: Settings) -> None:
    """The metric templates at unleashed-lasagna-c98.notion.site: 50,000 of sales and marketing over
    25 new customers is 2,000; 500 a month at 80 % margin and 5 % churn is worth 8,000.
    """
    books = Books()
    for number in range(20):
        end = [("2026-03-15", 0)] if number == 0 else []
        paying(books, ("2026-02-10", 500), *end)
    for _ in range(25):
        paying(books, ("2026-03-10", 500))
    books.invoice(1, "2026-03-01", ("pro", 1_000_000))
    books.cost("2026-03-01", "sales_marketing", 5_000_000)
    books.cost("2026-03-01", "cost_of_revenue", 200_000)
    month = of_march(books, settings)
    assert month["cac"]["minor"] == 200_000
    assert month["ltv"]["minor"] == 800_000
    assert month["ltv_cac"] == "4.0000"


def test_runway_of_five_months(settings: Settings) -> None:
    """The common burn-rate example (cash of 250,000, burning 50,000 a month: five months), as told
    at userjot.com/tools/cash-runway-estimator with costs of 70,000 and income of 20,000.
    """
    books = Books()
    tenant = books.tenant("payer")
    for month in ("2026-01", "2026-02", "2026-03"):
        books.cost(f"{month}-01", "salaries", 7_000_000)
        books.payment(tenant, f"{month}-15", 2_000_000)
    books.cash("2026-03-31", "main", 25_000_000)
    assert of_march(books, settings)["runway_months"] == "5.0000"


def test_days_of_sales_counted_back(settings: Settings) -> None:
    """support.benjipays.com, "the count-back method": sales of 70,000, 80,000 and 100,000,
    receivables of 212,000. The source takes 30 days a month and gets 73.7; by the calendar it is
    30 (June) + 31 (May) + 30 × 32 / 70 (April) = 74.7.
    """
    books = Books()
    tenant = books.tenant("buyer")
    for month, units in (("04", 70_000), ("05", 80_000), ("06", 100_000)):
        number = books.invoice(
            tenant, f"2026-{month}-10", (None, units * 100), due_on=f"2026-{month}-28"
        )
        if month == "04":
            books.payment(tenant, "2026-06-15", 3_800_000, number)
    found = figures.ar_ageing(books.published(settings), date(2026, 6, 30))
    assert found["total"]["minor"] == 21_200_000
    assert found["dso"]["count_back"] == decimal_text(30 + 31 + Fraction(30 * 32, 70))


def test_simple_days_of_sales(settings: Settings) -> None:
    """trymesha.com, "the 2 DSO formulas": receivables of 150,000 on 1,800,000 a year of 365 days
    are 30.4 days; over our 90 days the sales are 443,835.62 and the answer is the same.
    """
    books = Books()
    tenant = books.tenant("buyer")
    sales = 1_800_000_00 * 90 // 365
    number = books.invoice(tenant, "2026-05-10", (None, sales), due_on="2026-06-10")
    books.payment(tenant, "2026-06-15", sales - 15_000_000, number)
    found = figures.ar_ageing(books.published(settings), date(2026, 6, 30))
    assert abs(Fraction(found["dso"]["simple"]) - Fraction(365, 12)) < Fraction(1, 1000)


def test_cohorts_of_twenty_two_customers(settings: Settings) -> None:
    """dataresearchanalysiscollection.com/cohort-retention-curve-tutorial: the months in which 22
    customers joined and were last active; whoever left pays nothing from the next month on.
    """
    joined_and_last = {
        "2025-10": ("2026-01", None, "2025-11", None, "2026-02"),
        "2025-11": (None, "2025-12", None, None),
        "2025-12": (None, "2026-02", None, None),
        "2026-01": (None, None, "2026-02", None),
        "2026-02": (None, None),
        "2026-03": (None, None),
        "2026-04": (None,),
    }
    books = Books()
    for joined, lasts in joined_and_last.items():
        for last in lasts:
            gone = next_month(date.fromisoformat(f"{last}-01")) if last else None
            paying(books, (f"{joined}-05", 50), *([(f"{gone}", 0)] if gone else []))
    found = figures.cohorts(
        books.published(settings), date(2025, 10, 1), date(2026, 4, 1), as_of=date(2026, 4, 30)
    )
    assert {each["cohort"]: each["retained"] for each in found["cohorts"]} == {
        "2025-10": [5, 5, 4, 4, 3, 2, 2],
        "2025-11": [4, 4, 3, 3, 3, 3],
        "2025-12": [4, 4, 4, 3, 3],
        "2026-01": [4, 4, 3, 3],
        "2026-02": [2, 2, 2],
        "2026-03": [2, 2],
        "2026-04": [1],
    }
