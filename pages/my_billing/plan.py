"""The own organisation's plan: how it stands, what it allows, what comes next (SUB.1, USE.5)."""

from datetime import timedelta
from html import escape

import streamlit as st

from core.errors import NotFound
from core.money import Money
from core.office import office
from core.subscriptions.detail import Detail
from core.subscriptions.own import OwnSubscription, own_subscription
from core.subscriptions.renewals import COMING, Renewal
from pages.billing import look, sheet_parts, usage_bars, words
from pages.my_billing import standing
from pages.my_billing.renewal_ask import SWITCH
from pages.my_billing.standing import Standing
from pages.parts import confirm, formats, head, plan_words, states, tables


def main() -> None:
    """The running subscription, else the one that ran last."""
    who = standing.own("a plan")
    head.page("Plan", "what your organisation subscribes to")
    try:
        with office().work(who.actor) as work:
            found = own_subscription(work)
    except NotFound as problem:
        states.empty("No plan yet", f"{problem}. The prices show what there is to choose from.")
        look.ways({"Prices": "/pricing"})
        return
    _summary(found, who)
    _limits(found.detail)
    confirm.draw(*([SWITCH] if who.manages else ()))


def _summary(found: OwnSubscription, who: Standing) -> None:
    row = found.detail.row
    with st.container(border=True, key="panel-plan"):
        head.section(row.plan_name, plan_words.CYCLES[row.cycle].lower())
        st.html(f'<dl class="identity sums">{_facts(found)}</dl>')
        _notices(found)
        if who.manages and row.status != "cancelled":
            with st.container(horizontal=True):
                title = "Stop renewing by itself…" if row.auto_renew else "Renew by itself…"
                confirm.door(SWITCH, str(row.id), title)
        look.ways(
            {
                "Invoices": tables.link("my-invoices", {}),
                "Wallet": tables.link("my-wallet", {}),
                "Payment method": tables.link("my-payment-method", {}),
                "History": tables.link("my-history", {}),
                "Prices": "/pricing",
            }
        )


def _facts(found: OwnSubscription) -> str:
    row, state = found.detail.row, found.detail.state
    status = words.status(row.status)
    period = "–"
    if row.current_period_end:
        last = formats.day(row.current_period_end - timedelta(days=1))
        period = f"{formats.day(state.current_period_start)} – {last}"
    facts = {
        "Status": f'<span class="{status.tone}">{escape(status.text)}</span>',
        f"{plan_words.CYCLES[row.cycle]}, without tax": _money(row.total_minor, row.currency),
        "Period": period,
        "Renews by itself": "Yes" if row.auto_renew else '<span class="bad">No</span>',
        "Next": escape(words.next_step(row)),
        "Paid by": words.COLLECTION[row.collection],
    }
    if found.renewal and found.renewal.expected_minor:
        facts["Next amount, with tax"] = _money(
            found.renewal.expected_minor, found.renewal.currency
        )
    if row.open_minor:
        owed = _money(row.open_minor, row.currency)
        facts["Open"] = f'<span class="bad">{owed} overdue</span>' if row.overdue else owed
    facts |= sheet_parts.ahead(found.detail.ahead, row.currency)
    return "".join(
        f'<div class="term"><dt>{title}</dt><dd>{text}</dd></div>' for title, text in facts.items()
    )


def _money(minor: int, currency: str) -> str:
    return escape(formats.money(Money(minor, currency)))


def _notices(found: OwnSubscription) -> None:
    """What comes next, and what has to be done for it."""
    row, state, ending = found.detail.row, found.detail.state, found.detail.cancellation
    if state.next_plan_name and state.next_cycle and state.next_amount_minor is not None:
        price = words.cycle_price(state.next_amount_minor, row.currency, state.next_cycle)
        when = formats.day(row.current_period_end)
        states.notice("warn", f"Changes to {state.next_plan_name} on {when}: {price}")
    if ending:
        states.notice("warn", f"Cancelled; it ends on {formats.day(ending.service_ends_on)}")
    if found.renewal:
        states.notice(*_ahead(found.renewal))


def _ahead(renewal: Renewal) -> tuple[str, str]:
    """The next renewal: the tone, and the words."""
    told = f"{formats.day(renewal.renews_on)}: {formats.told(renewal.words)}"
    if renewal.obstacle:
        return "bad", f"{told}. Leave a card before that day"
    if renewal.outcome in COMING:
        return "good", told
    if renewal.outcome == "short":
        return "bad", f"{told}. Recharge the wallet before that day"
    return ("bad" if renewal.outcome in ("owes", "blocked") else "warn"), told


def _limits(found: Detail) -> None:
    use = found.usage
    if use is None or not use.limits:
        return
    last = formats.day(use.period_end - timedelta(days=1))
    with st.container(border=True, key="panel-limits"):
        head.section("Limits", f"used from {formats.day(use.period_start)} to {last}")
        st.html(usage_bars.html(use))


main()
