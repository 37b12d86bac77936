"""Whether this process lives and can do its work, for whoever starts and balances it (OPS)."""

import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from core.access.authority import system
from core.errors import SchemaBehind
from core.office import office
from core.schema import require_newest

log = logging.getLogger(__name__)
PRIVATE = {"cache-control": "no-store"}


async def alive(_request: Request) -> JSONResponse:
    """200 as long as this process answers at all; a restart helps when it does not."""
    return JSONResponse({"status": "ok"}, 200, PRIVATE)


async def ready(_request: Request) -> JSONResponse:
    """200 while work can be done here, 503 with what is missing otherwise.

    Tells nothing of the database's contents.
    """
    checks = await run_in_threadpool(look)
    good = all(words == "ok" for words in checks.values())
    words = {"status": "ok" if good else "unavailable", **checks}
    return JSONResponse(words, 200 if good else 503, PRIVATE)


def look() -> dict[str, str]:
    """`database` answers, `schema` is the one this version needs; whatever goes wrong means no."""
    try:
        with office().work(system("health")) as work:
            require_newest(work.session)
    except SchemaBehind as problem:
        return {"database": "ok", "schema": str(problem)}
    except Exception:
        log.exception("the database does not answer")
        return {"database": "no answer", "schema": "unknown"}
    return {"database": "ok", "schema": "ok"}
