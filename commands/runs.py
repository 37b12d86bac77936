"""`saldo run JOB`: the scheduled jobs, by hand or from cron."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from commands.output import AsJson, answer, command, console, day, failed, table
from core.charging.checkout import sweep_pages
from core.charging.events import handle_waiting
from core.charging.run import run_auto_charge, sweep_attempts
from core.dunning.run import run_dunning
from core.jobs.catalogue import JOBS
from core.jobs.running import run_by_hand
from core.money import units_text
from core.office import office
from core.planning.run import run_fx
from core.reconciliation.run import run_reconcile
from core.refunds.run import sweep as sweep_refunds
from core.subscriptions.run import run_lifecycle
from core.usage.running import run_usage_invoices

T = TypeVar("T")
COUNTED = (
    "recognition",
    "auto-assign",
    "disputes",
    "refunds",
    "simulator",
    "anchor",
    "sync",
    "sync-full",
)
"""Jobs that answer with counts alone."""


class Jobs(TyperGroup):
    """A group that answers an unknown job with those there are."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The job's command; wrong usage otherwise."""
        if args and self.get_command(ctx, args[0]) is None:
            known = ", ".join(self.list_commands(ctx))
            raise typer.BadParameter(f"There is no job {args[0]!r}; there are {known}", ctx)
        return super().resolve_command(ctx, args)


app = typer.Typer(help="Scheduled jobs.", no_args_is_help=True, cls=Jobs)
AsOf = Annotated[
    date | None,
    typer.Option(parser=day, metavar="DATE", help="Do what is due by this day; today if not said."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")]


@app.command("lifecycle")
@command
def lifecycle(as_of: AsOf = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Renew, end trials and pauses, enter grace and read-only, carry out cancellations."""
    run = recorded(
        "lifecycle",
        lambda: run_lifecycle(office(), as_of, dry_run=dry_run).as_json(),
        lambda done: {**done["counts"], "refused": done["refused"]},
        dry_run=dry_run,
    )
    _report(run, as_json, _show_lifecycle)


@app.command("usage-invoices")
@command
def usage_invoices(as_of: AsOf = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Invoice the usage of periods that ended."""
    names = ("invoiced", "nothing_owed", "refused")
    run = recorded(
        "usage-invoices",
        lambda: asdict(run_usage_invoices(office(), as_of, dry_run=dry_run)),
        lambda done: {name: done[name] for name in names},
        dry_run=dry_run,
    )
    counts = {name: run.pop(name) for name in ("invoiced", "nothing_owed")}
    _report({**run, "counts": counts}, as_json, _show_usage)


@app.command("dunning")
@command
def dunning(as_of: AsOf = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Open cases of overdue invoices, remind, restrict, suspend, close what is settled."""
    run = recorded(
        "dunning",
        lambda: run_dunning(office(), as_of, dry_run=dry_run).as_json(),
        lambda done: {**done["counts"], "refused": done["refused"]},
        dry_run=dry_run,
    )
    _report(run, as_json, _show_dunning)


@app.command("auto-charge")
@command
def auto_charge(as_of: AsOf = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Charge due invoices to the cards kept for their tenants."""
    run = recorded(
        "auto-charge",
        lambda: run_auto_charge(office(), as_of, dry_run=dry_run).as_json(),
        lambda done: done["counts"],
        dry_run=dry_run,
    )
    answer(run, as_json, _show_charges)


@app.command("reconcile")
@command
def reconcile(as_of: AsOf = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Read the gateways' ledgers, hold them against the books, keep how the day ended."""
    run = recorded(
        "reconcile",
        lambda: run_reconcile(office(), as_of, dry_run=dry_run).as_json(),
        lambda done: done["counts"],
        dry_run=dry_run,
    )
    if run["problems"]:
        failed(run, as_json, _show_reconcile, "; ".join(run["problems"]))
    answer(run, as_json, _show_reconcile)


@app.command("fx")
@command
def fx(as_of: AsOf = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Fetch the European Central Bank's exchange rates for the currencies in use."""
    run = recorded(
        "fx",
        lambda: run_fx(office(), as_of, dry_run=dry_run).as_json(),
        lambda done: done["counts"],
        dry_run=dry_run,
    )
    answer(run, as_json, _show_fx)


@app.command("sweep")
@command
def sweep(as_json: AsJson = False) -> None:
    """Finish refunds, charges and recharges that a time-out or a crash left open."""

    def finish() -> dict[str, list[dict[str, Any]]]:
        charges = sweep_attempts(office())
        pages = sweep_pages(office())
        return {
            "refunds": [asdict(outcome) for outcome in sweep_refunds(office())],
            "charges": [{"attempt_id": each.id, "status": each.status} for each in charges],
            "pages": [{"reference": each.reference, "status": each.status} for each in pages],
            "events": [
                {"event": each.event_id, "status": each.status, "words": each.outcome or ""}
                for each in handle_waiting(office())
            ],
        }

    def counted(found: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
        refunds = [one["status"] for one in found["refunds"]]
        counts = {status: refunds.count(status) for status in ("succeeded", "failed", "pending")}
        return counts | {name: len(found[name]) for name in ("charges", "pages", "events")}

    found = recorded("sweep", finish, counted)
    answer({"counts": counted(found), **found}, as_json, _show_sweep)


def _counted(name: str) -> Callable[[bool], None]:
    """The command of a job that answers with counts alone."""

    @command
    def run(as_json: AsJson = False) -> None:
        from worker import DOES  # noqa: PLC0415 (the pipeline is slow to import)

        counts = recorded(name, lambda: DOES[name](office()), lambda done: done)
        answer({"counts": dict(counts)}, as_json, _show_counted)

    return run


for _name in COUNTED:
    app.command(_name, help=JOBS[_name].does + ".")(_counted(_name))


def recorded(
    name: str,
    does: Callable[[], T],
    summary: Callable[[T], Mapping[str, int]],
    *,
    dry_run: bool = False,
) -> T:
    """Run a job as `core/jobs` keeps it on record; a dry run changes nothing and leaves none."""
    return does() if dry_run else run_by_hand(office(), name, does, summary)


def _report(result: dict[str, Any], as_json: bool, words: Any) -> None:
    if result["refused"]:
        failed(result, as_json, words, f"{result['refused']} changes were refused")
    answer(result, as_json, words)


def _show_lifecycle(result: dict[str, Any]) -> None:
    rows = [
        [
            str(change["subscription_id"]),
            change["step"],
            f"{change['before']} → {change['after']}",
            f"{change['period_start']} – {change['period_end']}",
            units_text(change["invoice_minor"], change["currency"]),
            change["currency"],
            change["words"] or change["why"],
        ]
        for change in result["changes"]
    ]
    heads = ["subscription", "step", "status", "period", "invoice", "currency", "why"]
    table(heads, rows, right=(0, 4))
    _show_counts(result)


def _show_usage(result: dict[str, Any]) -> None:
    rows = [
        [
            str(change["subscription_id"]),
            change["outcome"],
            f"{change['period_start']} – {change['period_end']}",
            units_text(change["net_minor"], change["currency"]),
            change["currency"],
            change["words"],
        ]
        for change in result["changes"]
    ]
    heads = ["subscription", "outcome", "period", "net", "currency", "why"]
    table(heads, rows, right=(0, 3))
    _show_counts(result)


def _show_dunning(result: dict[str, Any]) -> None:
    rows = [
        [
            change["number"] or str(change["invoice_id"]),
            str(change["tenant_id"]),
            change["step"],
            change["stage"],
            str(change["days"]),
            units_text(change["due_minor"], change["currency"]),
            change["currency"],
            change["words"],
        ]
        for change in result["changes"]
    ]
    heads = ["invoice", "tenant", "step", "stage", "days", "owed", "currency", "why"]
    table(heads, rows, right=(1, 4, 5))
    _show_counts(result)


def _show_counted(result: dict[str, Any]) -> None:
    told = [f"{name.replace('_', ' ')} {count}" for name, count in result["counts"].items()]
    console.print(", ".join(told) or "nothing to do")


def _show_counts(result: dict[str, Any]) -> None:
    counted = ", ".join(f"{name} {count}" for name, count in result["counts"].items())
    mood = "would be" if result["dry_run"] else "done"
    console.print(f"{result['as_of']} {mood}: {counted or 'nothing'}, refused {result['refused']}")


def _show_charges(result: dict[str, Any]) -> None:
    rows = [
        [
            change["number"],
            str(change["tenant_id"]),
            units_text(change["amount_minor"], change["currency"]),
            change["currency"],
            change["outcome"],
            change["words"],
        ]
        for change in result["changes"]
    ]
    table(["invoice", "tenant", "amount", "currency", "outcome", "why"], rows, right=(1, 2))
    counted = ", ".join(f"{name} {count}" for name, count in result["counts"].items())
    mood = "would be" if result["dry_run"] else "done"
    console.print(f"{result['as_of']} {mood}: {counted or 'nothing'}")


def _show_reconcile(result: dict[str, Any]) -> None:
    rows = [
        [
            each["provider"],
            each["difference"].replace("_", " "),
            each["reference"],
            units_text(each["difference_minor"], each["currency"]),
            each["currency"],
            str(each["age_days"]),
            each["words"],
        ]
        for each in result["differences"]
    ]
    heads = ["provider", "difference", "reference", "gateway has more", "currency", "days", "why"]
    table(heads, rows, right=(3, 5))
    counted = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in result["counts"].items())
    mood = "would be" if result["dry_run"] else "done"
    console.print(f"{result['as_of']} {mood}: {counted}")


def _show_fx(result: dict[str, Any]) -> None:
    if result["off"]:
        console.print(result["off"])
        return
    rows = [
        [
            str(change["rated_on"]),
            change["currency"],
            change["rate_to_eur"],
            change["outcome"],
            change["words"],
        ]
        for change in result["changes"]
    ]
    table(["day", "currency", "EUR for one", "outcome", "why"], rows, right=(2,))
    if result["unpublished"]:
        console.print(f"in use, but not published: {', '.join(result['unpublished'])}")
    counted = ", ".join(f"{name} {count}" for name, count in result["counts"].items())
    mood = "would be" if result["dry_run"] else "done"
    newest = f"newest of {result['published_on']}" if result["published_on"] else "none published"
    console.print(f"{result['as_of']} {mood}: {counted}; {newest}")


def _show_sweep(result: dict[str, Any]) -> None:
    rows = [
        ["refund", str(one["refund_id"]), one["status"], one["words"]] for one in result["refunds"]
    ]
    rows += [["charge", str(one["attempt_id"]), one["status"], ""] for one in result["charges"]]
    rows += [["page", one["reference"], one["status"], ""] for one in result["pages"]]
    rows += [["event", one["event"], one["status"], one["words"]] for one in result["events"]]
    table(["what", "which", "status", "why"], rows)
