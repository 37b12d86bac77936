"""`saldo subscription list|show|renewals`; the writes are in subscription_acts."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

from commands.output import AsJson, answer, command, day
from commands.subscription_acts import Number
from commands.subscription_words import row_json, show_detail, show_renewals, show_rows
from core.access.authority import system
from core.errors import BadInput
from core.office import office
from core.subscriptions.detail import detail
from core.subscriptions.listing import Filters, subscriptions
from core.subscriptions.renewals import COMING, LONGEST_WINDOW
from core.subscriptions.renewals import renewals as renewing

Day = Annotated[date | None, typer.Option(parser=day, metavar="DATE")]


OUTCOMES = ("all", "coming", "not")


@command
def list_subscriptions(
    search: Annotated[str | None, typer.Option(help="Part of the tenant's name.")] = None,
    status: Annotated[str | None, typer.Option(help="Such as active.")] = None,
    plan: Annotated[str | None, typer.Option(metavar="SLUG")] = None,
    currency: Annotated[str | None, typer.Option()] = None,
    country: Annotated[str | None, typer.Option(help="The tenant's: ISO 3166, such as SE.")] = None,
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
    wanted = Filters(
        search, status, plan, currency, collection, renews_from, renews_until, country=country
    )
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


@command
def renewals(
    days: Annotated[int, typer.Option(min=0, max=LONGEST_WINDOW, help="How far to look.")] = 30,
    outcome: Annotated[
        str, typer.Option(help="all, coming for those that will come, not for the others.")
    ] = "all",
    tenant: Annotated[int | None, typer.Option(metavar="TENANT", help="Only this one.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """List what renews in the next days, who pays it, and whether it will come."""
    if outcome not in OUTCOMES:
        raise BadInput(f"An outcome is one of {', '.join(OUTCOMES)}, not {outcome!r}")
    with office().work(system("saldo subscription renewals")) as work:
        found = renewing(work, days, tenant_id=tenant)
    wanted = [
        row
        for row in found.rows
        if outcome == "all" or (row.outcome in COMING) == (outcome == "coming")
    ]
    result = {
        "since": found.since,
        "until": found.until,
        "count": len(wanted),
        "totals": [asdict(total) for total in found.totals],
        "renewals": [asdict(row) for row in wanted[offset : offset + limit]],
    }
    answer(result, as_json, show_renewals)
