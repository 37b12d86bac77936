"""The HTTP API for programs: one FastAPI application behind the addresses of the sources."""

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from api import access, errors, plans, previews, subscriptions, usage, wallets
from api.guard import Guard

DESCRIPTION = """
A program sends `Authorization: Bearer sk_saldo_…`; a signed-in browser sends its session cookie
and, with a write, `application/json` or the header `X-Saldo-Request: 1`. Amounts are whole minor
units beside an ISO 4217 `currency`; days are calendar days of the billing time zone, instants are
UTC. A refusal is `{"error": words, "code": code}`. Writes that need a fresh sign-in are refused to
API keys. `Idempotency-Key` makes a write safe to repeat.
"""
SUBSCRIPTIONS = {
    "/sys/subscriptions": "Subscriptions",
    "/admin/billing/subscriptions": "Admin subscriptions",
}
"""The same routes at both addresses of the sources."""
TAGS = [
    {"name": "Access", "description": "What a tenant may do now"},
    {"name": "Usage", "description": "Usage events and limits of tenants"},
    {"name": "Plans", "description": "The catalogue and the pricing page"},
    {"name": "Wallets", "description": "Prepaid money and promotional credit"},
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
    for router in (access.router, usage.router, plans.public, plans.router, wallets.router):
        app.include_router(router)
    for prefix, tag in SUBSCRIPTIONS.items():
        for router in (previews.router, subscriptions.router):
            app.include_router(router, prefix=prefix, tags=[tag])
    app.include_router(subscriptions.status_router)
    return app


def _operation(route: APIRoute) -> str:
    """The name programs that are made from the description call a route by."""
    return f"{route.tags[0]}_{route.name}".lower().replace(" ", "_")


api = create()
