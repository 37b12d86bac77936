"""`saldo report cash-forecast`: expected receipts by week, and how well that went before (CFO)."""

import sys
from typing import Any

from commands.list_files import write_pdf
from commands.output import AsJson, Format, answer, command, console, table
from commands.reports import AsOf, InCurrency, To
from core.access.authority import system
from core.forecast.behaviour import Beliefs
from core.forecast.charges import card_renewals
from core.money import units_text
from core.office import office
from core.settings import settings
from etl import figures
from etl.export import as_frame, csv_text
from etl.figures.forecast import FILE_COLUMNS, forecast_lines
from etl.figures.papers import forecast_paper
from etl.warehouse import Warehouse

AMOUNTS = ("expected", "p10", "p50", "p90", "naive", "renewals", "together")
WEEK_TITLES = [
    "week from",
    "expected",
    "P10",
    "P50",
    "P90",
    "if paid when due",
    "cards",
    "together",
]
TRIAL_TITLES = ["month end", "weeks", "forecast", "P10", "P90", "if paid when due", "came"]


@command
def cash_forecast(
    until: To = None,
    as_of: AsOf = None,
    currency: InCurrency = None,
    form: Format = None,
    as_json: AsJson = False,
) -> None:
    """What open invoices will bring in the next 13 weeks, from how each customer paid before."""
    copy = Warehouse(settings())
    day = as_of or until or copy.info().as_of
    with office().work(system("saldo report")) as work:
        charges = card_renewals(work, day)
    found = figures.cash_forecast(copy, day, currency, charges, Beliefs.of(settings()))
    if form == "csv":
        sys.stdout.write(csv_text(as_frame(forecast_lines(found), FILE_COLUMNS)))
        return
    if form == "pdf":
        write_pdf(forecast_paper(found))
        return
    answer(found, as_json or form == "json", _show)


def _show(found: dict[str, Any]) -> None:
    for each in found["currencies"]:
        console.print(f"\n{each['currency']}, as of {found['as_of']}", style="bold")
        rows = [[week["since"], *_amounts(week, AMOUNTS)] for week in each["weeks"]]
        rows.append(["total", *_amounts(each, AMOUNTS)])
        table(WEEK_TITLES, rows, right=tuple(range(1, len(WEEK_TITLES))))
        tried = each["back_test"]
        names = ("expected", "p10", "p90", "naive", "came")
        table(
            TRIAL_TITLES,
            [
                [trial["month_end"], str(trial["weeks"]), *_amounts(trial, names)]
                for trial in tried["trials"]
            ],
            right=tuple(range(1, len(TRIAL_TITLES))),
        )
        for score in tried["scores"]:
            if score["error"] is not None:
                console.print(
                    f"{score['weeks']} weeks: off by {score['error']} of what came, "
                    f"by due dates {score['naive_error']}"
                )


def _amounts(row: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return [
        "n/a" if row[name] is None else units_text(row[name]["minor"], row[name]["currency"])
        for name in names
    ]
