"""How the own organisation hears: its channels and webhook endpoints (NTF)."""

import streamlit as st

from core.notifications import own, queries
from core.office import office
from pages.admin import receipts
from pages.my_billing import channel_edits as edits
from pages.parts import channels, confirm, head, viewer


def main() -> None:
    """The channels, each with its door, and the endpoints."""
    head.page("Notifications", "how your organisation hears of renewals, invoices and payments")
    with office().work(viewer.current_actor()) as work:
        mine = own.own_tenant(work)
        rows, endpoints = queries.channels(work, mine), queries.endpoints(work, mine)
    receipts.show()
    channels.secret()
    with st.container(border=True, key="panel-channels"):
        head.section("Channels", "what you set goes before what is usual here")
        channels.channel_table(rows, "You")
        with st.container(horizontal=True):
            for row in rows:
                confirm.door(edits.SET, row.channel, f"{channels.TITLES[row.channel]}…")
        with st.container(horizontal=True):
            for row in rows:
                if row.channel != "webhook":
                    title = f"Test {channels.TITLES[row.channel]}…"
                    confirm.door(edits.TEST, row.channel, title)
    with st.container(border=True, key="panel-endpoints"):
        head.section("Webhook endpoints", "your software hears of the same, signed with a secret")
        channels.endpoint_table(endpoints)
        with st.container(horizontal=True):
            confirm.door(edits.ADD, "new", "Add an endpoint…")
            for each in endpoints:
                confirm.door(edits.TRY, str(each.id), f"Test {each.id}…")
                confirm.door(edits.ROTATE, str(each.id), f"New secret for {each.id}…")
                confirm.door(edits.REMOVE, str(each.id), f"Remove {each.id}…")
    confirm.draw(*edits.STEPS)


main()
