"""`saldo usage meters|prices|create-meter|set-price`: what is measured, and what it costs."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, day, table
from core.access.authority import system
from core.errors import BadInput
from core.imports.reading import read_file
from core.office import office
from core.plans.queries import plan_by_slug
from core.settings import settings
from core.usage import actions, catalogue
from core.usage.models import Meter, UsagePrice
from core.usage.reading import pricing_of
from core.usage.wording import plain

User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]


@command
def meters(as_json: AsJson = False) -> None:
    """List what is measured."""
    with office().work(system("saldo usage meters")) as work:
        found = [_meter(row) for row in catalogue.meters(work)]
    answer({"meters": found}, as_json, lambda result: _show_meters(result["meters"]))


@command
def prices(
    plan: Annotated[str, typer.Argument(metavar="SLUG", help="The plan's.")],
    as_json: AsJson = False,
) -> None:
    """List what a plan charges for meters, each with its newest version first."""
    with office().work(system("saldo usage prices")) as work:
        found = catalogue.usage_prices(work, plan_by_slug(work, plan).id)
        rows = [_price(plan, row) for row in found]
    answer({"prices": rows}, as_json, lambda result: _show_prices(result["prices"]))


@command
def create_meter(
    name: Annotated[str, typer.Argument(metavar="METER", help="Such as labels_printed.")],
    aggregation: Annotated[str, typer.Option(help="count, sum, max, unique or latest.")],
    user: User,
    resets: Annotated[str, typer.Option(help="period, day, or never for latest.")] = "period",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Add something to measure; a limit of the same name in a plan is a limit on it."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = actions.create_meter(work, name, aggregation, resets=resets, key=key)
    answer(_meter(made), as_json, lambda meter: _show_meters([meter]))


@command
def set_price(
    plan: Annotated[str, typer.Argument(metavar="SLUG", help="The plan's.")],
    meter: Annotated[str, typer.Argument(metavar="METER")],
    file: Annotated[Path, typer.Option(dir_okay=False, help="The price as JSON.")],
    user: User,
    currency: Annotated[str | None, typer.Option(help="The file's without it.")] = None,
    valid_from: Annotated[
        date | None, typer.Option("--from", parser=day, metavar="DATE", help="Today without it.")
    ] = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Add a version of what a plan charges for a meter; periods that run keep theirs."""
    data = read_file(file, settings().import_max_mib)
    pricing, named = pricing_of(data.decode("utf-8-sig", errors="replace"))
    paid_in = currency or named
    if paid_in is None:
        raise BadInput("Name the currency, in the file or with --currency")
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = actions.set_usage_price(
            work,
            plan_by_slug(work, plan).id,
            meter,
            paid_in,
            pricing,
            valid_from=valid_from,
            key=key,
        )
        result = _price(plan, made)
    answer(result, as_json, _show_price)


def _meter(row: Meter) -> dict[str, Any]:
    return {
        "name": row.name,
        "aggregation": row.aggregation,
        "resets": row.resets,
        "created_at": row.created_at,
    }


def _price(slug: str, made: UsagePrice) -> dict[str, Any]:
    return {
        "id": made.id,
        "slug": slug,
        "meter": made.meter,
        "currency": made.currency,
        "version": made.version,
        "model": made.model,
        "tiers": [
            {
                "up_to": None if tier.up_to is None else plain(tier.up_to),
                "unit_minor": plain(tier.unit_minor),
                "flat_minor": tier.flat_minor,
            }
            for tier in made.tiers
        ],
        "included": plain(made.included),
        "package_size": None if made.package_size is None else plain(made.package_size),
        "minimum_minor": made.minimum_minor,
        "valid_from": made.valid_from,
        "valid_until": made.valid_until,
    }


def _show_meters(rows: list[dict[str, Any]]) -> None:
    table(
        ["Meter", "Counts", "Resets"],
        [[row["name"], row["aggregation"], row["resets"]] for row in rows],
    )


def _show_prices(rows: list[dict[str, Any]]) -> None:
    table(
        ["Meter", "Currency", "Version", "Model", "Tiers", "From", "Until"],
        [
            [
                row["meter"],
                row["currency"],
                str(row["version"]),
                row["model"],
                str(len(row["tiers"])),
                str(row["valid_from"]),
                str(row["valid_until"] or ""),
            ]
            for row in rows
        ],
        right=(2, 4),
    )


def _show_price(result: dict[str, Any]) -> None:
    console.print(
        f"{result['slug']}, {result['meter']} in {result['currency']}: {result['model']} "
        f"from {result['valid_from']}, version {result['version']}"
    )
