"""How tenants hear of things: channels, webhook endpoints, and what did not arrive (NTF)."""

import streamlit as st

from core.access.authority import Actor
from core.notifications import queries
from core.notifications.queries import ChannelRow, EndpointRow
from core.office import office
from core.settings import settings
from core.wallets.queries import owners
from pages.admin import channel_edits, channel_log, receipts
from pages.admin.channel_edits import ADD, REMOVE, ROTATE, SET, STEPS, TEST, TITLES, subject
from pages.parts import confirm, formats, head, tables, url, viewer
from pages.parts.tables import Cell, Column

CHANNELS = ("Channel", "State", "Events", "Addresses", "Set by")
ENDPOINTS = ("Address", "Events", "State", "Since")


def main() -> None:
    """The choice of a tenant, its channels and endpoints, and what waits for a person."""
    actor = viewer.current_actor()
    with office().work(actor) as work:
        names = {owner.id: owner.name for owner in owners(work)}
    head.page("Channels", "how tenants hear of renewals, invoices and payments")
    receipts.show()
    tenant = _chosen(names)
    _secret()
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


def _secret() -> None:
    """A secret that was just made; it can be copied now and never again."""
    made = channel_edits.kept_secret()
    if made is None:
        return
    with st.container(border=True, key="panel-secret"):
        head.section("The endpoint's secret", "copy it now; it is not shown again")
        st.code(made.secret, language=None)
        st.button("I have kept it", key="secret-kept", on_click=channel_edits.put_away)


def _channels(actor: Actor, tenant: int | None) -> None:
    with office().work(actor) as work:
        rows = queries.channels(work, tenant)
    with st.container(border=True, key="panel-channels"):
        head.section("Channels", "a tenant's own setting goes before the default")
        columns = [Column(title, words=True) for title in CHANNELS]
        tables.html(columns, [_channel(row) for row in rows], label="Channels")
        with st.container(horizontal=True):
            for row in rows:
                confirm.door(SET, subject(tenant, row.channel), f"{TITLES[row.channel]}…")
        if tenant is not None:
            with st.container(horizontal=True):
                for row in rows:
                    if row.channel != "webhook":
                        title = f"Test {TITLES[row.channel]}…"
                        confirm.door(TEST, subject(tenant, row.channel), title)


def _channel(row: ChannelRow) -> list[Cell]:
    return [
        Cell(TITLES[row.channel]),
        Cell("on", tone="good") if row.enabled else Cell("off", tone="muted"),
        Cell(", ".join(row.events) or "all"),
        Cell(", ".join(row.addresses) or "–"),
        Cell("tenant" if row.own else "default", tone="" if row.own else "muted"),
    ]


def _endpoints(actor: Actor, tenant: int | None) -> None:
    with office().work(actor) as work:
        rows = queries.endpoints(work, tenant)
    with st.container(border=True, key="panel-endpoints"):
        words = "of this tenant" if tenant else "of the platform; they hear of every tenant"
        head.section("Webhook endpoints", words)
        if rows:
            columns = [Column(title, words=True) for title in ENDPOINTS]
            tables.html(columns, [_endpoint(row) for row in rows], label="Webhook endpoints")
        with st.container(horizontal=True):
            confirm.door(ADD, subject(tenant, "new"), "Add an endpoint…")
            for row in rows:
                confirm.door(ROTATE, subject(tenant, row.id), f"New secret for {row.id}…")
                confirm.door(REMOVE, subject(tenant, row.id), f"Remove {row.id}…")


def _endpoint(row: EndpointRow) -> list[Cell]:
    off = Cell(f"off: {row.disabled_why}", tone="bad")
    return [
        Cell(f"{row.id} · {row.url}"),
        Cell(", ".join(row.events) or "all"),
        off if row.disabled_at else Cell("on", tone="good"),
        Cell(formats.instant(row.created_at, settings().billing_timezone)),
    ]


main()
