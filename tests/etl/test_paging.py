"""What is read page by page is what is read as a whole, and totals are those of all rows."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from core.settings import Settings
from etl import figures, transform
from etl.closing import copied, foreseen
from etl.days import months_back
from etl.figures.drill import NET_NEW
from etl.figures.receivables import BUCKETS
from etl.figures.view import look
from etl.transform import MONTHLY, SORTED, models
from etl.warehouse import Warehouse
from tests.etl.books import NOW
from tests.etl.busy import VIEWS, busy_books

MARCH = date(2026, 3, 1)
PAGE = 9
VIEWED = [VIEWS[0], VIEWS[-1], {"constant_on": date(2026, 2, 3)}]
"""From the copy, part of a month in a currency not ready, and at the rates of one day."""
FIGURES = ("mrr", "churn", "cash_collected", "platform_fees", "nrr", "ltv_cac", "runway_months")
"""At least one of every question there is about rows."""
DAYS = [date(2026, 3, 12), date(2026, 10, 31), NOW.date()]
"""One that is computed, and the two the copy has ready."""


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    home = tmp_path_factory.mktemp("home")
    return busy_books().published(Settings(_env_file=None, SALDO_HOME=home), NOW)


def in_pages(count: int, page: Any) -> pl.DataFrame:
    """All pages one after the other, of many rows at least four, and one behind the last."""
    size = max(PAGE, count // 4 + 1)
    starts = range(0, count + size, size)
    return pl.concat([page(limit=size, offset=start) for start in starts], how="vertical_relaxed")


@pytest.mark.parametrize("view", VIEWED, ids=str)
@pytest.mark.parametrize("figure", FIGURES)
def test_pages_of_rows_are_all_rows_and_sums_those_of_all(
    wh: Warehouse, figure: str, view: dict[str, Any]
) -> None:
    rows, value = figures.drill(wh, figure, MARCH, **view)
    found = figures.behind(wh, figure, MARCH, **view)
    sums = dict(rows.group_by("part", maintain_order=True).agg(pl.col("value").sum()).iter_rows())
    assert (found.count, found.sums, found.figure) == (rows.height, sums, value)
    pages = in_pages(
        found.count, lambda **page: figures.drill_page(wh, figure, MARCH, **view, **page)
    )
    assert pages.equals(rows)


@pytest.mark.parametrize("by", ["plan", "country", "tenant"])
@pytest.mark.parametrize("figure", ["churn", "net_revenue", "ltv_cac"])
def test_rows_of_a_group_are_those_of_all_that_have_it(wh: Warehouse, figure: str, by: Any) -> None:
    whole, _ = figures.drill(wh, figure, MARCH)
    # By plan, customers are counted once a plan that they pay for.
    whole = whole.filter(
        pl.lit(by != "plan") | ~pl.col("part").is_in(("customers", "new_customers"))
    )
    for group in whole[by].drop_nulls().unique():
        rows, _ = figures.drill(wh, figure, MARCH, by=by, group=group)
        rows = rows.filter(
            pl.lit(by != "plan") | ~pl.col("part").is_in(("customers", "new_customers"))
        )
        assert rows.equals(whole.filter(pl.col("tenant").is_null() | (pl.col(by) == group)))


@pytest.mark.parametrize("view", VIEWED, ids=str)
def test_net_new_is_the_sum_of_moves_and_rates(wh: Warehouse, view: dict[str, Any]) -> None:
    rows, value = figures.drill(wh, NET_NEW, MARCH, **view)
    [moved] = figures.movements(wh, MARCH, MARCH, **view)
    assert value["minor"] == moved["end"]["minor"] - moved["start"]["minor"]
    assert rows["value"].sum() == value["minor"]
    assert rows.height > PAGE


def test_a_group_has_no_cash_of_its_own(wh: Warehouse) -> None:
    found = figures.behind(wh, "cash_collected", MARCH, by="country", group="SE")
    assert (found.count, found.sums, found.figure) == (0, {}, None)
    assert figures.drill(wh, "cash_collected", MARCH, by="country", group="SE")[0].is_empty()


@pytest.mark.parametrize("view", VIEWED, ids=str)
def test_ranked_tenants_have_the_figures_by_tenant(wh: Warehouse, view: dict[str, Any]) -> None:
    months = figures.metrics(wh, MARCH, 13, by="tenant", **view)["months"]
    groups = months[-1]["groups"]
    ranked = figures.tenants_ranked(wh, MARCH, **view)
    assert {each.tenant: each.figures for each in ranked} == groups
    held = [each.figures["mrr"]["minor"] for each in ranked]
    assert held == sorted(held, reverse=True)
    for each in ranked:
        for month, found in ((months[-2], each.before), (months[0], each.year)):
            before = month["groups"].get(each.tenant, {"mrr": None})["mrr"]
            assert (found or {"minor": 0})["minor"] == (before or {"minor": 0})["minor"]
    pages = [
        each
        for start in range(0, len(ranked) + PAGE, PAGE)
        for each in figures.tenants_ranked(wh, MARCH, **view, limit=PAGE, offset=start)
    ]
    assert pages == ranked
    counted = figures.tenants_counted(wh, MARCH, **view)
    moved = figures.movements(wh, MARCH, MARCH, group_by="tenant", **view)[0]["groups"]
    assert (counted.tenants, counted.recurring) == (len(groups), len(moved))


@pytest.mark.parametrize("currency", ["EUR", "NOK"])
@pytest.mark.parametrize("day", DAYS, ids=str)
def test_open_invoices_are_narrowed_paged_and_added_up(
    wh: Warehouse, day: date, currency: str
) -> None:
    rows = figures.open_invoices(wh, day, currency)
    assert rows.height
    for bucket in (None, "current", "31-60", "over_90"):
        for tenant in (None, "t4", "nobody"):
            wanted = {"bucket": bucket, "tenant": tenant}
            chosen = rows.filter(**{name: value for name, value in wanted.items() if value})
            total = figures.open_total(wh, day, currency, bucket, tenant)
            assert total.invoices == chosen.height
            assert total.open_minor == chosen["open_minor"].sum()
            pages = in_pages(
                chosen.height,
                lambda asked=(day, currency, bucket, tenant), **page: figures.open_invoices(
                    wh, *asked, **page
                ),
            )
            assert pages.equals(chosen)


@pytest.mark.parametrize("currency", ["EUR", "NOK"])
@pytest.mark.parametrize("day", DAYS, ids=str)
def test_who_owes_is_the_sum_of_the_open_invoices(wh: Warehouse, day: date, currency: str) -> None:
    invoices = figures.open_invoices(wh, day, currency)
    expected = {
        tenant: {
            bucket: int(part.filter(pl.col("bucket") == bucket)["open_minor"].sum())
            for bucket in BUCKETS
        }
        for (tenant,), part in invoices.partition_by("tenant", as_dict=True).items()
    }
    rows = figures.receivables_by_tenant(wh, day, currency)
    assert {
        row["tenant"]: {bucket: row[bucket] for bucket in BUCKETS}
        for row in rows.iter_rows(named=True)
    } == expected
    assert all(sum(expected[r["tenant"]].values()) == r["total"] for r in rows.to_dicts())
    assert rows["total"].to_list() == sorted(rows["total"], reverse=True)
    assert figures.owing(wh, day, currency) == rows.height
    pages = in_pages(
        rows.height,
        lambda **page: figures.receivables_by_tenant(wh, day, currency, **page),
    )
    assert pages.equals(rows)


def test_what_a_close_would_keep_is_counted_without_the_tenants(wh: Warehouse) -> None:
    for month in (months_back(MARCH, 1), MARCH, date(2026, 6, 1)):
        kept = copied(wh, month)
        seen = foreseen(wh, month)
        assert seen.count == len(kept.figures)
        assert sorted(seen.figures) == [held for held in kept.figures if not held.group]


def test_large_models_lie_in_order(wh: Warehouse) -> None:
    assert {model.name for model in models()} >= SORTED.keys()
    reading = look(wh, MARCH, MARCH).reading
    for name, order in SORTED.items():
        columns = order.split(", ")
        falls = [column.endswith(" desc") for column in columns]
        chosen = ", ".join(column.removesuffix(" desc") for column in columns)
        kept = reading._cursor.sql(f"select {chosen} from {name}").pl()
        ordered = kept.sort(kept.columns, descending=falls, nulls_last=True, maintain_order=True)
        assert kept.equals(ordered), name


def test_models_made_of_a_few_months_at_a_time_are_those_of_all(
    wh: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transform, "TENANT_MONTHS", 0)
    by_few = busy_books().published(Settings(_env_file=None, SALDO_HOME=tmp_path), NOW)
    for name in MONTHLY:
        one, other = (
            each.reading()._cursor.sql(f"select * from {name} order by all").pl()
            for each in (wh, by_few)
        )
        assert one.height > PAGE
        assert one.equals(other), name
