"""The one web process: Streamlit's pages and our HTTP doors behind one gate, run by uvicorn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
import structlog
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

import worker
from api.gate import API, WRITES, Gate
from api.headers import SecurityHeaders
from api.health import alive, ready
from api.metrics import Measured, metrics
from api.oidc import callback, confirm_there, start
from api.pace import Paced
from api.pricing import pricing
from api.screens import Screens, tenant_screen
from api.shell import shell
from api.sign_in import confirm, login, logout
from api.simulated import simulator
from core import embedded
from core.gateways.registry import PAGES, put_simulator_to_work
from core.office import office, share_evenly
from core.settings import Settings, settings
from pages.parts.menu import addresses

ROOT = Path(__file__).resolve().parent
ASSET_SECONDS = 86_400
LOOK_SECONDS = 5.0
"""How often the web process looks whether the embedded database still runs."""

log = structlog.get_logger()


class Assets(StaticFiles):
    """Fonts, logo and style of the sign-in page, kept by browsers for a day."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file with a lifetime."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = f"public, max-age={ASSET_SECONDS}"
        return response


class Api:
    """The HTTP API, put together in the background once the house stands, or when first asked."""

    def __init__(self) -> None:
        self._made: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        made = self._made
        if made is None:
            made = await run_in_threadpool(self.make)
        await made(scope, receive, send)

    def make(self) -> ASGIApp:
        """The application of all routes, whose descriptions take seconds to put together."""
        from api.app import api as made  # noqa: PLC0415 (the pages need not wait for it)

        self._made = made
        return made


api = Api()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Open the database before the first visitor comes, and let a worker run the jobs."""
    share_evenly()
    opened = await run_in_threadpool(office)
    await run_in_threadpool(put_simulator_to_work, opened.settings, opened.engine)
    making = asyncio.create_task(run_in_threadpool(api.make))
    keeping = asyncio.create_task(keep_database(opened.settings))
    with ExitStack() as stack:
        if opened.settings.worker_in_serve:
            await run_in_threadpool(stack.enter_context, worker.beside(opened))
        yield {}
        keeping.cancel()
        await run_in_threadpool(stack.close)
    await making


async def keep_database(chosen: Settings) -> None:
    """Start the embedded database again when it died; one that was stopped stays stopped."""
    while not chosen.database_url:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            if await run_in_threadpool(embedded.revive, chosen.home / "pg"):
                log.warning("embedded_database_started_again")
        except Exception as problem:  # whatever it is may be over at the next look
            log.warning("embedded_database_not_started", problem=str(problem))


def web(chosen: Settings) -> st.App:
    """The web application; Streamlit's own host check follows the same setting as ours."""
    app = st.App(
        ROOT / "app.py",
        lifespan=lifespan,
        routes=[
            Route("/login", login, methods=["GET", "POST"]),
            Route("/confirm", confirm, methods=["GET", "POST"]),
            Route("/logout", logout, methods=["POST"]),
            Route("/oidc/start", start),
            Route("/oidc/confirm", confirm_there),
            Route("/oidc/callback", callback),
            Route("/health", ready),
            Route("/healthz", alive),
            Route("/readyz", ready),
            Route("/metrics", metrics),
            Route("/pricing", pricing),
            Route(PAGES + "/{provider}/{rest:path}", simulator, methods=["GET", "POST"]),
            Route("/clients/tenant/{tenant:int}/subscription", tenant_screen),
            Mount("/brand", Assets(directory=ROOT / "static")),
            *(Route(path + "{rest:path}" * path.endswith("/"), api) for path in API),
            *(Route(path, api, methods=["POST"]) for path in WRITES),
            *(Route(f"/{address}", shell) for address in ("", *addresses(chosen))),
        ],
        middleware=[
            Middleware(Measured),
            Middleware(SecurityHeaders, https=chosen.cookie_secure),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(chosen.allowed_hosts)),
            Middleware(Paced, per_minute=chosen.requests_per_minute),
            Middleware(Screens),
            Middleware(Gate),
        ],
    )
    # Otherwise the first visitor after a start is told that a deep link does not exist, because
    # Streamlit takes our folder `pages/` for its own old kind of pages until a script has run.
    PagesManager.uses_pages_directory = False
    config.set_option("server.allowedHosts", [host.strip("[]") for host in chosen.allowed_hosts])
    return app


app = web(settings())


def run(host: str = "127.0.0.1", port: int = 8501) -> None:
    """Serve until stopped."""
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
