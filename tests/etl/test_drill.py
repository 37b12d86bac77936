"""The rows behind every figure sum to it, in all, by group, in any currency and as of any day."""

from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from core.errors import BadInput
from core.settings import Settings
from etl import figures
from etl.figures.drill import PARTS
from etl.figures.values import decimal_text
from etl.warehouse import Warehouse
from tests.etl.books import NOW
from tests.etl.busy import VIEWS, busy_books

MARCH = date(2026, 3, 1)
COLUMNS = [
    "month",
    "part",
    "tenant",
    "tenant_name",
    "plan",
    "plan_name",
    "country",
    "day",
    "kind",
    "document",
    "native_minor",
    "currency",
    "value",
]
QUOTIENTS = {
    "arpa": ("mrr", "customers"),
    "logo_churn": ("lost", "at_start"),
    "nrr": ("cohort_end", "cohort_start"),
    "grr": ("kept", "cohort_start"),
    "quick_ratio": ("gained", "lost"),
    "cac": ("sales_marketing", "new_customers"),
}
SUMS = sorted(set(PARTS) - set(QUOTIENTS) - {"ltv", "ltv_cac", "runway_months"})


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    home = tmp_path_factory.mktemp("home")
    return busy_books().published(Settings(_env_file=None, SALDO_HOME=home), NOW)


def minor(figure: Any) -> int:
    return int(figure["minor"] if isinstance(figure, dict) else figure)


def value(rows: pl.DataFrame, *parts: str) -> int:
    return int(rows.filter(pl.col("part").is_in(parts))["value"].sum())


@pytest.mark.parametrize("view", VIEWS, ids=str)
@pytest.mark.parametrize("figure", SUMS)
def test_rows_sum_to_the_figure(wh: Warehouse, figure: str, view: dict[str, Any]) -> None:
    rows, total = figures.drill(wh, figure, MARCH, **view)
    assert rows.columns == COLUMNS
    assert rows["value"].sum() == minor(total)


@pytest.mark.parametrize("by", ["plan", "country", "tenant"])
@pytest.mark.parametrize("figure", SUMS)
def test_rows_of_a_group_sum_to_the_group(wh: Warehouse, figure: str, by: Any) -> None:
    groups = {
        *figures.metrics(wh, MARCH, by=by)["months"][0]["groups"],
        *figures.movements(wh, MARCH, MARCH, group_by=by)[0]["groups"],
    }
    assert len(groups) >= 3
    for group in groups:
        rows, total = figures.drill(wh, figure, MARCH, by=by, group=group)
        assert rows["value"].sum() == (0 if total is None else minor(total)), group


@pytest.mark.parametrize("figure", sorted(QUOTIENTS))
def test_parts_divide_to_the_figure(wh: Warehouse, figure: str) -> None:
    above, below = QUOTIENTS[figure]
    for view in VIEWS:
        rows, total = figures.drill(wh, figure, MARCH, **view)
        if total is None:
            assert value(rows, below) == 0
            continue
        exact = abs(Fraction(value(rows, above), value(rows, below)))
        if isinstance(total, dict):
            assert abs(exact - total["minor"]) <= Fraction(1, 2)
        else:
            assert decimal_text(exact) == total


def test_rows_behind_lifetime_value_and_runway_give_them(wh: Warehouse) -> None:
    rows, total = figures.drill(wh, "ltv", MARCH)
    churn = Fraction(value(rows, "lost"), value(rows, "at_start"))
    margin = Fraction(value(rows, "gross_revenue", "cost_of_revenue"), value(rows, "gross_revenue"))
    exact = Fraction(value(rows, "mrr"), value(rows, "customers")) * margin / churn
    assert abs(exact - total["minor"]) <= Fraction(1, 2)
    rows, total = figures.drill(wh, "runway_months", MARCH)
    # February and March are the months with money in them.
    burn = Fraction(-value(rows, "burn"), 2)
    assert decimal_text(value(rows, "cash") / burn) == total


def test_receivables_are_the_open_invoices(wh: Warehouse) -> None:
    rows, total = figures.drill(wh, "receivables", MARCH)
    assert rows.columns == COLUMNS
    assert rows["value"].sum() == total["minor"] > 0
    by_tenant = figures.receivables_by_tenant(wh, date(2026, 3, 31))
    assert by_tenant["total"].sum() == total["minor"]


def test_unknown_figure_and_month_are_refused(wh: Warehouse) -> None:
    with pytest.raises(BadInput):
        figures.drill(wh, "happiness", MARCH)
    with pytest.raises(BadInput):
        figures.drill(wh, "mrr", MARCH, as_of=date(2026, 2, 28))
    with pytest.raises(BadInput):
        figures.drill(wh, "mrr", MARCH, currency="XTS")


def test_rows_have_the_plans_key_and_its_name(wh: Warehouse) -> None:
    rows, _ = figures.drill(wh, "mrr", MARCH)
    named = dict(rows.select("plan", "plan_name").iter_rows())
    assert len(named) > 1
    assert named == {slug: slug.title() for slug in named}
    assert named == {
        slug: name for slug, name in wh.reading().ask("plan_names").iter_rows() if slug in named
    }
