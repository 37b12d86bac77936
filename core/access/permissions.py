"""The permissions that exist and what the default roles start with (ACC.1)."""

SAAS_ADMIN = "saas.billing.admin"
INCLUDED = {
    SAAS_ADMIN: (
        "saas.plans.manage",
        "saas.subscriptions.manage",
        "saas.wallets.manage",
        "saas.invoices.manage",
    ),
    "billing.write": ("saas.invoices.manage", "bank.import"),
    "sys_finance": ("analytics.read", "bank.import"),
}
PERMISSIONS = {
    "billing.read": "See invoices, payments, subscriptions and receivables of all tenants",
    "billing.write": "Create and send invoices, record payments, work the dunning queue",
    "billing.approve": "Approve credit notes of others",
    SAAS_ADMIN: "All of the four below",
    "saas.plans.manage": "Create, edit and switch plans",
    "saas.subscriptions.manage": "Assign, change and cancel subscriptions",
    "saas.wallets.manage": "Credit and debit wallets",
    "saas.invoices.manage": "Issue, void and settle invoices by hand",
    "sys_finance": "Refund, assign bank transfers, override dunning, close months",
    "bank.import": "Import the bank's files, say whose a transfer is not",
    "payment_config.manage": "Keys and modes of the payment gateways",
    "analytics.read": "Revenue dashboard and reports",
    "analytics.sql": "Ad-hoc SQL over the analytics copy",
    "users.manage": "Users, roles, the permission table and the audit log",
    "org.billing.read": "The own organisation's plan, usage and invoices",
    "org.billing.manage": "Recharge, auto-renewal and payment methods of the own organisation",
}
SIGNED_IN = "signed_in"
"""What people do with their own sign-in needs; everybody in a session has it, no role grants it."""
TENANT_SIDE = ("org.billing.read", "org.billing.manage")
PLATFORM_SIDE = tuple(name for name in PERMISSIONS if name not in TENANT_SIDE)
ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "super_admin": ("Super admin", tuple(PERMISSIONS)),
    "admin": ("Administrator", (SAAS_ADMIN, *INCLUDED[SAAS_ADMIN], "billing.read")),
    "billing": ("Billing", ("billing.read", "billing.write", "billing.approve")),
    "sys_finance": ("Finance", ("billing.read", "sys_finance", "analytics.read")),
    "onboarding": ("Onboarding", ("billing.read", "saas.subscriptions.manage")),
    "cfo": ("CFO", ("billing.read", "analytics.read")),
    "analyst": ("Analyst", ("analytics.read", "analytics.sql")),
    "manager": ("Manager", ()),
    "operator": ("Operator", ()),
    "org_admin": ("Organisation admin", TENANT_SIDE),
    "org_user": ("Organisation user", ("org.billing.read",)),
}


def effective(granted: set[str]) -> frozenset[str]:
    """What a set of granted permissions allows, supersets unfolded."""
    unfolded = {inner for outer in granted for inner in INCLUDED.get(outer, ())}
    return frozenset(granted | unfolded)
