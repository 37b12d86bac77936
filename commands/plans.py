"""`saldo plan …`: the catalogue, listed, and written as a user (PLN.1–2)."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, console, day, table
from core.access.authority import system
from core.errors import BadInput
from core.money import units_text
from core.office import office
from core.plans import actions
from core.plans.actions import NewPlan, NewPrice
from core.plans.facts import FLAGS, facts_of
from core.plans.models import Plan
from core.plans.queries import PlanRow, plan_by_slug, plan_rows
from core.work import Work

app = typer.Typer(help="The plan catalogue.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="The plan's.")]
Flags = Annotated[
    list[str] | None, typer.Option("--flag", help=f"Given: {', '.join(FLAGS)}; several times.")
]
Limits = Annotated[
    list[str] | None,
    typer.Option("--limit", metavar="NAME=N", help="-1 is unlimited; several times."),
]
Description = Annotated[str | None, typer.Option(help="On the pricing page.")]
Place = Annotated[int | None, typer.Option(help="Its place on the pricing page.")]
Recommended = Annotated[bool | None, typer.Option("--recommended/--not-recommended")]
FixedDays = Annotated[
    bool | None, typer.Option("--fixed-days/--calendar-months", help="How periods are counted.")
]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]


@app.command("list")
@command
def list_plans(
    active: Annotated[bool, typer.Option("--active", help="Without those switched off.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the plans with the prices in force today."""
    with office().work(system("saldo plan list")) as work:
        today = work.today
        rows = plan_rows(work, active_only=active)
    answer({"plans": [_plan(row, today) for row in rows]}, as_json, _show_plans)


@app.command()
@command
def create(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="It never changes.")],
    name: Annotated[str, typer.Option()],
    user: User,
    price: Annotated[
        list[str] | None,
        typer.Option(metavar="CYCLE:CURRENCY:MINOR", help="From today, such as monthly:EUR:4900."),
    ] = None,
    description: Description = None,
    limit: Limits = None,
    flag: Flags = None,
    recommended: Recommended = None,
    sort_order: Place = None,
    fixed_days: FixedDays = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Add a plan to the catalogue."""
    new = NewPlan(
        slug,
        name,
        tuple(_price(given) for given in price or ()),
        description or "",
        _limits(limit),
        tuple(flag or ()),
        bool(recommended),
        sort_order or 0,
        bool(fixed_days),
    )
    _write(user, lambda work: actions.create_plan(work, new, key=key), as_json)


@app.command()
@command
def edit(
    plan: Slug,
    user: User,
    name: Annotated[str | None, typer.Option()] = None,
    description: Description = None,
    limit: Limits = None,
    drop_limit: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="No longer limited.")
    ] = None,
    flag: Flags = None,
    drop_flag: Annotated[list[str] | None, typer.Option(help="Taken away.")] = None,
    recommended: Recommended = None,
    sort_order: Place = None,
    fixed_days: FixedDays = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Change what is named of a plan; the slug stays, prices have versions of their own."""
    with office().work(system("saldo plan edit")) as work:
        found = plan_by_slug(work, plan)
        before = facts_of(found)
    named: dict[str, Any] = {
        "name": name,
        "description": description,
        "is_recommended": recommended,
        "sort_order": sort_order,
        "fixed_days": fixed_days,
    }
    flags = _less(dict.fromkeys(before.flags), drop_flag, "flag") | dict.fromkeys(flag or ())
    after = replace(
        before,
        limits=_less(before.limits, drop_limit, "limit") | _limits(limit),
        flags=tuple(flags),
        **{fact: value for fact, value in named.items() if value is not None},
    )
    _write(user, lambda work: actions.edit_plan(work, found.id, before, after, key=key), as_json)


@app.command()
@command
def price(
    plan: Slug,
    cycle: Annotated[str, typer.Option(help="monthly, quarterly, semiannual, annual, weekly.")],
    currency: Annotated[str, typer.Option()],
    amount_minor: Annotated[int, typer.Option(help="A whole cycle, minor units, without tax.")],
    user: User,
    valid_from: Annotated[
        date | None, typer.Option("--from", parser=day, metavar="DATE", help="Today without it.")
    ] = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Add a version of a price; running periods keep theirs."""
    new = NewPrice(cycle, currency, amount_minor)
    with acting_as(office(), user) as actor, office().work(actor) as work:
        found = plan_by_slug(work, plan)
        made = actions.set_price(work, found.id, new, valid_from=valid_from, key=key)
    result = {
        "id": made.id,
        "slug": plan,
        "cycle": made.cycle,
        "currency": made.currency,
        "amount_minor": made.amount_minor,
        "version": made.version,
        "valid_from": made.valid_from,
        "valid_until": made.valid_until,
    }
    answer(result, as_json, _show_price)


@app.command()
@command
def toggle(
    plan: Slug,
    on: Annotated[bool, typer.Option("--on/--off", help="Offered, or assigned to nobody new.")],
    user: User,
    as_json: AsJson = False,
) -> None:
    """Switch a plan on or off; its subscribers stay until their renewal."""
    _write(
        user,
        lambda work: actions.set_plan_active(work, plan_by_slug(work, plan).id, on),
        as_json,
    )


def _write(user: str, run: Callable[[Work], Plan], as_json: bool) -> None:
    with acting_as(office(), user) as actor, office().work(actor) as work:
        number = run(work).id
    with office().work(system("saldo plan")) as work:
        today = work.today
        row = next(row for row in plan_rows(work, active_only=False) if row.id == number)
    answer(_plan(row, today), as_json, lambda plan: _show_plans({"plans": [plan]}))


def _price(given: str) -> NewPrice:
    cycle, _, rest = given.partition(":")
    currency, _, amount = rest.partition(":")
    if not (amount.isdecimal() and len(amount) <= 18):
        raise BadInput(f"A price is CYCLE:CURRENCY:MINOR such as monthly:EUR:4900, not {given!r}")
    return NewPrice(cycle, currency, int(amount))


def _limits(given: list[str] | None) -> dict[str, int]:
    limits = {}
    for pair in given or ():
        name, _, most = pair.partition("=")
        if not (most.removeprefix("-").isdecimal() and len(most) <= 18):
            raise BadInput(f"A limit is NAME=N such as max_users=10, not {pair!r}")
        limits[name.strip()] = int(most)
    return limits


def _less(held: dict[str, Any], gone: list[str] | None, kind: str) -> dict[str, Any]:
    """What is held without what is named, which has to be there."""
    for name in gone or ():
        if name not in held:
            raise BadInput(f"The plan has no {kind} {name}")
    return {name: value for name, value in held.items() if name not in (gone or ())}


def _plan(row: PlanRow, today: date) -> dict[str, Any]:
    return {
        "id": row.id,
        "slug": row.slug,
        **asdict(row.facts),
        "is_active": row.is_active,
        "subscribers": row.subscribers,
        "prices": [
            {
                "cycle": each.cycle,
                "currency": each.currency,
                "amount_minor": each.amount_minor,
                "version": each.version,
            }
            for each in row.prices
            if row.price(each.cycle, each.currency, today) == each
        ],
    }


def _show_plans(result: dict[str, Any]) -> None:
    rows = []
    for plan in result["plans"]:
        state = "active" if plan["is_active"] else "off"
        head = [plan["slug"], plan["name"], state, str(plan["subscribers"])]
        prices = [
            [each["cycle"], units_text(each["amount_minor"], each["currency"]), each["currency"]]
            for each in plan["prices"]
        ]
        rows += [[*head, *price] for price in prices or [["no price", "", ""]]]
    table(
        ["Slug", "Plan", "State", "Subscribers", "Cycle", "Price", "Currency"], rows, right=(3, 5)
    )


def _show_price(result: dict[str, Any]) -> None:
    shown = units_text(result["amount_minor"], result["currency"])
    console.print(
        f"{result['slug']}, {result['cycle']}: {shown} {result['currency']} "
        f"from {result['valid_from']}, version {result['version']}"
    )
