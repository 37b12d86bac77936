"""Whether this process can do its work, for the load balancer and for people."""

import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from core.access.authority import system
from core.office import office

log = logging.getLogger(__name__)


async def health(_request: Request) -> JSONResponse:
    """200 while the operational database answers, 503 otherwise; tells nothing of its contents."""
    alive = await run_in_threadpool(database_answers)
    words = {"status": "ok" if alive else "unavailable", "database": "ok" if alive else "no answer"}
    return JSONResponse(words, 200 if alive else 503, {"cache-control": "no-store"})


def database_answers() -> bool:
    """True when a transaction can be opened; whatever goes wrong means no."""
    try:
        with office().work(system("health")):
            return True
    except Exception:
        log.exception("the database does not answer")
        return False
