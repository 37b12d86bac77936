"""What every page asks of the analytics copy, as it opens, over all the months there are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bench._company import MONTHS
from core.settings import settings
from etl import figures
from etl.closing import seen
from etl.days import last_day, months_back
from etl.warehouse import Reading

YEAR = 13
"""Months of a year with the one before, which the breakdown compares with."""
ROWS = 100
"""Rows a page shows at once, when nothing else is set."""
Asking = Callable[[Reading, "Days"], object]


@dataclass(frozen=True, slots=True)
class Days:
    """The newest day and month of a copy, and its first month."""

    today: date

    @property
    def month(self) -> date:
        """The first day of the newest month."""
        return self.today.replace(day=1)

    @property
    def first(self) -> date:
        """The first month that is asked for."""
        return months_back(self.month, MONTHS - 1)

    @property
    def eve(self) -> date:
        """The last day of the month before."""
        return last_day(months_back(self.month, 1))


def _metrics(reading: Reading, days: Days) -> object:
    return figures.metrics(reading, days.month, MONTHS)


def _by_plan(reading: Reading, days: Days) -> object:
    return figures.metrics(reading, days.month, YEAR, by="plan")


def _by_country(reading: Reading, days: Days) -> object:
    return figures.metrics(reading, days.month, YEAR, by="country")


def _by_tenant(reading: Reading, days: Days) -> object:
    return figures.tenants_ranked(reading, days.month, limit=ROWS)


def _tenants(reading: Reading, days: Days) -> object:
    return figures.tenants_counted(reading, days.month)


def _owing(day: Callable[[Days], date]) -> Asking:
    return lambda reading, days: figures.owing(reading, day(days))


def _open_total(day: Callable[[Days], date]) -> Asking:
    return lambda reading, days: figures.open_total(reading, day(days))


def _movements(reading: Reading, days: Days) -> object:
    return figures.movements(reading, days.first, days.month)


def _cohorts(reading: Reading, days: Days) -> object:
    return figures.cohorts(reading, days.first, days.today, as_of=days.today)


def _ageing(reading: Reading, days: Days) -> object:
    return figures.ar_ageing(reading, days.today)


def _ageing_before(reading: Reading, days: Days) -> object:
    return figures.ar_ageing(reading, days.eve)


def _owed(day: Callable[[Days], date]) -> Asking:
    return lambda reading, days: figures.receivables_by_tenant(reading, day(days), limit=ROWS)


def _open_invoices(day: Callable[[Days], date]) -> Asking:
    return lambda reading, days: figures.open_invoices(reading, day(days), limit=ROWS)


def _today(days: Days) -> date:
    return days.today


def _eve(days: Days) -> date:
    return days.eve


def _forecast(reading: Reading, days: Days) -> object:
    return figures.cash_forecast(reading, days.today, invoices=False)


def _forecast_rows(reading: Reading, days: Days) -> object:
    return figures.forecast_rows(reading, "EUR", days.today, most=settings().table_page_rows)


def _seen(reading: Reading, _days: Days) -> object:
    return seen(reading)


def _currencies(reading: Reading, _days: Days) -> object:
    return reading.ask("published_currencies")


def _info(reading: Reading, _days: Days) -> object:
    return reading.info()


def _behind(figure: str) -> Asking:
    return lambda reading, days: figures.behind(reading, figure, days.month)


def _drill(figure: str) -> Asking:
    return lambda reading, days: figures.drill_page(reading, figure, days.month, limit=ROWS)


PAGES: dict[str, dict[str, Asking]] = {
    "pages.parts.filters": {"currencies": _currencies, "info": _info},
    "pages.revenue.headlines": {"metrics": _metrics, "movements": _movements},
    "pages.revenue.motion": {"movements": _movements},
    "pages.revenue.breakdown": {
        "by plan": _by_plan,
        "by country": _by_country,
        "tenants": _tenants,
        "by tenant": _by_tenant,
    },
    "pages.revenue.rows": {
        f"{figure}, {what}": ask(figure)
        for figure in ("mrr", "new", "churn", "customers", "gross_revenue", "cash_collected", "ltv")
        for what, ask in (("sum", _behind), ("rows", _drill))
    },
    "pages.revenue.cohorts": {"cohorts": _cohorts},
    "pages.revenue.close": {"months": _seen},
    "pages.receivables.ageing": {
        "ageing": _ageing,
        "ageing of another day": _ageing_before,
        "tenants": _owing(_today),
        "tenants on another day": _owing(_eve),
        "by tenant": _owed(_today),
        "by tenant on another day": _owed(_eve),
    },
    "pages.receivables.open_invoices": {
        "sum": _open_total(_today),
        "sum on another day": _open_total(_eve),
        "invoices": _open_invoices(_today),
        "invoices of another day": _open_invoices(_eve),
    },
    "pages.receivables.forecast": {"forecast": _forecast},
    "pages.receivables.forecast_rows": {"open invoices": _forecast_rows},
}
"""Page module → name of a question → the question."""
