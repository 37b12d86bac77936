"""The figures of a month that the ledger itself gives: trial balance and deferred revenue."""

from datetime import date

from core.closing.rules import Figure, last_day
from core.ledger.checks import balances
from core.reports.revenue_schedule import revenue_schedule
from core.work import Work


def own_figures(work: Work, month: date) -> list[Figure]:
    """Balances of accounts at the month's end and what moved deferred revenue, by currency.

    Needs `analytics.read`.
    """
    return [*_balances(work, month), *_deferred(work, month)]


def _balances(work: Work, month: date) -> list[Figure]:
    return [
        _money(f"balance.{row['code']}", row["currency"], row["amount_minor"])
        for row in balances(work, last_day(month))
    ]


def _deferred(work: Work, month: date) -> list[Figure]:
    return [
        _money(f"deferred.{name}", each.currency, getattr(each, f"{name}_minor"))
        for each in revenue_schedule(work, month, month).months
        for name in ("opening", "deferred", "recognised", "closing")
    ]


def _money(name: str, currency: str, minor: int) -> Figure:
    return Figure.of(name, currency, {"minor": minor, "currency": currency})
