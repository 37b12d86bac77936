"""How tenants hear of things: channels, webhook endpoints, and what did not arrive (NTF)."""

import streamlit as st

from core.access.authority import Actor
from core.notifications import queries
from core.office import office
from core.wallets.queries import owners
from pages.admin import channel_log, receipts
from pages.admin.channel_edits import ADD, REMOVE, ROTATE, SET, STEPS, TEST, subject
from pages.parts import channels, confirm, head, url, viewer
from pages.parts.channels import TITLES


def main() -> None:
    """The choice of a tenant, its channels and endpoints, and what waits for a person."""
    actor = viewer.current_actor()
    with office().work(actor) as work:
        names = {owner.id: owner.name for owner in owners(work)}
    head.page("Channels", "how tenants hear of renewals, invoices and payments")
    receipts.show()
    tenant = _chosen(names)
    channels.secret()
    _channels(actor, tenant)
    _endpoints(actor, tenant)
    channel_log.draw(actor, tenant)
    confirm.draw(*STEPS)


def _chosen(names: dict[int, str]) -> int | None:
    moved = url.restart(url.follow("tenant", url.one_of((0, *names)), 0), "page")
    with st.container(horizontal=True, key="filters"):
        chosen = st.selectbox(
            "Tenant",
            (0, *names),
            key="tenant",
            on_change=moved,
            format_func=lambda number: names.get(number, "Default for all tenants"),
            width=320,
        )
    return chosen or None


def _channels(actor: Actor, tenant: int | None) -> None:
    with office().work(actor) as work:
        rows = queries.channels(work, tenant)
    with st.container(border=True, key="panel-channels"):
        head.section("Channels", "a tenant's own setting goes before the default")
        channels.channel_table(rows, "Tenant")
        with st.container(horizontal=True):
            for row in rows:
                confirm.door(SET, subject(tenant, row.channel), f"{TITLES[row.channel]}…")
        if tenant is not None:
            with st.container(horizontal=True):
                for row in rows:
                    if row.channel != "webhook":
                        title = f"Test {TITLES[row.channel]}…"
                        confirm.door(TEST, subject(tenant, row.channel), title)


def _endpoints(actor: Actor, tenant: int | None) -> None:
    with office().work(actor) as work:
        rows = queries.endpoints(work, tenant)
    with st.container(border=True, key="panel-endpoints"):
        words = "of this tenant" if tenant else "of the platform; they hear of every tenant"
        head.section("Webhook endpoints", words)
        channels.endpoint_table(rows)
        with st.container(horizontal=True):
            confirm.door(ADD, subject(tenant, "new"), "Add an endpoint…")
            for row in rows:
                confirm.door(ROTATE, subject(tenant, row.id), f"New secret for {row.id}…")
                confirm.door(REMOVE, subject(tenant, row.id), f"Remove {row.id}…")


main()
