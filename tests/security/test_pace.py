"""Nobody asks so often that others are not served, or tries out passwords by the thousand."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api import pace
from api.pace import ADDRESS_FACTOR, PROOFS_PER_MINUTE, Buckets, Paced
from core.settings import settings
from serve import web

MOST = 6
API = "/sys/tenants"


class Time:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers everything."""
    answer: Response = PlainTextResponse(Request(scope).url.path)
    await answer(scope, receive, send)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def paced(time: Time) -> TestClient:
    """An application behind a pace of six requests a minute, asked from one address."""
    app = Paced(answers, per_minute=MOST, clock=time)
    return TestClient(app, client=("192.0.2.7", 1))


def key(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer sk_saldo_{name}"}


def test_a_caller_that_asks_too_often_waits(paced: TestClient, time: Time) -> None:
    """ASVS 2.4.1: the answer says for how long, in the shape of every refusal."""
    assert [paced.get(API, headers=key("a")).status_code for _ in range(MOST)] == [200] * MOST
    refused = paced.get(API, headers=key("a"))
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "10"
    time.now = 9.9
    assert paced.get(API, headers=key("a")).status_code == 429
    time.now = 10
    assert paced.get(API, headers=key("a")).status_code == 200
    assert paced.get(API, headers=key("a")).status_code == 429


def test_callers_do_not_use_up_each_others_requests(paced: TestClient) -> None:
    """ASVS 2.4.1: a busy program leaves the others of its address their share."""
    while paced.get(API, headers=key("a")).status_code == 200:
        pass
    assert paced.get(API, headers=key("b")).status_code == 200
    assert paced.get(API, headers={"cookie": "saldo=token"}).status_code == 200


def test_made_up_keys_gain_nothing(paced: TestClient) -> None:
    """ASVS 2.4.1: an address has a pace too, whatever it sends."""
    told = [paced.get(API, headers=key(str(n))).status_code for n in range(MOST * 5)]
    assert told == [200] * MOST * ADDRESS_FACTOR + [429] * MOST


@pytest.mark.parametrize("path", ["/login", "/confirm"])
def test_passwords_are_judged_at_a_pace(path: str, time: Time) -> None:
    """ASVS 6.3.1, 2.4.1: also where each try names another account and another address is free."""
    app = Paced(answers, per_minute=PROOFS_PER_MINUTE * 10, clock=time)
    here, there = (TestClient(app, client=(address, 1)) for address in ("192.0.2.7", "192.0.2.8"))
    told = [here.post(path).status_code for _ in range(PROOFS_PER_MINUTE + 5)]
    assert told == [200] * PROOFS_PER_MINUTE + [429] * 5
    assert here.get(path).status_code == 200
    assert there.post(path).status_code == 200


def test_prices_are_read_at_a_pace(paced: TestClient) -> None:
    """ASVS 2.4.1: nobody signs in for them, and each request reads the database."""
    told = [paced.get("/pricing").status_code for _ in range(MOST + 2)]
    assert told == [200] * MOST + [429] * 2


def test_pages_assets_and_probes_have_no_pace(paced: TestClient) -> None:
    """ASVS 2.4.1: what a page loads is not counted, and a probe is always answered."""
    for path in ("/", "/revenue", "/brand/style.css", "/healthz", "/_stcore/health"):
        assert {paced.get(path).status_code for _ in range(MOST * 5)} == {200}


def test_whoever_is_long_gone_is_forgotten(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """ASVS 2.4.1: made-up callers do not fill the memory."""
    monkeypatch.setattr(pace, "MOST_KEPT", 3)
    buckets = Buckets(1, time)
    assert [buckets.take(name) for name in "aabcd"] == [0, 60, 0, 0, 0]
    assert buckets.take("a") == 0
    assert buckets.take("d") == 60


def test_the_web_process_keeps_the_pace_that_is_set() -> None:
    """ASVS 2.4.1: it stands in front of the gate, with the number of the settings."""
    kept = [each for each in web(settings())._user_middleware if each.cls is Paced]
    assert [each.kwargs for each in kept] == [{"per_minute": settings().requests_per_minute}]
