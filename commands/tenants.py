"""`saldo tenant …`: organisations on the platform, listed and added (SUB.2)."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, day, table
from core.access.authority import system
from core.office import office
from core.tenants.actions import NewTenant, create_tenant
from core.tenants.queries import TenantFilters, TenantRow, tenants

app = typer.Typer(help="Organisations on the platform.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Organisations on the platform."""


@app.command("list")
@command
def list_tenants(
    search: Annotated[str | None, typer.Option(help="Part of the name, or an id.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO 3166, such as SE.")] = None,
    currency: Annotated[str | None, typer.Option()] = None,
    state: Annotated[str | None, typer.Option(help="subscribed, former or none.")] = None,
    sort: Annotated[str, typer.Option(help="name or newest.")] = "name",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List organisations with the plan each subscribes to, or did last."""
    wanted = TenantFilters(search, country, currency, state)
    with office().work(system("saldo tenant list")) as work:
        page = tenants(work, wanted, order=sort, limit=limit, offset=offset)
    result = {"count": page.count, "tenants": [asdict(row) for row in page.rows]}
    answer(result, as_json, lambda _: _show_rows(page.rows))


@app.command()
@command
def create(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    currency: Annotated[str, typer.Option(help="The one it is billed in.")],
    user: Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")],
    country: Annotated[str | None, typer.Option(help="ISO 3166, such as SE.")] = None,
    language: Annotated[str, typer.Option(help="Of its letters.")] = "en",
    billing_email: Annotated[str | None, typer.Option()] = None,
    tax_id: Annotated[str | None, typer.Option()] = None,
    external_id: Annotated[str | None, typer.Option(help="Its id elsewhere.")] = None,
    signed_up_on: Annotated[
        date | None, typer.Option(parser=day, metavar="DATE", help="Today without it.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The same key again changes nothing.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add an organisation; `saldo subscription assign` gives it a plan."""
    new = NewTenant(name, country, currency, language, billing_email, tax_id, external_id)
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = create_tenant(work, new, signed_up_on=signed_up_on, key=key)
    result = {
        "id": made.id,
        "name": made.name,
        "country": made.country,
        "currency": made.currency,
        "language": made.language,
        "billing_email": made.billing_email,
        "tax_id": made.tax_id,
        "external_id": made.external_id,
        "signed_up_on": made.signed_up_on,
    }
    answer(result, as_json, _show)


def _show_rows(rows: list[TenantRow]) -> None:
    table(
        ["No.", "Name", "Country", "Currency", "Plan", "Status", "Since"],
        [
            [
                str(row.id),
                row.name,
                row.country or "",
                row.currency,
                row.plan_name or "",
                row.status or "",
                str(row.signed_up_on or ""),
            ]
            for row in rows
        ],
        right=(0,),
    )


def _show(made: dict[str, Any]) -> None:
    console.print(f"Tenant {made['id']}: {made['name']}, {made['currency']}")
