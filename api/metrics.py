"""`/metrics` in Prometheus' text format: requests, what waits, jobs, the copy, the process."""

import hmac
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.gate import is_api
from core.access.authority import system
from core.errors import NoCopy
from core.office import office
from core.operating import House, house
from core.settings import settings
from etl.warehouse import Warehouse

log = logging.getLogger(__name__)
HERE = ("127.0.0.1", "::1", "localhost", "testclient")
ASSETS = ("/static/", "/brand/", "/favicon")
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Bounds of the histogram of answers."""
registry = CollectorRegistry()
_answers = Counter(
    "saldo_http_requests", "Answered requests.", ("door", "method", "status"), registry=registry
)
_took = Histogram(
    "saldo_http_request_seconds",
    "Time to the whole answer.",
    ("door",),
    buckets=SECONDS,
    registry=registry,
)
_open = Gauge("saldo_open_pages", "Pages that are open in browsers.", registry=registry)


class Measured:
    """Pure ASGI around everything: counts and times answers by door, never by address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on and note what became of it."""
        if scope["type"] == "websocket":
            with _open.track_inprogress():
                await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.perf_counter()
        try:
            await self.app(scope, receive, watched)
        finally:
            door = door_of(scope["path"], scope["method"])
            _answers.labels(door, _known(scope["method"]), str(status)).inc()
            _took.labels(door).observe(time.perf_counter() - began)


def door_of(path: str, method: str) -> str:
    """The door an address belongs to: asset, api or page."""
    if path.startswith(ASSETS):
        return "asset"
    return "api" if is_api(path, method) else "page"


class _Standing(Collector):
    """The house as it stands when it is asked; a database that does not answer says so."""

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        try:
            with office().work(system("metrics")) as work:
                found = house(work)
        except Exception:
            log.exception("the house cannot be measured")
            found = None
        yield GaugeMetricFamily(
            "saldo_database_up", "1 while the database answers.", int(found is not None)
        )
        if found is not None:
            yield from _of_house(found, now)
        yield from _of_copy(now)


def _of_house(found: House, now: datetime) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("saldo_queue_length", "What waits, by queue.", labels=("queue",))
    oldest = GaugeMetricFamily(
        "saldo_queue_oldest_seconds", "Age of the oldest of a queue.", labels=("queue",)
    )
    for queue in found.queues:
        waiting.add_metric((queue.name,), queue.waiting)
        age = 0.0 if queue.oldest_at is None else (now - queue.oldest_at).total_seconds()
        oldest.add_metric((queue.name,), max(0.0, age))
    done = GaugeMetricFamily(
        "saldo_job_done_timestamp_seconds", "When a job last ended well.", labels=("job",)
    )
    failed = GaugeMetricFamily("saldo_job_failed", "Failed runs within a day.", labels=("job",))
    for job in found.jobs:
        failed.add_metric((job.name,), job.failed)
        if job.done_at is not None:
            done.add_metric((job.name,), job.done_at.timestamp())
    yield from (waiting, oldest, done, failed)


def _of_copy(now: datetime) -> Iterator[Metric]:
    try:
        info = Warehouse(settings()).info()
    except NoCopy:
        return
    yield GaugeMetricFamily(
        "saldo_copy_age_seconds",
        "Age of the analytics copy.",
        (now - info.published_at).total_seconds(),
    )
    yield GaugeMetricFamily(
        "saldo_copy_refused", "1 while the newest sync was refused.", int(info.problem is not None)
    )


registry.register(_Standing())
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
GCCollector(registry=registry)


async def metrics(request: Request) -> Response:
    """The figures for whoever has the token, or asks from this machine itself while there is none.

    404 for everybody else: a stranger learns neither figures nor that there are any.
    """
    if not _may(request):
        return PlainTextResponse("Not found", 404)
    text = await run_in_threadpool(generate_latest, registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers={"cache-control": "no-store"})


def _may(request: Request) -> bool:
    token = settings().metrics_token
    if token is not None:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode())
    passed_on = any(name in request.headers for name in ("x-forwarded-for", "forwarded"))
    return not passed_on and request.client is not None and request.client.host in HERE


def _known(method: str) -> str:
    """The method, but for such as a stranger makes up."""
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "other"
