"""`saldo notification …` and the job `saldo run notifications`: what tenants are told.

The job is registered among the runs by `runs.app.command("notifications")(run)`.
"""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from commands.runs import recorded
from core.access.authority import system
from core.notifications import queries
from core.notifications.actions import redeliver as redeliver_one
from core.notifications.running import MOST, run_notifications
from core.office import office

app = typer.Typer(help="Messages to tenants.", no_args_is_help=True)

DeliveryId = Annotated[int, typer.Argument(metavar="DELIVERY", help="The delivery's id.")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]


@app.command("list")
@command
def list_deliveries(
    status: Annotated[
        str | None, typer.Option(help="pending, claimed, sending, sent, failed or unknown.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="email, in_app, webhook, sms or whatsapp.")
    ] = None,
    tenant: Annotated[int | None, typer.Option(help="Only this tenant's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List deliveries of messages, the newest first."""
    with office().work(system("saldo notification list")) as work:
        page = queries.deliveries(
            work, tenant_id=tenant, status=status, channel=channel, limit=limit, offset=offset
        )
    result = {"count": page.count, "deliveries": [asdict(row) for row in page.rows]}
    answer(result, as_json, _show)


@app.command()
@command
def redeliver(
    delivery: DeliveryId, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Let the next run try a failed or unclear delivery again, under the same id."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        again = redeliver_one(work, delivery, reason=reason, key=key)
        result = {"id": again.id, "channel": again.channel, "status": again.status}
    answer(result, as_json, lambda r: console.print(f"Delivery {r['id']} is {r['status']}"))


@command
def run(
    limit: Annotated[int, typer.Option(min=1, help="Deliveries tried at most.")] = MOST,
    as_json: AsJson = False,
) -> None:
    """Tell tenants what is to be told, by e-mail, inbox, webhook and telephone."""
    result = recorded(
        "notifications", lambda: run_notifications(office(), limit), lambda done: dict(vars(done))
    ).as_json()
    answer(result, as_json, lambda r: console.print(_counted(r["counts"])))


def _counted(counts: dict[str, int]) -> str:
    told = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items() if count)
    return told or "nothing to tell"


def _show(result: dict[str, Any]) -> None:
    table(
        ["Id", "When", "Tenant", "Event", "Channel", "To", "Status", "Tries", "Problem"],
        [
            [
                str(row["id"]),
                f"{row['created_at']:%Y-%m-%d %H:%M}",
                row["tenant_name"],
                row["event_type"],
                row["channel"],
                row["recipient"],
                row["status"],
                str(row["attempts"]),
                row["problem"] or "",
            ]
            for row in result["deliveries"]
        ],
        right=(0, 7),
    )
