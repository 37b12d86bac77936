"""`saldo dunning …`: the queue of overdue invoices, one case, and what people do to it."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, day, table
from core.access.authority import system
from core.dunning import actions, policies, queries
from core.dunning.queries import CaseRow
from core.dunning.rules import stage_of
from core.money import units_text
from core.office import office
from core.work import Work

app = typer.Typer(help="Chasing overdue invoices.", no_args_is_help=True)

CaseId = Annotated[int, typer.Argument(metavar="CASE", help="The case's id.")]
TenantId = Annotated[int, typer.Argument(metavar="TENANT", help="The tenant's id.")]
OneCase = Annotated[int | None, typer.Option("--case", help="This case; all that run without.")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]
Stages = Annotated[
    list[str] | None,
    typer.Option("--stage", metavar="DAYS:EFFECT[:NAME]", help="One for each rung, in order."),
]
SHOWN = ("Id", "Tenant", "Invoice", "Owed", "Currency", "Days", "Stage", "Next", "On", "Override")


@app.command("list")
@command
def list_cases(
    search: Annotated[str | None, typer.Option(help="Part of the tenant's name.")] = None,
    state: Annotated[str | None, typer.Option(help=f"One of {', '.join(queries.STATES)}.")] = None,
    closed: Annotated[bool, typer.Option("--closed", help="Those that are closed.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List the queue, the longest overdue first."""
    with office().work(system("saldo dunning list")) as work:
        page = queries.queue(work, search, state, closed=closed, limit=limit, offset=offset)
    answer(asdict(page), as_json, _show_queue)


@app.command()
@command
def show(case: CaseId, as_json: AsJson = False) -> None:
    """Show a case with its ladder and what was done."""
    with office().work(system("saldo dunning show")) as work:
        found = asdict(queries.case_detail(work, case))
    answer({**found.pop("row"), **found}, as_json, _show_case)


@app.command()
@command
def remind(case: CaseId, user: User, key: Key = None, as_json: AsJson = False) -> None:
    """Send a reminder and take the next rung, unless that suspends or cancels."""

    def run(work: Work) -> CaseRow:
        actions.remind(work, case, key=key)
        return queries.written(work, case)

    _write_case(user, run, as_json)


@app.command()
@command
def suspend(
    case: CaseId, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Suspend what the case is about."""

    def run(work: Work) -> CaseRow:
        actions.suspend(work, case, reason=reason, key=key)
        return queries.written(work, case)

    _write_case(user, run, as_json)


@app.command()
@command
def override(
    tenant: TenantId,
    reason: Reason,
    user: User,
    path: Annotated[str, typer.Option(help="freeze or custom.")] = "freeze",
    case: OneCase = None,
    stage: Stages = None,
    until: Annotated[
        date | None,
        typer.Option(parser=day, metavar="DATE", help="The ladder holds again from this day."),
    ] = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Freeze a tenant's cases, or give them stages of their own."""
    stages = tuple(stage_of(given) for given in stage or ())

    def run(work: Work) -> None:
        actions.override(
            work, tenant, path, case_id=case, stages=stages, until=until, reason=reason, key=key
        )

    _write_tenant(user, tenant, run, as_json)


@app.command()
@command
def resume(
    tenant: TenantId,
    reason: Reason,
    user: User,
    case: OneCase = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """End an override: the ladder holds again, by the days overdue."""

    def run(work: Work) -> None:
        actions.resume(work, tenant, case_id=case, reason=reason, key=key)

    _write_tenant(user, tenant, run, as_json)


@app.command()
@command
def ladder(
    stage: Stages = None,
    tenant: Annotated[int | None, typer.Option(help="This tenant's own ladder.")] = None,
    common: Annotated[
        bool, typer.Option("--common", help="Lead the tenant back to the common ladder.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why a new version is added.")] = "",
    user: Annotated[str, typer.Option("--as", metavar="EMAIL")] = "",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Show the ladder in force, or add a new version of it; running cases keep theirs."""
    stages = tuple(stage_of(given) for given in stage or ())
    if stages or common:
        with acting_as(office(), user) as actor, office().work(actor) as work:
            policies.add_policy(work, stages, tenant_id=tenant, reason=reason, key=key)
    with office().work(system("saldo dunning ladder")) as work:
        policy = policies.policy_for(work, tenant)
        rungs = policies.as_json(policies.ladder_of(work, policy.id))
    answer({"version": policy.version, "stages": rungs}, as_json, _show_ladder)


def _write_case(user: str, run: Callable[[Work], CaseRow], as_json: bool) -> None:
    with acting_as(office(), user) as actor, office().work(actor) as work:
        row = asdict(run(work))
    answer(row, as_json, lambda found: _table([found]))


def _write_tenant(user: str, tenant: int, run: Callable[[Work], None], as_json: bool) -> None:
    with acting_as(office(), user) as actor, office().work(actor) as work:
        run(work)
        found = asdict(queries.written_for(work, tenant))
    answer(found, as_json, lambda seen: _table(seen["cases"]))


def _show_queue(found: dict[str, Any]) -> None:
    _table(found["rows"])
    counted = ", ".join(f"{name} {count}" for name, count in found["counts"].items())
    console.print(f"{found['count']} cases; {counted}")


def _show_case(found: dict[str, Any]) -> None:
    _table([found])
    _show_ladder({"version": found["policy_version"], "stages": found["stages"]})
    rows = [
        [
            event["created_at"].isoformat(timespec="seconds"),
            event["kind"],
            event["actor_name"] or event["actor_type"],
            event["reason"],
        ]
        for event in found["events"]
    ]
    table(["When", "What", "Who", "Reason"], rows)


def _show_ladder(found: dict[str, Any]) -> None:
    rungs = ", ".join(
        f"{stage['after_days']} {stage['effect']} ({stage['template']})"
        for stage in found["stages"]
    )
    console.print(f"Ladder version {found['version']}, by days overdue: {rungs}")


def _table(rows: list[dict[str, Any]]) -> None:
    body = [
        [
            str(row["id"]),
            row["tenant_name"],
            row["number"] or str(row["invoice_id"]),
            units_text(row["due_minor"], row["currency"]),
            row["currency"],
            str(row["days_overdue"]),
            row["stage"] or row["status"],
            row["next_stage"],
            str(row["next_on"] or ""),
            row["override_path"] or "",
        ]
        for row in rows
    ]
    table(list(SHOWN), body, right=(0, 3, 5))
