"""`saldo ledger …` and `saldo audit …`: do the books hold, is the log untouched."""

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.output import AsJson, answer, checked, command, console, failed, table
from core.access.authority import system
from core.audit import anchors
from core.audit.queries import Anchor, ChainReport, verify
from core.ledger.checks import Check, check_books, trial_balance
from core.money import units_text
from core.office import office
from core.settings import settings

ledger_app = typer.Typer(help="The double-entry ledger.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)
AnchorFile = Annotated[
    Path | None,
    typer.Option("--anchors", exists=True, dir_okay=False, help="Heads kept elsewhere."),
]


@ledger_app.command()
@command
def check(as_json: AsJson = False) -> None:
    """Compare the ledger with itself and with the documents."""
    with office().work(system("saldo ledger check")) as work:
        checks = check_books(work)
    result = {"passed": all(c.passed for c in checks), "checks": [_described(c) for c in checks]}
    if not result["passed"]:
        wrong = "; ".join(c.name for c in checks if not c.passed)
        failed(result, as_json, _show_checks, f"The books do not hold: {wrong}")
    answer(result, as_json, _show_checks)


@ledger_app.command("trial-balance")
@command
def show_trial_balance(as_json: AsJson = False) -> None:
    """Print the balance of every account and currency."""
    with office().work(system("saldo ledger trial-balance")) as work:
        rows = trial_balance(work)
    answer({"accounts": rows}, as_json, _show_balance)


@audit_app.command("verify")
@command
def verify_log(anchor_file: AnchorFile = None, as_json: AsJson = False) -> None:
    """Recompute the hash chain and compare it with anchored heads."""
    kept = anchors.read(anchor_file) if anchor_file else None
    if kept is None and _default_anchors().exists():
        kept = anchors.read(_default_anchors())
    with office().work(system("saldo audit verify")) as work:
        report = verify(work, kept)
    result = {
        "intact": report.intact,
        "rows": report.rows,
        "head_seq": report.head_seq,
        "head_hash": report.head_hash,
        "broken_seq": report.broken_seq,
        "broken_anchors": list(report.broken_anchors),
        "anchors": len(kept or []),
    }
    if not report.intact:
        failed(result, as_json, _show_chain, _broken_words(report))
    answer(result, as_json, _show_chain)


@audit_app.command()
@command
def anchor(
    file: Annotated[Path | None, typer.Option(help="Where to keep it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Keep the head of the chain outside the database."""
    with office().work(system("saldo audit anchor")) as work:
        report = verify(work)
        head = Anchor(report.head_seq, report.head_hash, work.now.isoformat())
    path = file or _default_anchors()
    if not report.intact:
        failed({"intact": False}, as_json, _show_chain, _broken_words(report))
    if report.rows:
        anchors.keep(path, head)
    result = {"file": str(path), "seq": head.seq, "hash": head.hash}
    answer(result, as_json, lambda r: console.print(f"Event {r['seq']} anchored in {r['file']}"))


def _default_anchors() -> Path:
    return settings().home / "anchors.jsonl"


def _described(check: Check) -> dict[str, Any]:
    return {"name": check.name, "passed": check.passed, "differences": check.differences}


def _show_checks(result: dict[str, Any]) -> None:
    for one in result["checks"]:
        checked(one["passed"], one["name"])
        for difference in one["differences"]:
            console.print(f"    {difference}")


def _show_balance(result: dict[str, Any]) -> None:
    rows = [
        [r["code"], r["name"], r["currency"], units_text(r["amount_minor"], r["currency"])]
        for r in result["accounts"]
    ]
    table(["Account", "Name", "Currency", "Balance"], rows, right=(3,))


def _show_chain(result: dict[str, Any]) -> None:
    if result["intact"]:
        console.print(
            f"{result['rows']:,} events, chain intact, {result['anchors']} anchors fit, "
            f"head {result['head_hash'][:16]}"
        )


def _broken_words(report: ChainReport) -> str:
    parts = []
    if report.broken_seq is not None:
        parts.append(f"event {report.broken_seq} was altered or a neighbour of it removed")
    if report.broken_anchors:
        parts.append(f"anchored events {list(report.broken_anchors)} are gone or different")
    return "The audit log is not intact: " + "; ".join(parts)
