"""`saldo subscription list|show` and `saldo plan list`; the writes are in subscription_acts."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer

from commands.output import AsJson, answer, command, day, table
from commands.subscription_acts import Number, app
from commands.subscription_words import row_json, show_detail, show_rows
from core.access.authority import system
from core.money import units_text
from core.office import office
from core.plans.queries import plan_rows
from core.subscriptions.detail import detail
from core.subscriptions.listing import Filters, subscriptions

plan_app = typer.Typer(help="The plan catalogue.", no_args_is_help=True)
Day = Annotated[date | None, typer.Option(parser=day, metavar="DATE")]


@plan_app.callback()
def _plans() -> None:
    """The plan catalogue."""


@plan_app.command("list")
@command
def list_plans(
    active: Annotated[bool, typer.Option("--active", help="Without those switched off.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the plans with the prices in force today."""
    with office().work(system("saldo plan list")) as work:
        today = work.today
        rows = plan_rows(work, active_only=active)
    plans = [
        {
            "id": row.id,
            "slug": row.slug,
            "name": row.facts.name,
            "is_active": row.is_active,
            "is_recommended": row.facts.is_recommended,
            "subscribers": row.subscribers,
            "limits": row.facts.limits,
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
        for row in rows
    ]
    answer({"plans": plans}, as_json, _show_plans)


@app.command("list")
@command
def list_subscriptions(
    search: Annotated[str | None, typer.Option(help="Part of the tenant's name.")] = None,
    status: Annotated[str | None, typer.Option(help="Such as active.")] = None,
    plan: Annotated[str | None, typer.Option(metavar="SLUG")] = None,
    currency: Annotated[str | None, typer.Option()] = None,
    collection: Annotated[str | None, typer.Option()] = None,
    renews_from: Day = None,
    renews_until: Day = None,
    sort: Annotated[str, typer.Option(help="tenant, plan, status, mrr, renews …")] = "tenant",
    descending: Annotated[bool, typer.Option("--descending")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List subscriptions of all tenants."""
    wanted = Filters(search, status, plan, currency, collection, renews_from, renews_until)
    with office().work(system("saldo subscription list")) as work:
        page = subscriptions(
            work, wanted, sort=sort, descending=descending, limit=limit, offset=offset
        )
    result = {
        "count": page.count,
        "by_status": page.by_status,
        "subscriptions": [row_json(row) for row in page.rows],
    }
    answer(result, as_json, lambda r: show_rows(r["subscriptions"]))


@app.command()
@command
def show(subscription: Number, as_json: AsJson = False) -> None:
    """Show a subscription with its items, plan history and documents."""
    with office().work(system("saldo subscription show")) as work:
        found = detail(work, subscription)
    result = {
        **row_json(found.row),
        **asdict(found.state),
        "items": [asdict(item) for item in found.items],
        "history": [asdict(change) for change in found.history],
        "documents": [asdict(document) for document in found.documents],
        "ahead": asdict(found.ahead),
        "cancellation": asdict(found.cancellation) if found.cancellation else None,
    }
    answer(result, as_json, show_detail)


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
