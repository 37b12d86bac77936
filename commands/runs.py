"""`saldo run JOB`: the scheduled jobs, by hand or from cron."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer

from commands.output import AsJson, answer, command, console, day, failed, table
from core.money import units_text
from core.office import office
from core.subscriptions.run import run_lifecycle
from core.usage.running import run_usage_invoices

app = typer.Typer(help="Scheduled jobs.", no_args_is_help=True)
AsOf = Annotated[
    date | None,
    typer.Option(parser=day, metavar="DATE", help="Do what is due by this day; today if not said."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")]


@app.command("lifecycle")
@command
def lifecycle(as_of: AsOf = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Renew, end trials and pauses, enter grace and read-only, carry out cancellations."""
    run = run_lifecycle(office(), as_of, dry_run=dry_run)
    _report(run.as_json(), as_json, _show_lifecycle)


@app.command("usage-invoices")
@command
def usage_invoices(as_of: AsOf = None, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Invoice the usage of periods that ended."""
    run = asdict(run_usage_invoices(office(), as_of, dry_run=dry_run))
    counts = {name: run.pop(name) for name in ("invoiced", "nothing_owed")}
    _report({**run, "counts": counts}, as_json, _show_usage)


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


def _show_counts(result: dict[str, Any]) -> None:
    counted = ", ".join(f"{name} {count}" for name, count in result["counts"].items())
    mood = "would be" if result["dry_run"] else "done"
    console.print(f"{result['as_of']} {mood}: {counted or 'nothing'}, refused {result['refused']}")
