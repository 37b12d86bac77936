"""A small application whose tenants read only once their subscription has lapsed.

    SALDO_URL=http://127.0.0.1:8501 SALDO_API_KEY=sk_saldo_… uvicorn protected_app:app

The key needs `billing.read`. A request names its tenant in `X-Tenant`; a real application takes
it from its own session.
"""

import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from saldo_client import CheckSubscriptionStatus


def tenant_of(scope: Scope) -> str | None:
    """The tenant a request belongs to; None for a visitor."""
    given = dict(scope["headers"]).get(b"x-tenant")
    return given.decode() if given and given.isdigit() else None


def is_super_admin(scope: Scope) -> bool:
    """True for the platform's own people."""
    return dict(scope["headers"]).get(b"x-role") == b"super_admin"


async def shipments(request: Request) -> JSONResponse:
    """List shipments, or book one."""
    return JSONResponse({"shipments": []} if request.method == "GET" else {"booked": True})


async def recharge(_request: Request) -> JSONResponse:
    """Pay: open to tenants that have lapsed, or they could never come back."""
    return JSONResponse({"recharged": True})


def protected(saldo_url: str, api_key: str, client: httpx.AsyncClient | None = None) -> ASGIApp:
    """The application behind the middleware."""
    app = Starlette(
        routes=[
            Route("/shipments", shipments, methods=["GET", "POST"]),
            Route("/recharge", recharge, methods=["POST"]),
        ]
    )
    return CheckSubscriptionStatus(
        app,
        access_url=f"{saldo_url}/v1/tenants/{{tenant_id}}/access",
        api_key=api_key,
        tenant_of=tenant_of,
        is_super_admin=is_super_admin,
        client=client,
    )


app = protected(
    os.environ.get("SALDO_URL", "http://127.0.0.1:8501"), os.environ.get("SALDO_API_KEY", "")
)
