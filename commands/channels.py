"""`saldo notification channels|set-channel|…`: how tenants hear, set by the platform (NTF)."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.notifications import actions, queries
from core.notifications.actions import NewSecret
from core.office import office

Tenant = Annotated[int | None, typer.Option(help="The tenant's; all that chose nothing without.")]
Channel = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="email, in_app, webhook, sms or whatsapp.")
]
Events = Annotated[list[str] | None, typer.Option("--event", help="All without one.")]
Endpoint = Annotated[int, typer.Argument(metavar="ENDPOINT", help="The endpoint's id.")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]


@command
def channels(tenant: Tenant = None, as_json: AsJson = False) -> None:
    """Show the channels of a tenant, or the default ones, and the webhook endpoints."""
    with office().work(system("saldo notification channels")) as work:
        result = {
            "channels": [asdict(row) for row in queries.channels(work, tenant)],
            "endpoints": [asdict(row) for row in queries.endpoints(work, tenant)],
        }
    answer(result, as_json, _show)


@command
def set_channel(
    channel: Channel,
    enabled: Annotated[bool, typer.Option("--on/--off", help="Whether messages travel on it.")],
    reason: Reason,
    user: User,
    tenant: Tenant = None,
    event: Events = None,
    address: Annotated[
        list[str] | None, typer.Option(help="A further e-mail address, or a telephone number.")
    ] = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Set how a tenant hears, or all that chose nothing."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = actions.set_channel(
            work, tenant, channel, enabled, events=tuple(event or ()),
            addresses=tuple(address or ()), reason=reason, key=key,
        )  # fmt: skip
        result = {
            "tenant_id": made.tenant_id,
            "channel": made.channel,
            "enabled": made.enabled,
            "events": list(made.events),
            "addresses": list(made.addresses),
        }
    state = "on" if enabled else "off"
    answer(result, as_json, lambda r: console.print(f"{r['channel']} is {state}"))


@command
def add_endpoint(
    url: Annotated[str, typer.Argument(help="https on a public address.")],
    reason: Reason,
    user: User,
    tenant: Tenant = None,
    event: Events = None,
    as_json: AsJson = False,
) -> None:
    """Add a webhook endpoint of a tenant, or the platform's; its secret is shown once."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = actions.add_endpoint(work, tenant, url, events=tuple(event or ()), reason=reason)
    _told(made, as_json)


@command
def rotate_endpoint(
    endpoint: Endpoint, reason: Reason, user: User, tenant: Tenant = None, as_json: AsJson = False
) -> None:
    """Make a new secret, shown once; the one before also signs for a day."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = actions.rotate_endpoint(work, tenant, endpoint, reason=reason)
    _told(made, as_json)


@command
def remove_endpoint(
    endpoint: Endpoint,
    reason: Reason,
    user: User,
    tenant: Tenant = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Send nothing more to an endpoint."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        gone = actions.remove_endpoint(work, tenant, endpoint, reason=reason, key=key)
        result = {"endpoint_id": gone.id, "url": gone.url}
    answer(result, as_json, lambda r: console.print(f"{r['url']} is removed"))


@command
def send_test(
    tenant: Annotated[int, typer.Argument(metavar="TENANT", help="The tenant's id.")],
    channel: Channel,
    user: User,
    endpoint: Annotated[int | None, typer.Option(help="Of the channel webhook.")] = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Let the next run send a tenant a test message."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        actions.send_test(work, tenant, channel, endpoint_id=endpoint, key=key)
    result = {"tenant_id": tenant, "channel": channel, "endpoint_id": endpoint}
    answer(result, as_json, lambda _: console.print("A test message goes out with the next run"))


def _told(made: NewSecret, as_json: bool) -> None:
    answer(asdict(made), as_json, _show_secret)


def _show_secret(result: dict[str, Any]) -> None:
    console.print(f"Endpoint {result['endpoint_id']} has the secret, shown this once:")
    console.print(result["secret"])


def _show(result: dict[str, Any]) -> None:
    table(
        ["Channel", "State", "Events", "Addresses", "Set by"],
        [
            [
                row["channel"],
                "on" if row["enabled"] else "off",
                ", ".join(row["events"]) or "all",
                ", ".join(row["addresses"]),
                "tenant" if row["own"] else "default",
            ]
            for row in result["channels"]
        ],
    )
    if result["endpoints"]:
        table(
            ["Id", "Endpoint", "Events", "State"],
            [
                [
                    str(row["id"]),
                    row["url"],
                    ", ".join(row["events"]) or "all",
                    f"off: {row['disabled_why']}" if row["disabled_at"] else "on",
                ]
                for row in result["endpoints"]
            ],
            right=(0,),
        )
