"""`saldo usage …`: what tenants used, what is left, and what usage costs."""

from collections import Counter
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.errors import BadInput
from core.imports.reading import read_file
from core.money import units_text
from core.office import office
from core.settings import settings
from core.usage import checking, ingesting, pricing, queries
from core.usage.reading import events_of, pricing_of
from core.usage.rules import Allowance
from core.usage.wording import line_words, plain

app = typer.Typer(help="Usage and limits of tenants.", no_args_is_help=True)

TenantId = Annotated[int, typer.Argument(metavar="TENANT", help="The tenant's id.")]
FILES = (".jsonl", ".csv")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as problem:
        raise typer.BadParameter(f"{text!r} is not a number") from problem


@app.command()
@command
def ingest(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="JSON lines or CSV.")],
    tenant: Annotated[int, typer.Option(help="The tenant's id.")],
    as_json: AsJson = False,
) -> None:
    """Take a tenant's usage events in; known ones count nothing again."""
    if file.suffix.lower() not in FILES:
        raise BadInput(f"{file.name} ends neither in {' nor in '.join(FILES)}")
    data = read_file(file, settings().import_max_mib)
    is_csv = file.suffix.lower() == ".csv"
    events = events_of(data, tenant, is_csv=is_csv, most=settings().import_max_rows)
    doer = system("saldo usage ingest")
    with office().work(doer) as work:
        ingesting.checked(work, events)
    statuses: Counter[str] = Counter()
    conflicts = []
    for start in range(0, len(events), ingesting.MOST_EVENTS):
        with office().work(doer) as work:
            receipts = ingesting.ingest(work, events[start : start + ingesting.MOST_EVENTS])
        statuses.update(receipt.status for receipt in receipts)
        conflicts += [each.event_id for each in receipts if each.status == "conflict"]
    result = {
        "events": len(events),
        "accepted": statuses["accepted"],
        "duplicates": statuses["duplicate"],
        "conflicts": conflicts,
    }
    answer(result, as_json, _show_ingested)


@app.command()
@command
def check(
    tenant: TenantId,
    limit: Annotated[str, typer.Argument(help="Such as max_shipments.")],
    as_json: AsJson = False,
) -> None:
    """Say whether a tenant may use more of a limit."""
    with office().work(system("saldo usage check")) as work:
        found = checking.check(work, tenant, limit)
    answer(_allowance(found), as_json, _show_allowance)


@app.command()
@command
def show(
    tenant: TenantId,
    periods: Annotated[int, typer.Option(min=1, max=queries.MOST_PERIODS)] = 12,
    as_json: AsJson = False,
) -> None:
    """Show what a tenant uses of its plan, and its usage periods."""
    with office().work(system("saldo usage show")) as work:
        page = queries.usage_of(work, tenant)
        past = queries.past_periods(work, tenant, periods)
    limits = [
        {
            **asdict(row),
            "current": _number(row.current),
            "remaining": None if row.remaining is None else _number(row.remaining),
        }
        for row in page.limits
    ]
    used = [
        {**asdict(row), "used": {meter: _number(value) for meter, value in row.used.items()}}
        for row in past
    ]
    answer({**asdict(page), "limits": limits, "periods": used}, as_json, _show_page)


@app.command()
@command
def price(
    file: Annotated[Path, typer.Option(dir_okay=False, help="The price as JSON.")],
    quantity: Annotated[Decimal, typer.Option(parser=_decimal, metavar="N")],
    as_json: AsJson = False,
) -> None:
    """Price a quantity of usage by a file of tiers."""
    data = read_file(file, settings().import_max_mib)
    given, currency = pricing_of(data.decode("utf-8-sig", errors="replace"))
    chosen = pricing.with_unit_cost(given, settings().billing_unit_cost)
    pricing.check_pricing(chosen)
    pricing.check_quantity("The quantity", quantity)
    lines = pricing.price(chosen, quantity)
    paid_in = currency or settings().reporting_currency
    result = {
        "amount_minor": pricing.total(lines),
        "currency": paid_in,
        "lines": [
            {
                "description": line_words("usage", line, paid_in, chosen.package_size),
                "kind": line.kind,
                "quantity": plain(line.quantity),
                "unit_minor": plain(line.unit_minor),
                "amount_minor": line.amount_minor,
            }
            for line in lines
        ],
    }
    answer(result, as_json, _show_price)


def _allowance(found: Allowance) -> dict[str, Any]:
    return {
        "allowed": found.allowed,
        "current": _number(found.current),
        "limit": found.limit,
        "remaining": _number(found.remaining),
    }


def _number(value: Decimal) -> int | str:
    """A whole number as such, a fraction as decimal text."""
    return int(value) if value == value.to_integral_value() else plain(value)


def _show_ingested(result: dict[str, Any]) -> None:
    console.print(
        f"{result['events']} events: {result['accepted']} accepted, "
        f"{result['duplicates']} known already, {len(result['conflicts'])} in conflict"
    )
    for event_id in result["conflicts"]:
        console.print(f"    {event_id}: known with another content")


def _show_allowance(result: dict[str, Any]) -> None:
    verdict = "allowed" if result["allowed"] else "not allowed"
    if result["limit"] == -1:
        console.print(f"{verdict}: {result['current']} used, without limit")
        return
    console.print(
        f"{verdict}: {result['current']} of {result['limit']} used, {result['remaining']} left"
    )


def _show_page(result: dict[str, Any]) -> None:
    console.print(
        f"{result['plan_name']}, usage from {result['period_start']} to {result['period_end']}"
    )
    rows = [
        [
            row["meter"],
            str(row["current"]),
            {-1: "no limit", None: ""}.get(row["limit"], str(row["limit"])),
            "" if row["remaining"] in (None, -1) else str(row["remaining"]),
            row["resets"] or "not measured",
        ]
        for row in result["limits"]
    ]
    table(["Meter", "Used", "Limit", "Left", "Resets"], rows, right=(1, 2, 3))
    past = [
        [
            str(row["period_start"]),
            str(row["period_end"]),
            ", ".join(f"{meter} {value}" for meter, value in row["used"].items()),
            row["number"] or ("nothing owed" if row["closed"] else "open"),
        ]
        for row in result["periods"]
    ]
    if past:
        console.print()
        table(["From", "To", "Used", "Invoice"], past)


def _show_price(result: dict[str, Any]) -> None:
    currency = result["currency"]
    rows = [
        [line["description"], units_text(line["amount_minor"], currency)]
        for line in result["lines"]
    ]
    table(
        ["Line", currency], [*rows, ["Total", units_text(result["amount_minor"], currency)]], (1,)
    )
