"""`saldo gateway …`, `saldo keys rotate`: keys of the gateways, their events, single charges."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.charging import queries
from core.charging.events import handle, replay_event
from core.charging.run import charge_now
from core.errors import BadInput
from core.gateways import configuring
from core.money import units_text
from core.office import office
from core.resealing import reseal_secrets
from core.secrets import add_key

app = typer.Typer(help="Payment gateways.", no_args_is_help=True)
keys_app = typer.Typer(help="The keys that secrets are sealed with.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Provider = Annotated[str, typer.Argument(metavar="GATEWAY", help="stripe, paystack or paypal.")]
Tenant = Annotated[int | None, typer.Option(help="A tenant's own keys; else the company's.")]
InvoiceId = Annotated[int, typer.Argument(metavar="INVOICE", help="The invoice's id.")]


@app.command("list")
@command
def list_gateways(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Show each gateway's keys, masked, and the addresses to give to it."""
    with office().work(system("saldo gateway list")) as work:
        found = configuring.gateway_configs(office(), work, tenant)
    answer({"gateways": [asdict(each) for each in found]}, as_json, _show_gateways)


@app.command("set-keys")
@command
def set_keys(
    provider: Provider,
    mode: Annotated[str, typer.Option(help="test or live.")],
    key: Annotated[
        list[str],
        typer.Option(metavar="NAME", help="A key to set, asked for unseen; several times."),
    ],
    reason: Reason,
    user: User,
    tenant: Tenant = None,
    as_json: AsJson = False,
) -> None:
    """Store keys, each asked for on the terminal or read as a line of the input."""
    if mode not in ("test", "live"):
        raise BadInput(f"The mode is test or live, not {mode!r}")
    given = {name: typer.prompt(name, hide_input=True, err=True) for name in key}
    with acting_as(office(), user) as actor:
        with office().work(actor) as work:
            configuring.set_keys(
                work,
                provider,
                given,
                "live" if mode == "live" else "test",
                tenant_id=tenant,
                reason=reason,
            )
        with office().work(actor) as work:
            found = configuring.gateway_configs(office(), work, tenant)
    shown = [asdict(each) for each in found if each.provider == provider]
    answer({"gateways": shown}, as_json, _show_gateways)


@app.command("remove-keys")
@command
def remove_keys(
    provider: Provider, reason: Reason, user: User, tenant: Tenant = None, as_json: AsJson = False
) -> None:
    """Forget stored keys."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        configuring.remove_keys(work, provider, tenant_id=tenant, reason=reason)
    answer({"removed": provider}, as_json, lambda _: console.print("removed"))


@app.command("test")
@command
def try_keys(
    provider: Provider, user: User, tenant: Tenant = None, as_json: AsJson = False
) -> None:
    """Ask the gateway whether it takes the keys; no money moves."""
    with acting_as(office(), user) as actor:
        words = configuring.try_connection(office(), actor, provider, tenant_id=tenant)
    answer({"words": words}, as_json, lambda result: console.print(result["words"]))


@app.command()
@command
def events(
    provider: Annotated[str | None, typer.Option(help="Only of this gateway.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only waiting, handled, ignored or failed ones.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List what the gateways sent, the newest first."""
    with office().work(system("saldo gateway events")) as work:
        page = queries.events(work, provider=provider, status=status, limit=limit, offset=offset)
    answer(asdict(page), as_json, _show_events)


@app.command()
@command
def replay(
    event_id: Annotated[int, typer.Argument(metavar="ID", help="The event's id here.")],
    reason: Reason,
    user: User,
    as_json: AsJson = False,
) -> None:
    """Handle a stored event again."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        replay_event(work, event_id, reason=reason)
    row = handle(office(), event_id)
    result = {"id": row.id, "status": row.status, "outcome": row.outcome, "problem": row.problem}
    answer(result, as_json, lambda done: console.print(f"{done['status']}: {done['outcome']}"))


@command
def charge(invoice_id: InvoiceId, user: User, as_json: AsJson = False) -> None:
    """Charge what is owed on an invoice to the tenant's card now."""
    with acting_as(office(), user) as actor:
        done = charge_now(office(), actor, invoice_id)
    answer(_attempt(done), as_json, _show_attempt)


@command
def attempts(invoice_id: InvoiceId, as_json: AsJson = False) -> None:
    """List the attempts to charge an invoice, the newest first."""
    with office().work(system("saldo invoice attempts")) as work:
        rows = [_attempt(row) for row in queries.attempts_of(work, invoice_id)]
    answer({"attempts": rows}, as_json, _show_attempts)


@keys_app.command()
@command
def rotate(reason: Reason, user: User, as_json: AsJson = False) -> None:
    """Make a new encryption key and seal every stored secret with it.

    Keys in SALDO_SECRET_KEYS are changed there by hand; secrets are then sealed anew.
    """
    given = office().settings.secret_keys is not None
    with acting_as(office(), user) as actor:
        with office().work(actor) as work:
            work.require("payment_config.manage")
        version = "" if given else add_key(office().settings)
        with office().work(actor) as work:
            rows = reseal_secrets(work, reason=reason)
    result = {"key": version or None, "resealed": rows}
    answer(result, as_json, lambda done: console.print(f"{done['resealed']} secrets sealed anew"))


def _attempt(row: Any) -> dict[str, Any]:
    names = ("id", "invoice_id", "nth", "status", "amount_minor", "currency", "scheduled")
    more = ("failure_code", "hard", "payment_id", "started_at", "settled_at")
    return {name: getattr(row, name) for name in (*names, *more)}


def _show_gateways(result: dict[str, Any]) -> None:
    rows = [
        [
            each["title"],
            each["source"],
            each["mode"] or "",
            ", ".join(f"{name} {value}" for name, value in each["shown"].items()),
            each["webhook_url"],
        ]
        for each in result["gateways"]
    ]
    table(["gateway", "keys from", "mode", "keys", "webhook address"], rows)


def _show_events(result: dict[str, Any]) -> None:
    rows = [
        [
            str(row["id"]),
            row["provider"],
            row["kind"],
            row["status"],
            row["outcome"] or row["problem"] or "",
        ]
        for row in result["rows"]
    ]
    table(["id", "gateway", "kind", "status", "what followed"], rows, right=(0,))
    console.print(f"{len(rows)} of {result['total']}")


def _show_attempt(row: dict[str, Any]) -> None:
    _show_attempts({"attempts": [row]})


def _show_attempts(result: dict[str, Any]) -> None:
    rows = [
        [
            str(row["nth"]),
            row["status"],
            units_text(row["amount_minor"], row["currency"]),
            row["currency"],
            row["failure_code"] or "",
        ]
        for row in result["attempts"]
    ]
    table(["attempt", "status", "amount", "currency", "why"], rows, right=(0, 2))
