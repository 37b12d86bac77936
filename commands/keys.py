"""`saldo apikey …`: keys for programs, made by a user who may."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.access.keys import MOST_KEYS, create_key, keys, revoke_key
from core.office import office

app = typer.Typer(help="API keys of programs.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]


@app.command()
@command
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    permission: Annotated[list[str], typer.Option(help="May be given several times.")],
    reason: Reason,
    user: User,
    tenant: Annotated[int | None, typer.Option(help="For a tenant's own software.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3_650, help="Valid so long.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; its token is shown once."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        made = create_key(
            work,
            name,
            tuple(permission),
            tenant_id=tenant,
            expires_at=None if days is None else work.now + timedelta(days=days),
            reason=reason,
        )
    answer(asdict(made), as_json, _show_made)


@app.command("list")
@command
def list_keys(
    tenant: Annotated[int | None, typer.Option(help="Only this tenant's keys.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_KEYS)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List the keys, the revoked ones too."""
    with office().work(system("saldo apikey list")) as work:
        page = keys(work, tenant_id=tenant, limit=limit, offset=offset)
    result = {"count": page.count, "keys": [asdict(row) for row in page.rows]}
    answer(result, as_json, _show_keys)


@app.command()
@command
def revoke(
    key_id: Annotated[int, typer.Argument(metavar="ID", help="The key's id.")],
    reason: Reason,
    user: User,
    as_json: AsJson = False,
) -> None:
    """End a key at once."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        ended = revoke_key(work, key_id, reason=reason)
    result = {"id": ended.id, "prefix": ended.prefix, "revoked_at": ended.revoked_at}
    answer(result, as_json, lambda r: console.print(f"The key {r['prefix']} is revoked"))


def _show_made(result: dict[str, Any]) -> None:
    console.print(f"The key {result['name']} has the token, shown this once:")
    console.print(result["token"])


def _show_keys(result: dict[str, Any]) -> None:
    rows = [
        [
            str(row["id"]),
            row["name"],
            row["prefix"],
            row["tenant_name"] or "platform",
            ", ".join(row["permissions"]),
            _when(row["last_used_at"]),
            "revoked" if row["revoked_at"] else _when(row["expires_at"]),
        ]
        for row in result["keys"]
    ]
    table(["Id", "Name", "Prefix", "Of", "Permissions", "Last used", "Ends"], rows, right=(0,))


def _when(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else "never"
