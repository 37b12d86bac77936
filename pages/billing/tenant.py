"""One tenant: its subscription, what it owes, what it has ahead; a plan when it has none."""

from html import escape

import streamlit as st

from core.money import Money
from core.office import office
from core.subscriptions.detail import TenantPage, tenant_page
from core.subscriptions.listing import SubscriptionRow
from pages.admin import receipts
from pages.billing import choosing, form, look, sheet_parts, words
from pages.billing.assigning import ASSIGN
from pages.parts import confirm, formats, head, plan_words, tables, viewer
from pages.parts.head import section
from pages.parts.tables import Cell, Column

COLUMNS = (
    Column("No.", words=True),
    Column("Plan", words=True),
    Column("Status", words=True),
    Column("A cycle"),
    Column("Cycle", words=True),
    Column("Since", words=True),
    Column("Next", words=True),
    Column("By", words=True),
    Column("Open"),
)


def main() -> None:
    """The tenant the address names."""
    form.forget()
    head.page("Tenant", "its subscription, open invoices and wallet")
    chosen = choosing.tenant()
    if chosen is None:
        return
    with office().work(viewer.current_actor()) as work:
        found = tenant_page(work, chosen)
    receipts.show()
    _facts(found)
    _subscriptions(found)
    _open(found)
    confirm.draw(ASSIGN)


def _facts(found: TenantPage) -> None:
    tenant = found.tenant
    facts = {
        "Number": str(tenant.id),
        "Country": formats.country(tenant.country) if tenant.country else "–",
        "Currency": tenant.currency,
        "Invoices to": tenant.billing_email or "–",
        "Signed up": formats.day(tenant.signed_up_on) if tenant.signed_up_on else "–",
    }
    terms = {title: escape(text) for title, text in facts.items()}
    terms |= sheet_parts.ahead(found.ahead, tenant.currency)
    with st.container(border=True, key="panel-tenant"):
        section(tenant.name)
        cells = "".join(
            f'<div class="term"><dt>{title}</dt><dd>{text}</dd></div>'
            for title, text in terms.items()
        )
        st.html(f'<dl class="identity sums">{cells}</dl>')
        look.ways({"Usage": tables.link("usage", {"tenant": str(tenant.id)})})


def _subscriptions(found: TenantPage) -> None:
    with st.container(border=True, key="panel-subscriptions"):
        section("Subscription", "its number opens it")
        if found.subscriptions:
            rows = [_row(row) for row in found.subscriptions]
            tables.html(COLUMNS, rows, label="Subscriptions of the tenant")
        if found.running is not None:
            return
        st.html('<p class="muted">It has none that runs; the limits of the default plan hold.</p>')
        if viewer.may("saas.subscriptions.manage"):
            confirm.door(ASSIGN, str(found.tenant.id), "Assign a plan…")


def _row(row: SubscriptionRow) -> list[Cell]:
    door = tables.link("subscription", {"subscription": str(row.id)})
    return [
        Cell(str(row.id), opens=door),
        Cell(row.plan_name),
        words.status(row.status),
        Cell(formats.money(Money(row.total_minor, row.currency))),
        Cell(plan_words.CYCLES[row.cycle]),
        Cell(formats.day(row.started_on)),
        Cell(words.next_step(row)),
        Cell(words.COLLECTION[row.collection]),
        Cell(
            formats.money(Money(row.open_minor, row.currency)) if row.open_minor else "–",
            tone="bad" if row.overdue else "",
        ),
    ]


def _open(found: TenantPage) -> None:
    with st.container(border=True, key="panel-open"):
        section("Open invoices", "the oldest due date first")
        if found.open_invoices:
            sheet_parts.document_table(found.open_invoices, mixed=True)
        else:
            st.html('<p class="muted">Nothing is owed.</p>')


main()
