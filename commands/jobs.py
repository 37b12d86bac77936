"""`saldo job schedule`: when a job runs, chosen by a super admin (OPS)."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console
from core.access.authority import system
from core.jobs import actions, queries
from core.office import office


@command
def schedule(
    name: Annotated[str, typer.Argument(metavar="JOB", help="Such as lifecycle.")],
    reason: Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")],
    user: Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")],
    enabled: Annotated[bool, typer.Option("--on/--off", help="Whether it runs by itself.")] = True,
    cron: Annotated[
        str | None, typer.Option(help="Minute, hour, day, month, weekday; else the built-in time.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The same key again changes nothing.")] = None,
    as_json: AsJson = False,
) -> None:
    """Choose when a job runs by itself, or that it does not."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        actions.set_schedule(work, name, enabled=enabled, cron=cron, reason=reason, key=key)
    with office().work(system("saldo job schedule")) as work:
        result = asdict(queries.job_row(work, name))
    answer(result, as_json, _show)


def _show(job: dict[str, Any]) -> None:
    console.print(
        f"{job['name']} runs {job['when']}" if job["enabled"] else f"{job['name']} is off"
    )
