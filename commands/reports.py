"""`saldo sync`, `saldo metrics` and `saldo report …`: the analytics copy and its figures."""

import sys
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import typer

from commands.list_files import write_pdf
from commands.output import AsJson, Format, answer, command, console, day, month, table
from core.clock import local_date
from core.money import units_text
from core.schema import ready_url
from core.settings import settings
from etl import figures, pipeline
from etl.export import as_frame, csv_text
from etl.figures.cohorts import cohort_rows
from etl.figures.papers import ageing_paper, cohorts_paper, movements_paper
from etl.figures.values import is_money, month_columns, month_rows
from etl.sandbox.copies import keep_ready
from etl.warehouse import Warehouse

report_app = typer.Typer(help="The reports.", no_args_is_help=True)
Month = Annotated[date | None, typer.Option("--month", parser=month, metavar="YYYY-MM")]
AsOf = Annotated[date | None, typer.Option("--as-of", parser=day, metavar="DATE")]
From = Annotated[date | None, typer.Option("--from", parser=day, metavar="DATE")]
To = Annotated[date | None, typer.Option("--to", parser=day, metavar="DATE")]
InCurrency = Annotated[str | None, typer.Option("--currency", help="Reporting currency.")]
ConstantOn = Annotated[
    date | None,
    typer.Option(
        "--constant-currency",
        parser=day,
        metavar="DATE",
        help="Restate every amount at the exchange rates of this day.",
    ),
]
Grouping = Annotated[
    Literal["plan", "country", "tenant"] | None, typer.Option("--by", "--group-by")
]
MONTHS_BACK = 12


@command
def sync(
    full: Annotated[bool, typer.Option("--full", help="Copy everything anew.")] = False,
    engine: Annotated[
        pipeline.Engine | None,
        typer.Option(help="What makes all figures anew; Spark if not said and SALDO_SPARK_URL is."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy what changed to the analytics copy, check it and publish it."""
    result = pipeline.sync(
        settings(), ready_url(settings()), now=datetime.now(UTC), full=full, engine=engine
    )
    keep_ready(settings())
    answer(result, as_json, _show_sync)


@command
def metrics(
    wanted: Month = None,
    months: Annotated[int, typer.Option(min=1, max=120, help="How many months, ending there.")] = 1,
    by: Grouping = None,
    as_of: AsOf = None,
    currency: InCurrency = None,
    constant_on: ConstantOn = None,
    as_json: AsJson = False,
) -> None:
    """Every figure of the dashboard."""
    last = (wanted or as_of or _today()).replace(day=1)
    result = figures.metrics(_copy(), last, months, by, as_of, currency, constant_on)
    answer(result, as_json, _show_metrics)


@report_app.command("movements")
@command
def movements(
    since: From = None,
    until: To = None,
    as_of: AsOf = None,
    by: Grouping = None,
    currency: InCurrency = None,
    constant_on: ConstantOn = None,
    form: Format = None,
    as_json: AsJson = False,
) -> None:
    """How recurring revenue moved, month by month."""
    last = (until or as_of or _today()).replace(day=1)
    first = since.replace(day=1) if since else _months_before(last, MONTHS_BACK - 1)
    rows = figures.movements(_copy(), first, last, as_of, currency, by, constant_on)
    if form == "csv":
        sys.stdout.write(csv_text(as_frame(month_rows(rows), month_columns(rows))))
    elif form == "pdf":
        write_pdf(movements_paper(rows, as_of or _today()))
    else:
        answer(
            {"currency": rows[0]["start"]["currency"], "months": rows},
            as_json or form == "json",
            _show_movements,
        )


@report_app.command("ar-ageing")
@command
def ar_ageing(
    since: From = None,
    until: To = None,
    as_of: AsOf = None,
    currency: InCurrency = None,
    form: Format = None,
    as_json: AsJson = False,
) -> None:
    """What is owed and for how long, at the end of a day (`--to` or `--as-of`)."""
    day_of = as_of or until or _today()
    copy = _copy()
    rows = figures.receivables_by_tenant(copy, day_of, currency=currency)
    if form == "csv":
        sys.stdout.write(csv_text(rows))
        return
    result = figures.ar_ageing(copy, day_of, currency=currency)
    if form == "pdf":
        write_pdf(ageing_paper(result, rows))
        return
    answer({**result, "rows": rows.to_dicts()}, as_json or form == "json", _show_ageing)


@report_app.command("cohorts")
@command
def cohorts(
    since: From = None,
    until: To = None,
    as_of: AsOf = None,
    currency: InCurrency = None,
    constant_on: ConstantOn = None,
    form: Format = None,
    as_json: AsJson = False,
) -> None:
    """Tenants by the month of their first payment, and what is left of them."""
    last = (until or as_of or _today()).replace(day=1)
    first = since.replace(day=1) if since else _months_before(last, MONTHS_BACK - 1)
    found = figures.cohorts(_copy(), first, last, as_of, currency, constant_on)
    if form == "csv":
        sys.stdout.write(csv_text(cohort_rows(found)))
        return
    if form == "pdf":
        write_pdf(cohorts_paper(found))
        return
    answer(found, as_json or form == "json", _show_cohorts)


def _copy() -> Warehouse:
    return Warehouse(settings())


def _today() -> date:
    return local_date(datetime.now(UTC), settings().billing_timezone)


def _months_before(first: date, count: int) -> date:
    year, index = divmod(first.year * 12 + first.month - 1 - count, 12)
    return date(year, index + 1, 1)


def _amount(value: dict[str, Any]) -> str:
    return units_text(value["minor"], value["currency"])


def _words(value: Any) -> str:
    if value is None:
        return "n/a"
    if is_money(value):
        return f"{_amount(value)} {value['currency']}"
    return str(value)


def _show_sync(result: dict[str, Any]) -> None:
    rows = [
        [t["name"], str(t["rows"]), str(t["changed"]), str(t["deleted"])] for t in result["tables"]
    ]
    table(["Table", "Rows", "Changed", "Deleted"], rows, right=(1, 2, 3))
    console.print(
        f"{result['mode']} sync by {result['engine']} published at {result['published_at']}"
        f" in {result['seconds']} s"
    )


def _show_metrics(result: dict[str, Any]) -> None:
    for one in result["months"]:
        console.print(f"\n{one['month']}", style="bold")
        rows = [
            [name, _words(value)] for name, value in one.items() if name not in ("month", "groups")
        ]
        table(["Figure", "Value"], rows, right=(1,))


def _show_movements(result: dict[str, Any]) -> None:
    columns = ["start", "new", "expansion", "reactivation", "contraction", "churn", "fx", "end"]
    rows = [[row["month"], *(_amount(row[name]) for name in columns)] for row in result["months"]]
    console.print(f"in {result['currency']}")
    table(["Month", *columns], rows, right=tuple(range(1, len(columns) + 1)))


def _show_ageing(result: dict[str, Any]) -> None:
    rows = [[name, _words(value)] for name, value in result["buckets"].items()]
    table(["Days overdue", "Owed"], [*rows, ["total", _words(result["total"])]], right=(1,))


def _show_cohorts(found: dict[str, Any]) -> None:
    ages = range(max((len(each["retained"]) for each in found["cohorts"]), default=0))
    table(
        ["cohort", "tenants", *map(str, ages)],
        [
            [each["cohort"], str(each["size"]), *_kept(each["retained"], len(ages))]
            for each in found["cohorts"]
        ],
        right=tuple(range(1, len(ages) + 2)),
    )


def _kept(retained: list[int], ages: int) -> list[str]:
    return [str(count) for count in retained] + [""] * (ages - len(retained))
