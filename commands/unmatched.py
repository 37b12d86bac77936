"""`saldo unmatched …`: stray bank transfers, what each may pay, and decisions (UNM.2–4)."""

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, table
from core.access.authority import system
from core.errors import BadInput
from core.inbox import choosing, deciding, undoing
from core.inbox.learning import recalibrate
from core.inbox.listing import UnmatchedFilters, UnmatchedRow, found_unmatched, unmatched
from core.inbox.several import Several, undo_several
from core.inbox.trial import LEAST, try_auto_assign
from core.invoices.listing import one_invoice
from core.money import units_text
from core.office import office
from core.work import Work

T = TypeVar("T")

app = typer.Typer(help="Bank transfers that wait for a person.", no_args_is_help=True)
auto_app = typer.Typer(help="Certain transfers posted without a person.", no_args_is_help=True)
app.add_typer(auto_app, name="auto")

Number = Annotated[int, typer.Argument(metavar="ID", help="Its number in the inbox.")]
Numbers = Annotated[list[int], typer.Argument(metavar="ID …", help="Their numbers in the inbox.")]
Invoices = Annotated[
    list[str],
    typer.Option("--invoice", metavar="N[:MINOR]", help="An invoice, and how much goes on it."),
]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]
Months = Annotated[int, typer.Option(min=1, max=24, help="How far back.")]
Probability = Annotated[str, typer.Option(metavar="P", help="0.98 to 1.")]


@app.command("list")
@command
def list_transfers(
    search: Annotated[str | None, typer.Option(help="Payer, account, reference or text.")] = None,
    status: Annotated[str, typer.Option(help="open, assigned, ignored or all.")] = "open",
    currency: Annotated[str | None, typer.Option()] = None,
    automatic: Annotated[
        bool, typer.Option("--automatic", help="Those posted without a person.")
    ] = False,
    sort: Annotated[str, typer.Option(help="certain, age, amount, payer, decided.")] = "certain",
    ascending: Annotated[bool, typer.Option("--ascending")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List transfers with what each may pay, the certain ones first."""
    wanted = UnmatchedFilters(
        None if automatic or status == "all" else status,
        search,
        currency,
        automatic=automatic or None,
    )
    with office().work(system("saldo unmatched list")) as work:
        page = unmatched(
            work, wanted, sort=sort, descending=not ascending, limit=limit, offset=offset
        )
    result = {
        "count": page.count,
        "by_status": page.by_status,
        "automatic": page.automatic,
        "transfers": [asdict(row) for row in page.rows],
    }
    answer(result, as_json, lambda _: _show_rows(page.rows))


@app.command()
@command
def suggest(number: Number, as_json: AsJson = False) -> None:
    """Up to five suggestions for a transfer, with probability and reasons."""
    row = _row(number)
    answer(asdict(row), as_json, lambda _: _show_one(row))


@app.command()
@command
def assign(
    number: Number,
    invoice: Invoices,
    reason: Reason,
    user: User,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Put a transfer on invoices; what is left over is the credit of the first one's tenant."""
    shares = _shares(invoice)
    _act(user, lambda work: deciding.assign_transfer(work, number, shares, reason=reason, key=key))
    _told(number, as_json)


@app.command()
@command
def ignore(
    number: Number, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Park a transfer; its money stays unapplied."""
    _act(user, lambda work: deciding.ignore_transfer(work, number, reason=reason, key=key))
    _told(number, as_json)


@app.command()
@command
def undo(
    numbers: Numbers, reason: Reason, user: User, key: Key = None, as_json: AsJson = False
) -> None:
    """Take decisions back: their invoices are owed again, the transfers wait."""
    if len(numbers) == 1:
        (number,) = numbers
        _act(user, lambda work: undoing.undo_decision(work, number, reason=reason, key=key))
        _told(number, as_json)
        return
    with acting_as(office(), user) as actor:
        found = undo_several(office(), actor, numbers, reason=reason, key=key)
    answer(asdict(found), as_json, lambda _: _show_several(found))


@app.command("not-theirs")
@command
def not_theirs(
    number: Number,
    tenant: Annotated[int, typer.Option(help="The tenant's id.")],
    user: User,
    as_json: AsJson = False,
) -> None:
    """Say that a transfer is not a tenant's; it is suggested less from then on."""
    _act(user, lambda work: deciding.decline_suggestion(work, number, tenant))
    _told(number, as_json)


@app.command("recalibrate")
@command
def recalibrate_matching(reason: Reason, user: User, as_json: AsJson = False) -> None:
    """Learn from the company's own decisions how often a score was right."""

    def do(work: Work) -> dict[str, Any]:
        made = recalibrate(work, reason=reason)
        return {
            "id": made.id,
            "fitted_at": made.fitted_at,
            "decisions": made.decisions,
            "steps": made.steps,
        }

    done = _act(user, do)
    answer(done, as_json, lambda _: console.print(f"Learnt from {done['decisions']} decisions"))


@auto_app.command("show")
@command
def show_auto(as_json: AsJson = False) -> None:
    """Whether certain transfers are posted without a person, and the newest trial."""
    with office().work(system("saldo unmatched auto")) as work:
        now = choosing.standing(work)
    answer(asdict(now), as_json, lambda _: _show_standing(now))


@auto_app.command("try")
@command
def try_auto(
    user: User, months: Months = 6, least: Probability = str(LEAST), as_json: AsJson = False
) -> None:
    """Play past decisions again and keep the outcome, which switching on asks for."""
    probability = _probability(least)
    found = _act(user, lambda work: try_auto_assign(work, months, probability))
    result = {
        "precision": found.precision,
        "lower_bound": found.lower_bound,
        "coverage": found.coverage,
        **asdict(found),
    }
    answer(result, as_json, _show_trial)


@auto_app.command("on")
@command
def switch_on(
    trial: Annotated[int, typer.Option(help="The newest trial.")],
    reason: Reason,
    user: User,
    as_json: AsJson = False,
) -> None:
    """Post certain transfers without a person, after a good trial."""
    _act(user, lambda work: choosing.switch_on(work, trial, reason=reason))
    show_auto(as_json)


@auto_app.command("off")
@command
def switch_off(reason: Reason, user: User, as_json: AsJson = False) -> None:
    """Leave every transfer to a person."""
    _act(user, lambda work: choosing.switch_off(work, reason=reason))
    show_auto(as_json)


def _act(user: str, do: Callable[[Work], T]) -> T:
    with acting_as(office(), user) as actor, office().work(actor) as work:
        return do(work)


def _row(number: int) -> UnmatchedRow:
    with office().work(system("saldo unmatched")) as work:
        return found_unmatched(work, number)


def _told(number: int, as_json: bool) -> None:
    row = _row(number)
    answer(asdict(row), as_json, lambda _: _show_one(row))


def _shares(texts: list[str]) -> tuple[deciding.Share, ...]:
    """Invoices by id or number, each with an amount in minor units or all it is owed."""
    shares = []
    with office().work(system("saldo unmatched")) as work:
        for text in texts:
            name, _, amount = text.rpartition(":") if ":" in text else (text, "", "")
            if amount and not (amount.isascii() and amount.isdigit()):
                raise typer.BadParameter(f"{amount!r} is not an amount in minor units")
            number = one_invoice(work, name, None).id
            shares.append(deciding.Share(number, int(amount) if amount else None))
    return tuple(shares)


def _probability(text: str) -> Decimal:
    try:
        given = Decimal(text)
    except ArithmeticError as problem:
        raise BadInput(f"{text!r} is not a probability") from problem
    if not given.is_finite():
        raise BadInput(f"{text!r} is not a probability")
    return given


def _show_several(found: Several) -> None:
    console.print(f"{len(found.done)} undone")
    for number, why in found.left.items():
        console.print(f"Transfer {number} was left: {why}", soft_wrap=True)


def _show_rows(rows: list[UnmatchedRow]) -> None:
    table(
        ["No.", "Booked", "Days", "Payer", "Text", "Amount", "Currency", "Best", "Probability"],
        [
            [
                str(row.id),
                str(row.booked_on),
                str(row.age_days),
                row.counterparty_name,
                (row.reference or row.text)[:40],
                units_text(row.amount_minor, row.currency),
                row.currency,
                _best(row),
                _chance(row.best.probability) if row.best else "",
            ]
            for row in rows
        ],
        right=(0, 2, 5, 8),
    )


def _best(row: UnmatchedRow) -> str:
    if row.status != "open":
        done = "posted automatically" if row.automatic else row.status
        return f"{done} {', '.join(row.invoice_numbers)}".strip()
    if row.best is None:
        return "no suggestion"
    numbers = ", ".join(invoice.number for invoice in row.best.invoices)
    return f"{row.best.tenant_name} {numbers}" + (" (certain)" if row.best.certain else "")


def _chance(probability: Decimal) -> str:
    return f"{probability:.1%}"


def _show_one(row: UnmatchedRow) -> None:
    money = f"{units_text(row.amount_minor, row.currency)} {row.currency}"
    payer = row.counterparty_name or "an unnamed payer"
    told = f"Transfer {row.id}: {money} from {payer}, booked {row.booked_on}, {row.status}"
    if row.invoice_numbers:
        told += f" on {', '.join(row.invoice_numbers)} of {row.tenant_name}"
    console.print(told, soft_wrap=True)
    for place, offer in enumerate(row.proposals, 1):
        numbers = ", ".join(invoice.number for invoice in offer.invoices)
        mark = ", certain" if offer.certain else ""
        line = f"{place}. {offer.tenant_name} {numbers}: {_chance(offer.probability)}{mark}"
        console.print(line, soft_wrap=True)
        for words in offer.reasons:
            console.print(f"   {words}", soft_wrap=True)


def _show_standing(now: choosing.Standing) -> None:
    since = f" since {now.changed_at:%Y-%m-%d} by {now.changed_by}" if now.changed_at else ""
    console.print(f"{'On' if now.enabled else 'Off'}{since}, from {now.least_probability:.1%}")
    if trial := now.trial:
        console.print(
            f"Trial {trial.id}: {trial.agreed} of {trial.proposed} as people decided, "
            f"of {trial.decided} decisions. {trial.refusal}",
            soft_wrap=True,
        )


def _show_trial(result: dict[str, Any]) -> None:
    rows = [
        [f"{each['month']:%Y-%m}", *(str(each[k]) for k in ("decided", "proposed", "agreed"))]
        for each in result["months"]
    ]
    table(["month", "decided", "would be posted", "as decided"], rows, right=(1, 2, 3))
    if result["precision"] is not None:
        console.print(
            f"Trial {result['trial_id']}: right in {result['precision']:.2%} "
            f"(at least {result['lower_bound']:.2%}), of {result['coverage']:.0%} of all decisions"
        )
