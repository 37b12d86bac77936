"""`saldo wallet …`: what tenants paid ahead and what was given to them."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.money import units_text
from core.office import office
from core.wallets.actions import credit_wallet, debit_wallet, recharge_wallet
from core.wallets.models import WalletTransaction
from core.wallets.queries import history, tenant_currency, tenant_wallets, wallets
from core.work import Work

app = typer.Typer(help="Wallets of tenants.", no_args_is_help=True)

TenantId = Annotated[int, typer.Argument(metavar="TENANT", help="The tenant's id.")]
Amount = Annotated[int, typer.Option("--amount-minor", help="Minor units, above zero.")]
AnyCurrency = Annotated[str | None, typer.Option(help="Only wallets in this currency.")]
OwnCurrency = Annotated[str | None, typer.Option(help="The tenant's own without it.")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Reference = Annotated[str | None, typer.Option(help="A number that is used once.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]
Limit = Annotated[int, typer.Option(min=1, max=500)]
Offset = Annotated[int, typer.Option(min=0)]


@app.command("list")
@command
def list_wallets(
    search: Annotated[str | None, typer.Option(help="Part of the tenant's name.")] = None,
    currency: AnyCurrency = None,
    sort: Annotated[str, typer.Option(help="tenant, lowest or highest.")] = "tenant",
    limit: Limit = 100,
    offset: Offset = 0,
    as_json: AsJson = False,
) -> None:
    """List the wallets of all tenants with their balances."""
    with office().work(system("saldo wallet list")) as work:
        page = wallets(work, search, currency, sort=sort, limit=limit, offset=offset)
    result = {"count": page.count, "wallets": [asdict(row) for row in page.rows]}
    answer(result, as_json, lambda r: _show_wallets(r["wallets"]))


@app.command()
@command
def show(
    tenant: TenantId,
    currency: OwnCurrency = None,
    limit: Limit = 20,
    offset: Offset = 0,
    as_json: AsJson = False,
) -> None:
    """Show a tenant's wallets, and the newest transactions of one."""
    with office().work(system("saldo wallet show")) as work:
        chosen = currency or tenant_currency(work, tenant)
        rows = tenant_wallets(work, tenant)
        page = history(work, tenant, chosen, limit=limit, offset=offset)
    result = {
        "wallets": [asdict(row) for row in rows],
        "currency": chosen,
        "count": page.count,
        "transactions": [asdict(row) for row in page.rows],
    }
    answer(result, as_json, _show_history)


@app.command()
@command
def credit(
    tenant: TenantId,
    amount_minor: Amount,
    reason: Reason,
    user: User,
    currency: OwnCurrency = None,
    promotional: Annotated[
        bool, typer.Option("--promotional", help="Kept apart from prepaid money.")
    ] = False,
    reference: Reference = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Give a tenant credit."""

    def run(work: Work, chosen: str) -> WalletTransaction:
        return credit_wallet(
            work,
            tenant,
            amount_minor,
            chosen,
            promotional=promotional,
            reference_id=reference,
            reason=reason,
            key=key,
        )

    _write(user, tenant, currency, run, as_json)


@app.command()
@command
def debit(
    tenant: TenantId,
    amount_minor: Amount,
    reason: Reason,
    user: User,
    currency: OwnCurrency = None,
    overdraw: Annotated[
        bool, typer.Option("--overdraw", help="The balance may go below zero.")
    ] = False,
    reference: Reference = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Take prepaid money back from a tenant."""

    def run(work: Work, chosen: str) -> WalletTransaction:
        return debit_wallet(
            work,
            tenant,
            amount_minor,
            chosen,
            overdraw=overdraw,
            reference_id=reference,
            reason=reason,
            key=key,
        )

    _write(user, tenant, currency, run, as_json)


@app.command()
@command
def recharge(
    tenant: TenantId,
    amount_minor: Amount,
    reference: Annotated[str, typer.Option(help="The bank's number of the payment.")],
    reason: Reason,
    user: User,
    currency: OwnCurrency = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Record money that a tenant paid ahead by bank."""

    def run(work: Work, chosen: str) -> WalletTransaction:
        return recharge_wallet(
            work, tenant, amount_minor, chosen, reference, reason=reason, key=key
        )

    _write(user, tenant, currency, run, as_json)


def _write(
    user: str,
    tenant: int,
    currency: str | None,
    run: Callable[[Work, str], WalletTransaction],
    as_json: bool,
) -> None:
    with office().work(system("saldo wallet")) as work:
        chosen = currency or tenant_currency(work, tenant)
    with acting_as(office(), user) as actor, office().work(actor) as work:
        moved = run(work, chosen)
    result = {
        "id": moved.id,
        "tenant_id": moved.tenant_id,
        "type": moved.type,
        "reference_id": moved.reference_id,
        "currency": moved.currency,
        "amount_minor": moved.amount_minor,
        "promotional_minor": moved.promotional_minor,
        "balance_after_minor": moved.balance_after_minor,
        "promotional_after_minor": moved.promotional_after_minor,
    }
    answer(result, as_json, _show_moved)


def _show_moved(result: dict[str, Any]) -> None:
    currency = result["currency"]
    console.print(
        f"{units_text(result['amount_minor'], currency)} {currency}, the wallet now holds "
        f"{units_text(result['balance_after_minor'], currency)} {currency}, "
        f"{units_text(result['promotional_after_minor'], currency)} of it promotional credit"
    )


def _show_wallets(rows: list[dict[str, Any]]) -> None:
    amounts = ("balance_minor", "promotional_minor", "total_minor")
    table(
        ["Id", "Tenant", "Currency", "Prepaid", "Promotional", "Together"],
        [
            [str(row["tenant_id"]), row["tenant_name"], row["currency"]]
            + [units_text(row[name], row["currency"]) for name in amounts]
            for row in rows
        ],
        right=(0, 3, 4, 5),
    )


def _show_history(result: dict[str, Any]) -> None:
    _show_wallets(result["wallets"])
    currency = result["currency"]
    table(
        ["When", "Type", "Description", "Reference", "Amount", "Balance"],
        [
            [
                f"{row['created_at']:%Y-%m-%d %H:%M}",
                row["type"],
                row["description"],
                row["reference_id"],
                units_text(row["amount_minor"], currency),
                units_text(row["balance_after_minor"], currency),
            ]
            for row in result["transactions"]
        ],
        right=(4, 5),
    )
