"""The organisations on the platform: found by name or country, opened, or added (SUB.2)."""

import streamlit as st

from core.access.authority import Actor
from core.listing import all_rows
from core.office import office
from core.settings import settings
from core.tenants.queries import TenantFilters, TenantRow, countries, tenants
from pages.admin import receipts
from pages.billing import words
from pages.billing.newcomer import NEW_TENANT
from pages.parts import confirm, formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import lists

STATES = {
    "subscribed": "With a subscription",
    "former": "No longer subscribed",
    "none": "Never subscribed",
}
SORTS = {"name": ("Name", "name", False), "newest": ("Newest", "newest", True)}
COLUMNS = (
    Column("Tenant", words=True),
    Column("Number", spare=2),
    Column("Country", words=True),
    Column("Currency", words=True, spare=2),
    Column("Plan", words=True),
    Column("Status", words=True),
    Column("Invoices to", words=True),
    Column("Signed up", words=True),
)
FIRST = "Make the first with “New tenant…”, or bring a company in under “Import data”."
READER = "Whoever looks after subscriptions makes them."
FILED = (
    "id", "name", "country", "currency", "language", "billing_email", "tax_id", "external_id",
    "signed_up_on", "subscription_id", "plan_name", "status",
)  # fmt: skip


def main() -> None:
    """The heading, the filters and a page of rows."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Tenants", "the organisations on the platform")
        if viewer.may("saas.subscriptions.manage"):
            confirm.door(NEW_TENANT, "new", "New tenant…")
    receipts.show()
    _list(viewer.current_actor())
    confirm.draw(NEW_TENANT)


def _list(actor: Actor) -> None:
    with office().work(actor) as work:
        known = countries(work)
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        filters = TenantFilters(
            lists.text("Name, e-mail or number"),
            lists.choice("country", "Country", {code: formats.country(code) for code in known}),
            lists.currency(),
            lists.choice("state", "Subscription", STATES),
        )
        order, _ = lists.sort(SORTS)
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(actor) as work:
        found = tenants(work, filters, order=order, limit=size, offset=(asked - 1) * size)
        today = work.today
    if not found.count:
        states.none(
            "tenant",
            FIRST if viewer.may("saas.subscriptions.manage") else READER,
            narrowed=filters != TenantFilters(),
        )
        return
    told = lists.told(
        filters.text and f"“{filters.text}”",
        filters.country and formats.country(filters.country),
        filters.currency,
        filters.state and STATES[filters.state].lower(),
    )
    listed = lists.Listed(
        "tenants", "Tenants", COLUMNS, lambda most: _read(actor, filters, order, most), _row,
        FILED, today, told,
    )  # fmt: skip
    with st.container(border=True, key="panel-tenants"):
        lists.heading(found.count, "tenant", "tenants", "a name opens the tenant", listed)
        lists.table(listed, [_row(row) for row in found.rows])
        tables.pager(found.count, asked)


def _row(row: TenantRow) -> list[Cell]:
    door = ""
    if row.subscription_id is not None:
        door = tables.link("subscription", {"subscription": str(row.subscription_id)})
    return [
        lists.tenant(row.id, row.name),
        Cell(str(row.id), tone="muted"),
        Cell(formats.country(row.country) if row.country else "–"),
        Cell(row.currency),
        Cell(row.plan_name or "–", opens=door),
        words.status(row.status) if row.status else Cell("None", tone="muted"),
        Cell(row.billing_email or "–"),
        Cell(formats.day(row.signed_up_on) if row.signed_up_on else "–"),
    ]


def _read(actor: Actor, filters: TenantFilters, order: str, most: int) -> list[TenantRow]:
    """The rows that fit, as many as a file holds."""

    def page(limit: int, offset: int) -> list[TenantRow]:
        return tenants(work, filters, order=order, limit=limit, offset=offset).rows

    with office().work(actor) as work:
        return all_rows(page, most)


main()
