"""The figures pages, API and command line show: pure assembly of answers from the copy."""

from etl.figures.cohorts import cohorts
from etl.figures.drill import drill
from etl.figures.forecast import cash_forecast, forecast_rows
from etl.figures.metrics import metrics
from etl.figures.movements import movements
from etl.figures.receivables import ar_ageing, open_invoices, receivables_by_tenant

__all__ = [
    "ar_ageing",
    "cash_forecast",
    "cohorts",
    "drill",
    "forecast_rows",
    "metrics",
    "movements",
    "open_invoices",
    "receivables_by_tenant",
]
