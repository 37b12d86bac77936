"""The sources' addresses of screens: a browser goes on to the page, a program to the API."""

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SCREENS = {
    "/billing/subscriptions": "/subscriptions",
    "/billing/subscription-new": "/subscriptions",
    "/billing/renewals": "/renewals",
    "/billing/invoices": "/invoices",
    "/billing/invoice-new": "/invoices",
    "/billing/payments": "/payments",
    "/billing/dunning": "/dunning",
    "/billing/credit-notes": "/credit-notes",
    "/billing/payment-config": "/payment-config",
    "/admin/billing/plans": "/plans",
    "/admin/billing/wallets": "/wallets",
    "/admin/billing/subscriptions": "/subscriptions",
    "/admin/billing/invoices": "/invoices",
    "/my-billing/recharge": "/my-wallet",
}
"""Pages by the addresses that the sources name (mission, PLN, SUB, INV, PAY, WAL)."""


class Screens:
    """Pure ASGI in front of pages and API: only a browser that asks for a page is sent on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a browser from a screen's address to its page; pass all else on."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in SCREENS:
            request = Request(scope)
            if "text/html" in request.headers.get("accept", ""):
                query = f"?{request.url.query}" if request.url.query else ""
                address = SCREENS[scope["path"]] + query
                await RedirectResponse(address, 303)(scope, receive, send)
                return
        await self.app(scope, receive, send)


async def tenant_screen(request: Request) -> RedirectResponse:
    """The page of a tenant and its subscription."""
    return RedirectResponse(f"/tenant?tenant={request.path_params['tenant']}", 303)
