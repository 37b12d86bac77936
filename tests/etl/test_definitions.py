"""Every figure has a definition and every definition a figure; every question runs."""

import re
from datetime import date
from typing import Any

import pytest

from core.settings import ROOT, Settings
from etl import figures
from etl.definitions import definition, definitions
from etl.figures.drill import PARTS
from etl.warehouse import Warehouse, question_text, questions
from tests.etl.books import Books

MONTH = date(2026, 3, 1)
NOT_FIGURES = {"month", "partial", "runway_note", "groups"}


@pytest.fixture
def wh(settings: Settings) -> Warehouse:
    books = Books()
    tenant = books.tenant("ada", "SE")
    books.subscription(tenant, ("2026-01-05", "active", 10_000))
    return books.published(settings)


REPORTS = {"deferred_revenue", "churn_report", "platform_fee_report"}
"""Reports on documents that are read from PostgreSQL; their pages show these."""


def shown(wh: Warehouse) -> set[str]:
    """The keys of all figures anyone is shown."""
    ageing = figures.ar_ageing(wh, MONTH)
    return {
        *figures.metrics(wh, MONTH)["months"][0],
        *figures.movements(wh, MONTH, MONTH)[0],
        "receivables",
        *(name for name in ("cash_forecast",) if figures.cash_forecast(wh)["definition"]),
        *(name for name in figures.cohorts(wh, MONTH, MONTH) if name == "cohorts"),
        *(f"dso_{name}" for name in ageing["dso"]),
    } - NOT_FIGURES


def test_every_figure_has_a_definition_and_every_definition_a_figure(wh: Warehouse) -> None:
    assert {one.slug for one in definitions()} == shown(wh) | REPORTS
    pages = "".join(path.read_text() for path in sorted((ROOT / "pages").rglob("*.py")))
    assert all(f'definitions.button("{slug}")' in pages for slug in REPORTS)


def test_definitions_travel_with_the_figures(wh: Warehouse) -> None:
    answer: dict[str, Any] = figures.metrics(wh, MONTH)
    assert answer["definitions"]["mrr"] == definition("mrr").text
    assert all(one.title and len(one.text) > 20 for one in definitions())


def test_every_figure_of_a_month_can_be_drilled(wh: Warehouse) -> None:
    assert set(PARTS) | {"receivables"} == shown(wh) - {
        "dso_simple",
        "dso_count_back",
        "cohorts",
        "cash_forecast",
    }


PARAMS: dict[str, object] = {
    "currency": "EUR",
    "dimension": "all",
    "first_month": MONTH,
    "last_month": MONTH,
    "first_day": MONTH,
    "last_day": MONTH,
    "as_of": MONTH,
    "part": "p",
    "measure": "customers",
    "kind": "new",
    "since": MONTH,
    "constant_on": MONTH,
    "sign": 1,
    "first_cohort": MONTH,
    "last_cohort": MONTH,
    "bucket": None,
    "tenant": None,
    "limit": 10,
    "offset": 0,
    "by": "plan",
    "group": "pro",
    "tenants": [1],
}


OVER = {
    "drill_rows": {"behind": "drill_pieces"},
    "drill_totals": {"behind": "drill_moves"},
    "drill_group": {"everything": "drill_cash"},
    "tenants_counted": {"recurring": "tenants_recurring", "listed": "tenants_listed"},
    "tenants_listed": {"recurring": "tenants_recurring"},
    "tenants_ranked": {"listed": "tenants_recurring"},
    "recurring_revenue_by_tenant": {"wanted": "wanted_all"},
    "revenue_by_tenant": {"wanted": "wanted_some"},
}
"""Questions that read the answers to others."""


@pytest.mark.parametrize("question", questions())
def test_question_runs(question: str, wh: Warehouse) -> None:
    text = question_text(question)
    over = OVER.get(question, {})
    text += "".join(map(question_text, over.values()))
    wanted = {name: value for name, value in PARAMS.items() if re.search(rf"\${name}\b", text)}
    assert wh.ask(question, over, **wanted).columns
