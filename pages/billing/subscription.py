"""One subscription: how it stands, what was done to it, what its viewer may do (SUB.1, SUB.3)."""

from datetime import timedelta
from html import escape

import streamlit as st

from core.money import Money
from core.office import office
from core.subscriptions.detail import Detail, detail
from pages.admin import receipts
from pages.billing import form, life_asks, look, price_asks, sheet_parts, words
from pages.billing.life_asks import statuses
from pages.parts import confirm, formats, head, plan_words, states, tables, url, viewer
from pages.parts.confirm import Step

CHANGEABLE = ("trial", "active", "past_due")
STEPS = (
    price_asks.CHANGE_PLAN,
    price_asks.ADD_ITEM,
    price_asks.REMOVE_ITEM,
    life_asks.PAUSE,
    life_asks.RESUME,
    life_asks.CANCEL,
    life_asks.EXTEND,
    life_asks.AUTO_RENEW,
    life_asks.COLLECT,
    life_asks.STATUS,
)


def main() -> None:
    """The subscription the address names."""
    form.forget()
    chosen = url.read("subscription", url.positive, 0)
    if not chosen:
        states.empty("No subscription is chosen", "Open one from the list of subscriptions.")
        look.ways({"All subscriptions": tables.link("subscriptions", {})})
        return
    with office().work(viewer.current_actor()) as work:
        found = detail(work, chosen)
    head.page(found.row.tenant_name, f"subscription {found.row.id}, {found.row.plan_name}")
    receipts.show()
    _summary(found)
    sheet_parts.items(found, may_finance=viewer.may("sys_finance"))
    sheet_parts.timeline(found)
    sheet_parts.documents(found)
    confirm.draw(*STEPS)


def _summary(found: Detail) -> None:
    row = found.row
    with st.container(border=True, key="panel-subscription"):
        st.html(f'<dl class="identity sums">{_facts(found)}</dl>')
        _notices(found)
        doors = _doors(found)
        if doors:
            with st.container(horizontal=True, key="doors"):
                for step, label in doors:
                    confirm.door(step, str(row.id), label)
        look.ways(
            {
                "All subscriptions": tables.link("subscriptions", {}),
                "Tenant": tables.link("tenant", {"tenant": str(row.tenant_id)}),
                "Usage": tables.link("usage", {"tenant": str(row.tenant_id)}),
            }
        )


def _facts(found: Detail) -> str:
    row, state = found.row, found.state
    status = words.status(row.status)
    period = "–"
    if row.current_period_end:
        last = formats.day(row.current_period_end - timedelta(days=1))
        period = f"{formats.day(state.current_period_start)} – {last}"
    facts = {
        "Status": f'<span class="{status.tone}">{escape(status.text)}</span>',
        "Plan": escape(row.plan_name),
        f"{plan_words.CYCLES[row.cycle]}, without tax": _money(row.total_minor, row.currency),
        "MRR": _money(row.mrr_minor, row.currency),
        "Period": period,
        "Next": escape(words.next_step(row)),
        "Collected by": words.COLLECTION[row.collection],
        "Open": _money(row.open_minor, row.currency, row.overdue),
        **sheet_parts.ahead(found.ahead, row.currency),
    }
    return "".join(
        f'<div class="term"><dt>{title}</dt><dd>{text}</dd></div>' for title, text in facts.items()
    )


def _money(minor: int, currency: str, overdue: bool = False) -> str:
    text = escape(formats.money(Money(minor, currency)))
    return f'<span class="bad">{text} overdue</span>' if overdue else text


def _notices(found: Detail) -> None:
    """What waits, and why it ends."""
    row, state, ending = found.row, found.state, found.cancellation
    if state.next_plan_name and state.next_cycle and state.next_amount_minor is not None:
        price = words.cycle_price(state.next_amount_minor, row.currency, state.next_cycle)
        when = formats.day(row.current_period_end)
        states.notice("warn", f"Changes to {state.next_plan_name} on {when}: {price}")
    if ending:
        why = words.REASONS[ending.reason_code].lower()
        lost = formats.money(Money(ending.mrr_minor, ending.currency))
        states.notice(
            "warn",
            f"Cancelled on {formats.day(ending.cancelled_on)}, ends "
            f"{formats.day(ending.service_ends_on)}: {why}. MRR lost {lost}",
        )


def _doors(found: Detail) -> list[tuple[Step, str]]:
    """What the viewer may do to it in its status."""
    row = found.row
    doors: list[tuple[Step, str]] = []
    if row.status == "cancelled":
        return doors
    if viewer.may("sys_finance"):
        if row.status in CHANGEABLE:
            doors += [(price_asks.CHANGE_PLAN, "Change plan…"), (price_asks.ADD_ITEM, "Add item…")]
        if row.status == "active":
            doors.append((life_asks.PAUSE, "Pause…"))
        if row.status == "paused":
            doors.append((life_asks.RESUME, "Resume…"))
        if row.status == "trial":
            doors.append((life_asks.EXTEND, "Extend trial…"))
        renewing = "Stop renewing…" if row.auto_renew else "Renew by itself…"
        doors.append((life_asks.AUTO_RENEW, renewing))
        if not row.cancel_at_period_end:
            doors.append((life_asks.CANCEL, "Cancel…"))
    if viewer.may("saas.subscriptions.manage"):
        doors.append((life_asks.COLLECT, "Collection…"))
        if statuses(row.status):
            doors.append((life_asks.STATUS, "Set status…"))
    return doors


main()
