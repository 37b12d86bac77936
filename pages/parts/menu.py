"""Which pages exist, who may open them, and where each role starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st
from streamlit.navigation.page import Page

from core.access.sessions import Viewer
from core.settings import Settings, settings


@dataclass(frozen=True)
class Entry:
    """One page: its file, its address, its group by job, and the permission it needs.

    `feature` is the setting that switches it on; `own` pages are for a tenant's users alone.
    """

    address: str
    title: str
    file: str
    group: str
    needs: str
    icon: str
    visibility: Literal["visible", "hidden"] = "visible"
    feature: Literal["saas_billing", "saas_wallet"] | None = None
    own: bool = False

    def offered(self, chosen: Settings) -> bool:
        """True unless its feature is switched off."""
        return self.feature is None or bool(getattr(chosen, self.feature))


MENU = (
    Entry(
        "revenue",
        "Dashboard",
        "pages/revenue/dashboard.py",
        "Revenue",
        "analytics.read",
        ":material/monitoring:",
    ),
    Entry(
        "rows",
        "Rows behind a figure",
        "pages/revenue/rows.py",
        "Revenue",
        "analytics.read",
        ":material/table_rows:",
        "hidden",
    ),
    Entry(
        "cohorts",
        "Cohorts",
        "pages/revenue/cohorts.py",
        "Revenue",
        "analytics.read",
        ":material/grid_on:",
    ),
    Entry(
        "churn",
        "Churn",
        "pages/revenue/churn.py",
        "Revenue",
        "analytics.read",
        ":material/trending_down:",
    ),
    Entry(
        "deferred",
        "Deferred revenue",
        "pages/revenue/deferred.py",
        "Revenue",
        "analytics.read",
        ":material/event_upcoming:",
    ),
    Entry(
        "platform-fees",
        "Platform fees",
        "pages/revenue/platform_fees.py",
        "Revenue",
        "analytics.read",
        ":material/percent:",
    ),
    Entry(
        "ageing",
        "Ageing",
        "pages/receivables/ageing.py",
        "Receivables",
        "billing.read",
        ":material/hourglass_bottom:",
    ),
    Entry(
        "dunning",
        "Dunning",
        "pages/receivables/dunning.py",
        "Receivables",
        "billing.read",
        ":material/notification_important:",
    ),
    Entry(
        "ladder",
        "Dunning ladder",
        "pages/admin/ladder.py",
        "Receivables",
        "sys_finance",
        ":material/stairs:",
    ),
    Entry(
        "invoices",
        "Invoices",
        "pages/receivables/invoices.py",
        "Receivables",
        "billing.read",
        ":material/receipt_long:",
    ),
    Entry(
        "invoice",
        "Invoice",
        "pages/receivables/invoice.py",
        "Receivables",
        "billing.read",
        ":material/receipt_long:",
        "hidden",
    ),
    Entry(
        "payments",
        "Payments",
        "pages/receivables/payments.py",
        "Receivables",
        "billing.read",
        ":material/payments:",
    ),
    Entry(
        "payment",
        "Payment",
        "pages/receivables/payment.py",
        "Receivables",
        "billing.read",
        ":material/payments:",
        "hidden",
    ),
    Entry(
        "unmatched",
        "Unmatched payments",
        "pages/receivables/unmatched.py",
        "Receivables",
        "billing.read",
        ":material/inbox:",
    ),
    Entry(
        "auto-assign",
        "Automatic posting",
        "pages/receivables/auto_assign.py",
        "Receivables",
        "sys_finance",
        ":material/bolt:",
        "hidden",
    ),
    Entry(
        "disputes",
        "Disputes",
        "pages/receivables/disputes.py",
        "Receivables",
        "billing.read",
        ":material/gavel:",
    ),
    Entry(
        "credit-notes",
        "Credit notes",
        "pages/receivables/credit_notes.py",
        "Receivables",
        "billing.read",
        ":material/undo:",
    ),
    Entry(
        "credit-note",
        "Credit note",
        "pages/receivables/credit_note.py",
        "Receivables",
        "billing.read",
        ":material/undo:",
        "hidden",
    ),
    Entry(
        "subscriptions",
        "Subscriptions",
        "pages/billing/subscriptions.py",
        "Subscriptions",
        "billing.read",
        ":material/autorenew:",
    ),
    Entry(
        "subscription",
        "Subscription",
        "pages/billing/subscription.py",
        "Subscriptions",
        "billing.read",
        ":material/autorenew:",
        "hidden",
    ),
    Entry(
        "renewals",
        "Renewals",
        "pages/billing/renewals.py",
        "Subscriptions",
        "billing.read",
        ":material/event_repeat:",
    ),
    Entry(
        "tenants",
        "Tenants",
        "pages/billing/tenants.py",
        "Subscriptions",
        "billing.read",
        ":material/corporate_fare:",
    ),
    Entry(
        "tenant",
        "Tenant",
        "pages/billing/tenant.py",
        "Subscriptions",
        "billing.read",
        ":material/domain:",
    ),
    Entry(
        "usage",
        "Usage",
        "pages/billing/usage.py",
        "Subscriptions",
        "billing.read",
        ":material/speed:",
    ),
    Entry(
        "meters",
        "Meters and prices",
        "pages/billing/meters.py",
        "Subscriptions",
        "saas.plans.manage",
        ":material/straighten:",
        feature="saas_billing",
    ),
    Entry(
        "plans",
        "Plans",
        "pages/admin/plans.py",
        "Subscriptions",
        "saas.plans.manage",
        ":material/sell:",
        feature="saas_billing",
    ),
    Entry(
        "wallets",
        "Wallets",
        "pages/admin/wallets.py",
        "Subscriptions",
        "saas.wallets.manage",
        ":material/account_balance_wallet:",
        feature="saas_wallet",
    ),
    Entry(
        "my-plan",
        "Plan",
        "pages/my_billing/plan.py",
        "My billing",
        "org.billing.read",
        ":material/deployed_code:",
        feature="saas_billing",
        own=True,
    ),
    Entry(
        "my-invoices",
        "Invoices",
        "pages/my_billing/invoices.py",
        "My billing",
        "org.billing.read",
        ":material/receipt_long:",
        feature="saas_billing",
        own=True,
    ),
    Entry(
        "my-wallet",
        "Wallet",
        "pages/my_billing/wallet.py",
        "My billing",
        "org.billing.read",
        ":material/account_balance_wallet:",
        feature="saas_wallet",
        own=True,
    ),
    Entry(
        "my-payment-method",
        "Payment method",
        "pages/my_billing/payment_method.py",
        "My billing",
        "org.billing.read",
        ":material/credit_card:",
        feature="saas_billing",
        own=True,
    ),
    Entry(
        "my-history",
        "History",
        "pages/my_billing/history.py",
        "My billing",
        "org.billing.read",
        ":material/history:",
        feature="saas_billing",
        own=True,
    ),
    Entry(
        "inbox",
        "Inbox",
        "pages/my_billing/inbox.py",
        "My billing",
        "org.billing.read",
        ":material/inbox:",
        own=True,
    ),
    Entry(
        "my-channels",
        "Notifications",
        "pages/my_billing/channels.py",
        "My billing",
        "org.billing.manage",
        ":material/notifications:",
        own=True,
    ),
    Entry(
        "channels",
        "Channels",
        "pages/admin/channels.py",
        "Admin",
        "saas.billing.admin",
        ":material/notifications:",
    ),
    Entry(
        "users",
        "Users and roles",
        "pages/admin/users.py",
        "Admin",
        "users.manage",
        ":material/group:",
    ),
    Entry(
        "api-keys",
        "API keys",
        "pages/admin/api_keys.py",
        "Admin",
        "users.manage",
        ":material/key:",
    ),
    Entry(
        "payment-config",
        "Payment config",
        "pages/admin/payment_config.py",
        "Admin",
        "payment_config.manage",
        ":material/tune:",
    ),
    Entry(
        "gateway-events",
        "Gateway events",
        "pages/admin/gateway_events.py",
        "Admin",
        "payment_config.manage",
        ":material/webhook:",
    ),
    Entry(
        "jobs",
        "Jobs",
        "pages/admin/jobs.py",
        "Admin",
        "users.manage",
        ":material/schedule:",
    ),
    Entry(
        "audit",
        "Audit log",
        "pages/admin/audit.py",
        "Admin",
        "users.manage",
        ":material/fact_check:",
    ),
)
LANDING = {"billing": "ageing", "onboarding": "tenant"}
"""Roles that do not start at the first page they may open."""


def addresses(chosen: Settings) -> list[str]:
    """The addresses of the pages that are switched on."""
    return [entry.address for entry in MENU if entry.offered(chosen)]


def entries(seen: Viewer) -> list[Entry]:
    """The pages a person may open, in the order of the menu."""
    return [
        entry
        for entry in MENU
        if seen.may(entry.needs)
        and entry.offered(settings())
        and (seen.tenant_id is not None or not entry.own)
    ]


def landing(seen: Viewer) -> str | None:
    """The address where a person starts; None when no page is open to them."""
    addresses = [entry.address for entry in entries(seen) if entry.visibility == "visible"]
    wanted = [LANDING[role] for role in seen.roles if role in LANDING]
    return next((address for address in [*wanted, *addresses] if address in addresses), None)


def build(seen: Viewer, start: Callable[[], None]) -> dict[str, list[Page]]:
    """Streamlit's pages by group; `start` is the hidden page at the root."""
    sections: dict[str, list[Page]] = {
        "": [st.Page(start, title="Saldo", url_path="start", default=True, visibility="hidden")]
    }
    for entry in entries(seen):
        sections.setdefault(entry.group, []).append(
            st.Page(
                entry.file,
                title=entry.title,
                icon=entry.icon,
                url_path=entry.address,
                visibility=entry.visibility,
            )
        )
    return sections
