"""The dialog in which an organisation switches renewing by itself on or off."""

from html import escape

import streamlit as st

from core.errors import NotFound
from core.office import office
from core.subscriptions.own import OwnSubscription, own_subscription, set_own_auto_renew
from pages.parts import formats, url, viewer
from pages.parts.confirm import Step


def _preview(number: str) -> OwnSubscription:
    if not url.whole(number):
        raise NotFound("There is no such subscription")
    with office().work(viewer.current_actor()) as work:
        return own_subscription(work, url.whole(number))


def _show(found: OwnSubscription) -> None:
    row = found.detail.row
    end = formats.day(row.current_period_end) if row.current_period_end else "the period's end"
    if row.auto_renew:
        told = (
            f"<b>{escape(row.plan_name)}</b> then runs until {end} and is not renewed. You can "
            "switch this back until that day."
        )
    else:
        told = f"<b>{escape(row.plan_name)}</b> is then renewed on {end} by itself."
    st.html(f"<p>{told}</p>")


def _switch(found: OwnSubscription, _reason: str, key: str) -> str:
    row = found.detail.row
    with office().work(viewer.current_actor()) as work:
        set_own_auto_renew(work, row.id, not row.auto_renew, key=key)
    renews = "does not renew" if row.auto_renew else "renews"
    return f"{row.plan_name} {renews} by itself from now on"


SWITCH = Step(
    "auto-renew", "Renewing by itself", "Switch it", _preview, _show, _switch,
    fresh=False, reason=False,
)  # fmt: skip
