"""`saldo report reconciliation` and `saldo reconciliation …`: gateways against the books (REC)."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.document_reports import From, To
from commands.output import AsJson, Format, answer, command, console, table
from core.access.authority import system
from core.documents.lists import Column, list_pdf
from core.money import units_text
from core.office import office
from core.reconciliation.actions import DECIDING, Outcome, Sight, decide_each, heed_difference
from core.reconciliation.report import Difference, Total
from core.reconciliation.viewing import (
    FILE_COLUMNS,
    Reconciliation,
    as_lines,
    reconciliation,
)
from core.settings import settings
from etl.export import as_frame, csv_text

app = typer.Typer(help="Differences between gateways and books.", no_args_is_help=True)
Provider = Annotated[
    str | None, typer.Option(help="stripe, paystack, paypal or bankgirot; all if not said.")
]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="Act as this user.")]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
HEADS = (
    "Provider",
    "Difference",
    "Reference",
    "Books",
    "Gateway",
    "Currency",
    "Days",
    "Why",
)
RIGHT = (3, 4, 6)


@command
def report(
    since: From,
    until: To,
    provider: Provider = None,
    form: Format = None,
    as_json: AsJson = False,
) -> None:
    """What gateways and bank say against the books, in total and line by line."""
    at, actor = office(), system("saldo report")
    found = reconciliation(at, actor, since, until, provider)
    if form == "csv":
        sys.stdout.write(csv_text(as_frame(as_lines(found), FILE_COLUMNS)))
    elif form == "pdf":
        sys.stdout.buffer.write(_pdf(found))
    else:
        answer(asdict(found), as_json or form == "json", lambda _: _show(found))


@app.command()
@command
def decide(
    decision: Annotated[str, typer.Argument(help=f"One of {', '.join(DECIDING)}.")],
    provider: Annotated[str, typer.Option(help="The gateway.")],
    kind: Annotated[str, typer.Option(help="What differs, such as charge or payout.")],
    reference: Annotated[str, typer.Option(help="Its number.")],
    difference_minor: Annotated[int, typer.Option(help="What the gateway has more, as seen.")],
    reason: Reason,
    user: User,
    tenant: Annotated[int | None, typer.Option(help="For a tenant's own account.")] = None,
    as_json: AsJson = False,
) -> None:
    """Post the fee of a difference, book it, or leave it as it is."""
    if decision not in DECIDING:
        raise typer.BadParameter(f"{decision!r} is none of {', '.join(DECIDING)}")
    seen = Sight(provider, tenant, kind, reference, difference_minor)
    with acting_as(office(), user) as actor:
        (done,) = decide_each(office(), actor, decision, [seen], reason=reason)
    answer(asdict(done), as_json, lambda _: _show_outcome(done))
    if done.decision_id is None:
        raise typer.Exit(1)


@app.command()
@command
def undo(
    number: Annotated[int, typer.Argument(metavar="DECISION", help="The decision's number.")],
    reason: Reason,
    user: User,
    as_json: AsJson = False,
) -> None:
    """Take a difference that was left as it is up again."""
    with acting_as(office(), user) as actor, office().work(actor) as work:
        kept = heed_difference(work, number, reason=reason)
        told = {"decision_id": kept.id, "reference": kept.reference, "undone_at": kept.undone_at}
    answer(told, as_json, lambda _: console.print(f"{kept.reference} is open again"))


def _pdf(found: Reconciliation) -> bytes:
    columns = [Column(title, right=place in RIGHT) for place, title in enumerate(HEADS)]
    rows = [_row(each) for each in found.differences]
    sums = "; ".join(
        f"{t.provider} {t.currency}: drift {units_text(t.drift_minor, t.currency)}"
        for t in found.totals
    )
    told = f"{found.since} to {found.until}. {sums}"
    return list_pdf(settings(), "Reconciliation", columns, rows, found.as_of, told)


def _row(each: Difference) -> list[str]:
    return [
        each.provider,
        each.difference.replace("_", " "),
        f"{each.kind.replace('_', ' ')} {each.reference}",
        _side(each.ledger_minor, each.ledger_fee_minor, each.currency),
        _side(each.provider_minor, each.provider_fee_minor, each.their_currency or each.currency),
        each.currency,
        str(each.age_days),
        each.ignored.reason if each.ignored else each.words,
    ]


def _side(amount_minor: int | None, fee_minor: int | None, currency: str) -> str:
    """An amount, and its fee where there is one."""
    if amount_minor is None:
        return "–"
    fee = f" − {units_text(fee_minor, currency)}" if fee_minor else ""
    return units_text(amount_minor, currency) + fee


def _total(total: Total) -> list[str]:
    amounts = (
        total.ledger_minor,
        total.provider_minor,
        total.in_transit_minor,
        total.drift_minor,
        total.tolerance_minor,
    )
    return [
        total.provider,
        *(units_text(amount, total.currency) for amount in amounts),
        total.currency,
        str(total.open_rows),
        total.standing,
    ]


def _show(found: Reconciliation) -> None:
    for state in found.providers:
        if state.words:
            console.print(f"{state.provider}: {state.state.replace('_', ' ')}. {state.words}")
    table(
        ["provider", "books", "gateway", "in transit", "drift", "tolerance", "currency", "open",
         "standing"],
        [_total(total) for total in found.totals],
        right=(1, 2, 3, 4, 5, 7),
    )  # fmt: skip
    open_rows = [_row(each) for each in found.differences if each.open]
    if open_rows:
        table([head.lower() for head in HEADS], open_rows, right=RIGHT)


def _show_outcome(done: Outcome) -> None:
    words: Any = done.words or f"decision {done.decision_id}"
    console.print(f"{done.sight.reference}: {words}")
