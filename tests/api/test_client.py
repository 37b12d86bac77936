"""`CheckSubscriptionStatus` in an application of its own, against the real API in process."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from core.access.authority import Actor
from core.office import office as the_office
from core.subscriptions.models import Subscription
from core.work import Office
from docs.examples.protected_app import is_super_admin, protected, tenant_of
from saldo_client import CheckSubscriptionStatus
from tests.api.conftest import a_key, answering
from tests.billing import JOB, a_subscription, a_tenant, the_plans

SALDO = "http://saldo.test"
URL = f"{SALDO}/v1/tenants/{{tenant_id}}/access"
FULL = {"status": "active", "reads": True, "writes": True, "throttled": False, "warning": None}
LAPSED = {**FULL, "status": "read_only", "writes": False, "warning": "Lapsed:\nonly reading"}


async def plain_app(scope: Any, receive: Any, send: Any) -> None:
    """Answers every request with 200."""
    if scope["type"] != "http":
        await send({"type": f"{scope['type']}.reached"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


@dataclass
class Saldo:
    """A stand-in for Saldo that counts its questions; `answer` may be changed."""

    answer: Callable[[httpx.Request], httpx.Response]
    asked: list[httpx.Request] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._take))

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answer(request)


def says(decision: dict[str, Any], etag: str = '"a"') -> Callable[..., httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-none-match") == etag:
            return httpx.Response(304)
        return httpx.Response(200, json=decision, headers={"etag": etag})

    return answer


def silent(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there")


def guarded(saldo: Saldo, **settings: Any) -> CheckSubscriptionStatus:
    given = {"tenant_of": tenant_of, "is_super_admin": is_super_admin, **settings}
    return CheckSubscriptionStatus(
        plain_app, access_url=URL, api_key="sk_saldo_x", client=saldo.client(), **given
    )


def call(app: Any, method: str, path: str = "/shipments", **headers: str) -> httpx.Response:
    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app.test") as client:
            return await client.request(method, path, headers={"x-tenant": "7", **headers})

    return asyncio.run(run())


@pytest.fixture
def subscription(office: Office) -> Subscription:
    return a_subscription(office, a_tenant(office), the_plans(office)["starter"])


def put_into(office: Office, subscription: Subscription, status: str) -> None:
    with office.work(JOB) as work:
        work.session.get_one(Subscription, subscription.id).status = status


@pytest.mark.parametrize(
    ("status", "write"),
    [
        ("active", 200),
        ("past_due", 200),
        ("grace_period", 200),
        ("read_only", 403),
        ("unpaid", 403),
        ("suspended", 403),
    ],
)
def test_the_example_lets_a_tenant_do_what_its_subscription_says(
    office: Office, boss: Actor, subscription: Subscription, status: str, write: int
) -> None:
    put_into(office, subscription, status)
    with answering({the_office: lambda: office}) as saldo:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(saldo))
        app = protected(SALDO, a_key(office, boss, "billing.read").token, client)
        tenant = {"x-tenant": str(subscription.tenant_id)}
        reads, writes = call(app, "GET", **tenant), call(app, "POST", **tenant)
    assert (reads.status_code, writes.status_code) == (200, write)
    warned = "x-subscription-warning" in writes.headers
    assert warned == (status != "active")
    if write == 403:
        assert writes.json()["code"] == "subscription_inactive"
        assert writes.json()["status"] == status
        assert writes.json()["error"] == reads.headers["x-subscription-warning"]
        assert call(app, "POST", "/recharge", **tenant).status_code == 200
        assert call(app, "POST", **{**tenant, "x-role": "super_admin"}).status_code == 200


def test_a_write_of_a_lapsed_tenant_never_reaches_the_application() -> None:
    app = guarded(Saldo(says(LAPSED)))
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        refused = call(app, method)
        assert (refused.status_code, refused.text == "ok") == (403, False)
        assert refused.headers["x-subscription-warning"] == "Lapsed: only reading"
    for method in ("GET", "HEAD", "OPTIONS"):
        assert call(app, method).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/login", 200),
        ("/billing/plan", 200),
        ("/webhooks/stripe", 200),
        ("/billings", 403),
        ("/billing/../shipments", 403),
        ("/shipments/login", 403),
    ],
)
def test_excluded_paths_stay_open_and_their_neighbours_do_not(path: str, status: int) -> None:
    scope_path = path
    app = guarded(Saldo(says(LAPSED)))
    sent: list[Any] = []

    async def run() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": scope_path}
        await app({**scope, "headers": [(b"x-tenant", b"7")]}, None, send)

    asyncio.run(run())
    assert sent[0]["status"] == status


def test_throttling_is_told_and_blocks_nothing() -> None:
    app = guarded(Saldo(says({**FULL, "throttled": True})))
    answer = call(app, "POST")
    assert (answer.status_code, answer.headers["x-subscription-throttled"]) == (200, "1")


def test_within_its_time_an_answer_is_not_asked_again_and_then_by_its_etag() -> None:
    saldo, at = Saldo(says(LAPSED)), [100.0]
    app = guarded(saldo, ttl_seconds=30)
    app.decisions.now = lambda: at[0]
    for _ in range(3):
        assert call(app, "POST").status_code == 403
    assert len(saldo.asked) == 1
    assert saldo.asked[0].headers["authorization"] == "Bearer sk_saldo_x"
    at[0] += 31
    assert call(app, "POST").status_code == 403
    assert saldo.asked[1].headers["if-none-match"] == '"a"'
    saldo.answer = says(FULL, '"b"')
    at[0] += 31
    assert call(app, "POST").status_code == 200
    assert len(saldo.asked) == 3


def test_the_last_answer_holds_while_saldo_is_silent() -> None:
    saldo, at = Saldo(says(LAPSED)), [100.0]
    app = guarded(saldo)
    app.decisions.now = lambda: at[0]
    call(app, "POST")
    saldo.answer = silent
    at[0] += 3_600
    assert call(app, "POST").status_code == 403
    assert call(app, "POST").status_code == 403
    assert len(saldo.asked) == 2
    saldo.answer = says(FULL, '"b"')
    at[0] += 6
    assert call(app, "POST").status_code == 200


@pytest.mark.parametrize(
    "answer",
    [
        silent,
        lambda _request: httpx.Response(500),
        lambda _request: httpx.Response(401, json={"error": "no", "code": "sign_in_needed"}),
        lambda _request: httpx.Response(200, text="<html>"),
        lambda _request: httpx.Response(200, json={"status": "active"}),
        lambda _request: httpx.Response(200, json=["active"]),
    ],
    ids=["unreachable", "broken", "wrong key", "no JSON", "half an answer", "a list"],
)
def test_an_unknown_tenant_writes_only_where_the_failure_is_open(answer: Any) -> None:
    assert call(guarded(Saldo(answer)), "POST").status_code == 200
    closed = guarded(Saldo(answer), fail_open=False)
    assert call(closed, "GET").status_code == 200
    refused = call(closed, "POST")
    assert (refused.status_code, refused.json()["code"]) == (503, "subscription_unknown")


def test_requests_without_tenant_and_of_super_admins_are_not_asked_about() -> None:
    saldo = Saldo(says(LAPSED))
    app = guarded(saldo)
    assert call(app, "POST", **{"x-tenant": ""}).status_code == 200
    assert call(app, "POST", **{"x-role": "super_admin"}).status_code == 200
    assert saldo.asked == []


def test_a_tenant_asked_about_at_once_is_asked_once() -> None:
    saldo = Saldo(says(FULL))
    app = guarded(saldo)

    async def run() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://app.test") as client:
            calls = [client.post("/x", headers={"x-tenant": "7"}) for _ in range(20)]
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    assert set(asyncio.run(run())) == {200}
    assert len(saldo.asked) == 1


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_websockets_and_lifespan_pass(kind: str) -> None:
    sent: list[Any] = []

    async def run() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        await guarded(Saldo(silent))({"type": kind, "path": "/ws", "headers": []}, None, send)

    asyncio.run(run())
    assert sent == [{"type": f"{kind}.reached"}]


def test_an_address_that_names_no_tenant_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="tenant_id"):
        CheckSubscriptionStatus(plain_app, access_url=SALDO, api_key="", tenant_of=tenant_of)
