"""`saldo worker` and `saldo job …`: who runs the jobs, and when each runs."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.jobs import queries
from core.office import office

app = typer.Typer(help="Scheduled jobs and their runs.", no_args_is_help=True)
MINUTE = "%Y-%m-%d %H:%M"


@command
def worker(
    once: Annotated[
        bool, typer.Option("--once", help="Carry out what is due and what waits, then end.")
    ] = False,
) -> None:
    """Run the jobs in the foreground until told to stop."""
    import worker as composed  # noqa: PLC0415 (the pipeline is slow to import, only this needs it)

    if once:
        composed.run_once(office())
    else:
        composed.run(office())


@app.command("list")
@command
def list_jobs(as_json: AsJson = False) -> None:
    """List the jobs with their schedules, last runs and next times."""
    with office().work(system("saldo job list")) as work:
        result = {"jobs": [asdict(row) for row in queries.jobs(work)]}
    answer(result, as_json, _show)


def _show(result: dict[str, Any]) -> None:
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
