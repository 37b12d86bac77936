"""`saldo job …`: the jobs with their runs, and when each runs (OPS)."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.jobs import actions, queries
from core.office import office

app = typer.Typer(help="Scheduled jobs and their runs.", no_args_is_help=True)
MINUTE = "%Y-%m-%d %H:%M"


@app.command("list")
@command
def list_jobs(as_json: AsJson = False) -> None:
    """List the jobs with their schedules, last runs and next times."""
    with office().work(system("saldo job list")) as work:
        result = {"jobs": [asdict(row) for row in queries.jobs(work)]}
    answer(result, as_json, _show_jobs)


@app.command()
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
    answer(result, as_json, _show_schedule)


def _show_jobs(result: dict[str, Any]) -> None:
    rows = [
        [
            job["name"],
            job["when"],
            _last(job["last"]),
            job["next_at"].strftime(MINUTE) if job["next_at"] else "off",
            job["does"],
        ]
        for job in result["jobs"]
    ]
    table(["job", "when", "last run (UTC)", "next (UTC)", "what it does"], rows)
    if not any(job["last"] for job in result["jobs"]):
        console.print("No run yet: is a worker running?")


def _last(run: dict[str, Any] | None) -> str:
    if run is None:
        return "never"
    return f"{(run['started_at'] or run['asked_at']).strftime(MINUTE)} {run['outcome']}"


def _show_schedule(job: dict[str, Any]) -> None:
    console.print(
        f"{job['name']} runs {job['when']}" if job["enabled"] else f"{job['name']} is off"
    )
