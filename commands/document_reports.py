"""`saldo report churn|platform-fees|revenue-schedule`: reports on documents (CHN, FEE, CFO.2)."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

import typer

from commands.list_files import write_pdf
from commands.output import AsJson, Format, answer, command, console, day, table
from core.access.authority import system
from core.documents.lists import Column, list_pdf
from core.money import units_text
from core.office import office
from core.reports import churn as churning
from core.reports import platform_fees as fees
from core.reports import revenue_schedule as scheduling
from core.reports.papers import schedule_paper
from core.settings import settings
from core.work import Work
from etl.export import as_frame, csv_text

From = Annotated[date, typer.Option("--from", parser=day, metavar="DATE", help="First day.")]
To = Annotated[date, typer.Option("--to", parser=day, metavar="DATE", help="Last day, included.")]
Grouping = Annotated[Literal["tenant", "plan", "country"], typer.Option("--group-by", "--by")]

RIGHT = (
    "Lost a month, EUR",
    "Invoices",
    "Gross",
    "Paid",
    "Outstanding",
)
"""Columns of figures."""


@command
def churn(since: From, until: To, form: Format = None, as_json: AsJson = False) -> None:
    """Who left, why, and what was lost, locked when they left."""
    found = _read(lambda work: churning.churn(work, since, until))
    if form == "csv":
        _csv(churning.as_lines(found), churning.FILE_COLUMNS)
    elif form == "pdf":
        _pdf(
            "Churn",
            ["Cancelled", "Tenant", "Plan", "Country", "Reason", "Lost a month, EUR"],
            [_lost(row) for row in found.rows],
            f"{since} to {until}",
        )
    else:
        answer(asdict(found), as_json or form == "json", lambda _: _show_churn(found))


@command
def platform_fees(
    since: From,
    until: To,
    group_by: Grouping = "tenant",
    form: Format = None,
    as_json: AsJson = False,
) -> None:
    """What the platform itself invoiced: gross, paid and outstanding."""
    found = _read(lambda work: fees.platform_fees(work, since, until, group_by))
    if form == "csv":
        _csv(fees.as_lines(found), fees.FILE_COLUMNS)
    elif form == "pdf":
        _pdf(
            "Platform fees",
            [group_by.capitalize(), "Invoices", "Gross", "Paid", "Outstanding", "Currency"],
            [_group(each) for each in found.groups],
            f"{since} to {until}",
        )
    else:
        answer(asdict(found), as_json or form == "json", lambda _: _show_fees(found))


@command
def revenue_schedule(since: From, until: To, form: Format = None, as_json: AsJson = False) -> None:
    """Deferred revenue month by month: what was posted, and when the rest is earned."""
    found = _read(lambda work: scheduling.revenue_schedule(work, since, until))
    titles = ["Month", "Opening", "Deferred", "Recognised", "Closing", "Currency", "State"]
    if form == "csv":
        _csv(scheduling.as_lines(found), scheduling.FILE_COLUMNS)
    elif form == "pdf":
        write_pdf(schedule_paper(found))
    else:
        answer(
            asdict(found),
            as_json or form == "json",
            lambda _: table(titles, [_month(m) for m in found.months], right=(1, 2, 3, 4)),
        )


def _read(ask: Callable[[Work], Any]) -> Any:
    with office().work(system("saldo report")) as work:
        return ask(work)


def _csv(lines: list[dict[str, Any]], columns: Sequence[str]) -> None:
    sys.stdout.write(csv_text(as_frame(lines, columns)))


def _pdf(title: str, titles: Sequence[str], rows: list[list[str]], told: str) -> None:
    with office().work(system("saldo report")) as work:
        today = work.today
    columns = [Column(each, right=each in RIGHT) for each in titles]
    sys.stdout.buffer.write(list_pdf(settings(), title, columns, rows, today, told))


def _lost(row: churning.ChurnRow) -> list[str]:
    return [
        str(row.cancelled_on),
        row.tenant_name,
        row.plan,
        row.country,
        row.reason_code.replace("_", " "),
        "n/a" if row.amount_eur_cents is None else units_text(row.amount_eur_cents, "EUR"),
    ]


def _group(group: fees.FeeGroup) -> list[str]:
    return [
        group.key,
        str(group.invoices),
        *(
            units_text(amount, group.currency)
            for amount in (group.gross_minor, group.paid_minor, group.outstanding_minor)
        ),
        group.currency,
    ]


def _month(month: scheduling.ScheduleMonth) -> list[str]:
    amounts = (
        month.opening_minor,
        month.deferred_minor,
        month.recognised_minor,
        month.closing_minor,
    )
    return [
        f"{month.month:%Y-%m}",
        *(units_text(amount, month.currency) for amount in amounts),
        month.currency,
        "planned" if month.planned else "posted",
    ]


def _show_churn(found: churning.ChurnReport) -> None:
    for title, buckets in (
        ("reason", found.by_reason),
        ("plan", found.by_plan),
        ("country", found.by_country),
    ):
        table(
            [title, "cancellations", "tenants", "lost a month, EUR"],
            [
                [b.key, str(b.cancellations), str(b.tenants), units_text(b.amount_eur_cents, "EUR")]
                for b in (*buckets.values(), found.total)
            ],
            right=(1, 2, 3),
        )
    if found.total.without_rate:
        console.print(f"{found.total.without_rate} have no exchange rate and are not in the sums")


def _show_fees(found: fees.FeeReport) -> None:
    table(
        [found.group_by, "invoices", "gross", "paid", "outstanding", "currency"],
        [_group(each) for each in (*found.groups, *found.totals)],
        right=(1, 2, 3, 4),
    )
