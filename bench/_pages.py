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
    return figures.metrics(reading, days.month, YEAR, by="tenant")


def _movements(reading: Reading, days: Days) -> object:
    return figures.movements(reading, days.first, days.month)


def _cohorts(reading: Reading, days: Days) -> object:
    return figures.cohorts(reading, days.first, days.today, as_of=days.today)


def _ageing(reading: Reading, days: Days) -> object:
    return figures.ar_ageing(reading, days.today)


def _ageing_before(reading: Reading, days: Days) -> object:
    return figures.ar_ageing(reading, days.eve)


def _owed(reading: Reading, days: Days) -> object:
    return figures.receivables_by_tenant(reading, days.today)


def _open_invoices(reading: Reading, days: Days) -> object:
    return figures.open_invoices(reading, days.today)


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


def _drill(figure: str) -> Asking:
    return lambda reading, days: figures.drill(reading, figure, days.month)


PAGES: dict[str, dict[str, Asking]] = {
    "pages.parts.filters": {"currencies": _currencies, "info": _info},
    "pages.revenue.headlines": {"metrics": _metrics, "movements": _movements},
    "pages.revenue.motion": {"movements": _movements},
    "pages.revenue.breakdown": {
        "by plan": _by_plan,
        "by country": _by_country,
        "by tenant": _by_tenant,
    },
    "pages.revenue.rows": {
        figure: _drill(figure)
        for figure in ("mrr", "new", "churn", "customers", "gross_revenue", "cash_collected", "ltv")
    },
    "pages.revenue.cohorts": {"cohorts": _cohorts},
    "pages.revenue.close": {"months": _seen},
    "pages.receivables.ageing": {
        "ageing": _ageing,
        "ageing of another day": _ageing_before,
        "by tenant": _owed,
        "open invoices": _open_invoices,
    },
    "pages.receivables.forecast": {"forecast": _forecast},
    "pages.receivables.forecast_rows": {"open invoices": _forecast_rows},
}
"""Page module → name of a question → the question."""
