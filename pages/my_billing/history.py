"""How the own organisation's subscriptions came to be what they are, change by change (SUB.1)."""

import streamlit as st

from core.errors import NotFound
from core.office import office
from core.subscriptions.listing import SubscriptionRow
from core.subscriptions.own import own_subscription, own_subscriptions
from pages.billing import look, sheet_parts, words
from pages.my_billing import standing
from pages.parts import formats, head, states, tables, url


def main() -> None:
    """The changes of one subscription, the newest first."""
    who = standing.own("a history")
    head.page("History", "every change of your subscription")
    with office().work(who.actor) as work:
        rows = own_subscriptions(work)
    if not rows:
        states.empty("Nothing yet", "What happens to your first subscription is told of here.")
        return
    chosen = _chosen(rows)
    try:
        with office().work(who.actor) as work:
            found = own_subscription(work, chosen)
    except NotFound as problem:
        states.empty("There is no such subscription", str(problem))
        look.ways({"Your subscription": tables.link("my-history", {})})
        return
    sheet_parts.timeline(found.detail)


def _chosen(rows: list[SubscriptionRow]) -> int:
    """The subscription of the address; the choice is offered when there are several."""
    given = url.read("subscription", url.positive, rows[0].id)
    by_id = {row.id: row for row in rows}
    if len(rows) == 1 or given not in by_id:
        return given
    moved = url.follow("subscription", url.one_of(tuple(by_id)), rows[0].id)
    return st.selectbox(
        "Subscription",
        tuple(by_id),
        key="subscription",
        on_change=moved,
        format_func=lambda number: _title(by_id[number]),
        width=360,
    )


def _title(row: SubscriptionRow) -> str:
    since = formats.day(row.started_on)
    return f"{row.plan_name}, {words.STATUSES[row.status].lower()}, since {since}"


main()
