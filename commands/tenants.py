"""`saldo tenant create`: an organisation that signs up."""

from datetime import date
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, day
from core.office import office
from core.tenants.actions import NewTenant, create_tenant

app = typer.Typer(help="Organisations on the platform.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Organisations on the platform."""


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


def _show(made: dict[str, Any]) -> None:
    console.print(f"Tenant {made['id']}: {made['name']}, {made['currency']}", markup=False)
