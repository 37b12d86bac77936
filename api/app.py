"""The HTTP API for programs: one FastAPI application behind the addresses of the sources."""

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from api import (
    access,
    bank,
    charging,
    closing,
    credit_notes,
    disputes,
    documents,
    dunning,
    errors,
    figures,
    gateway_config,
    imports,
    invoices,
    jobs,
    keys,
    list_files,
    me,
    my_billing,
    notifications,
    payments,
    plans,
    previews,
    reconciliation,
    reports,
    sql,
    subscriptions,
    tenants,
    unmatched,
    usage,
    users,
    wallets,
    webhooks,
)
from api.guard import Guard

DESCRIPTION = """
A program sends `Authorization: Bearer sk_saldo_…`; a signed-in browser sends its session cookie
and, with a write, `application/json` or the header `X-Saldo-Request: 1`. Amounts are whole minor
units beside an ISO 4217 `currency`; days are calendar days of the billing time zone, instants are
UTC. A refusal is `{"error": words, "code": code}`. Writes that need a fresh sign-in are refused to
API keys. `Idempotency-Key` makes a write safe to repeat.
"""
BOTH = {
    "subscriptions": (previews.router, subscriptions.router),
    "invoices": (invoices.router, charging.invoice_router),
    "payments": (unmatched.router, disputes.router, payments.router),
    "credit-notes": (credit_notes.router,),
    "wallets": (wallets.router,),
}
"""Records whose routes stand at both addresses of the sources, `/sys/…` and `/admin/billing/…`."""
TAGS = [
    {"name": "Access", "description": "What a tenant may do now"},
    {"name": "Tenants", "description": "Organisations on the platform"},
    {"name": "Usage", "description": "Usage events and limits of tenants"},
    {"name": "Plans", "description": "The catalogue and the pricing page"},
    {"name": "Wallets", "description": "Prepaid money and promotional credit"},
    {"name": "Admin wallets", "description": "The same, at the admin panel's address"},
    {"name": "Invoices", "description": "What tenants owe: written, sent, settled, voided"},
    {"name": "Admin invoices", "description": "The same, at the admin panel's address"},
    {"name": "Payments", "description": "Money in, and given back with a preview"},
    {"name": "Admin payments", "description": "The same, at the admin panel's address"},
    {"name": "Credit notes", "description": "Drafted by one person, approved by another"},
    {"name": "Admin credit notes", "description": "The same, at the admin panel's address"},
    {"name": "Dunning", "description": "Overdue invoices: reminders, suspension, overrides"},
    {"name": "Short addresses", "description": "Single writes at the sources' own addresses"},
    {"name": "Messages", "description": "What tenants were told, how they hear, their inboxes"},
    {"name": "Documents", "description": "Invoices, credit notes and lists as files"},
    {"name": "Bank", "description": "The bank's files"},
    {"name": "Import", "description": "A company's own data"},
    {"name": "Reconciliation", "description": "Gateways and bank held against the books"},
    {"name": "Admin reconciliation", "description": "The same, at the admin panel's address"},
    {"name": "Reports", "description": "Churn, platform fees, cohorts, cash forecast"},
    {"name": "Admin reports", "description": "The same, at the admin panel's address"},
    {"name": "SQL", "description": "Questions in SQL over the analytics copy, and kept ones"},
    {"name": "Month close", "description": "Months closed with their figures; the journal"},
    {"name": "Admin month close", "description": "The same, at the admin panel's address"},
    {"name": "Charging", "description": "Cards charged by the run or at once"},
    {"name": "My billing", "description": "The own organisation's recharges and cards"},
    {"name": "Payment config", "description": "Keys of the gateways, and the events they sent"},
    {"name": "Webhooks", "description": "Where the gateways send their events"},
    {"name": "Jobs", "description": "What runs by itself, and what became of it"},
    {"name": "Users", "description": "Accounts, roles and the permission table"},
    {"name": "Own sign-in", "description": "Codes, password and sessions of who is signed in"},
    {"name": "API keys", "description": "Keys of programs, made and revoked by people"},
    {"name": "Subscriptions", "description": "Every tenant's subscription, changed with previews"},
    {"name": "Admin subscriptions", "description": "The same, at the admin panel's address"},
]


def create() -> FastAPI:
    """The application; no page of documentation, since such pages load scripts from elsewhere."""
    app = FastAPI(
        title="Saldo",
        version="1",
        description=DESCRIPTION.strip(),
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation,
        middleware=[Middleware(Guard)],
    )
    errors.install(app)
    for door in (
        access,
        tenants,
        usage,
        plans,
        documents,
        list_files,
        notifications,
        jobs,
        users,
        keys,
        me,
    ):
        app.include_router(door.router)
    app.include_router(plans.public)
    app.include_router(users.role_router)
    for name, routers in BOTH.items():
        words = name.replace("-", " ")
        for router in routers:
            app.include_router(router, prefix=f"/sys/{name}", tags=[words.capitalize()])
            app.include_router(router, prefix=f"/admin/billing/{name}", tags=[f"Admin {words}"])
    for router in (
        subscriptions.status_router,
        invoices.send_router,
        payments.record_router,
        credit_notes.approve_router,
        notifications.own_router,
        charging.router,
        charging.own_router,
        my_billing.router,
        gateway_config.router,
        webhooks.router,
        bank.router,
        imports.router,
        reports.router,
        sql.router,
        dunning.queue_router,
        dunning.tenants,
    ):
        app.include_router(router)
    for prefix, tag in (("/sys", "Reconciliation"), ("/admin", "Admin reconciliation")):
        app.include_router(reconciliation.router, prefix=f"{prefix}/billing", tags=[tag])
    for prefix, tag in (("/sys", "Month close"), ("/admin", "Admin month close")):
        app.include_router(closing.router, prefix=f"{prefix}/billing", tags=[tag])
    app.include_router(dunning.router, prefix="/billing/dunning", tags=["Dunning"])
    app.include_router(dunning.router, prefix="/dunning", tags=["Short addresses"])
    app.include_router(figures.router, prefix="/sys/billing", tags=["Reports"])
    app.include_router(figures.router, prefix="/admin/billing", tags=["Admin reports"])
    return app


def _operation(route: APIRoute) -> str:
    """The name programs that are made from the description call a route by."""
    return f"{route.tags[0]}_{route.name}".lower().replace(" ", "_")


api = create()
