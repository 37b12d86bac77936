"""The figures pages, API and command line show: pure assembly of answers from the copy."""

from etl.figures.cohorts import cohorts
from etl.figures.drill import Behind, behind, drill, drill_page
from etl.figures.forecast import cash_forecast, forecast_rows
from etl.figures.metrics import metrics
from etl.figures.movements import movements
from etl.figures.receivables import (
    Total,
    ar_ageing,
    open_invoices,
    open_total,
    owing,
    receivables_by_tenant,
)
from etl.figures.tenants import Ranked, tenants_counted, tenants_ranked

__all__ = [
    "Behind",
    "Ranked",
    "Total",
    "ar_ageing",
    "behind",
    "cash_forecast",
    "cohorts",
    "drill",
    "drill_page",
    "forecast_rows",
    "metrics",
    "movements",
    "open_invoices",
    "open_total",
    "owing",
    "receivables_by_tenant",
    "tenants_counted",
    "tenants_ranked",
]
