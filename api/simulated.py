"""The pages of the simulated gateways, where there is no real one: `/simulator/{gateway}/…`."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from core.gateways.registry import PAGES, simulated, simulator_pages
from core.office import office

LARGEST_FORM = 10_000


async def simulator(request: Request) -> Response:
    """A page, or what a button on it did; nothing where real gateways are at work."""
    body = await request.body()
    if len(body) > LARGEST_FORM:
        return PlainTextResponse("The form is too large", 413)
    return await run_in_threadpool(_answer, request, body)


def _answer(request: Request, body: bytes) -> Response:
    opened = office()
    provider = request.path_params["provider"]
    stands_in = simulated(opened.settings, opened.engine)
    app = simulator_pages(provider, opened.engine) if stands_in else None
    if app is None:
        return PlainTextResponse("There is nothing at this address", 404)
    return _served(app, request, f"{PAGES}/{provider}", body)


def _served(
    app: Callable[..., Iterable[bytes]], request: Request, root: str, body: bytes
) -> Response:
    """What a WSGI application (PEP 3333) answers to a request below `root`."""
    said: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        said.update(status=int(status[:3]), headers=dict(headers))

    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": root,
        "PATH_INFO": request.scope["path"].removeprefix(root),
        "QUERY_STRING": request.url.query,
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": request.url.scheme,
        **{f"HTTP_{name.upper().replace('-', '_')}": v for name, v in request.headers.items()},
    }
    content = b"".join(app(environ, start))
    return Response(content, said["status"], said["headers"])
