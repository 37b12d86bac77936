"""The ledgers of the gateways told in any shape: kept whole, or refused in words and not kept."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete

from core.gateways.accounts import Account
from core.gateways.paypal import PayPalGateway
from core.gateways.paystack import PaystackGateway
from core.gateways.port import Gateway
from core.gateways.registry import TITLES
from core.gateways.stripe_gateway import StripeGateway
from core.reconciliation.models import GatewayLine, GatewayPayout, GatewayPull
from core.reconciliation.pulling import pull
from core.work import Office
from tests.billing import JOB
from tests.core.gateways import test_paypal_requests as paypal
from tests.core.gateways import test_paystack_requests as paystack
from tests.core.gateways.conftest import ADDRESS, KEY
from tests.core.gateways.test_unreadable import LINE, Saying
from tests.fuzz import odd
from tests.fuzz.depth import tried
from tests.reconciliation import began

Bend = Callable[[Any], bytes]
TOKEN = {"access_token": "A21", "expires_in": 32_400}
PAYOUT = {
    "id": "po_1",
    "object": "payout",
    "status": "paid",
    "currency": "eur",
    "amount": 440,
    "arrival_date": 1_795_176_000,
    "automatic": True,
    "reconciliation_status": "completed",
    "trace_id": None,
}


def said(path: str) -> Any:
    """What a gateway answers at an address when all is well."""
    rows: list[dict[str, Any]] = []
    if path.endswith("balance_transactions"):
        rows = [LINE, {**LINE, "id": "txn_2", "amount": -500, "reporting_category": "refund"}]
        return {"object": "list", "data": rows, "has_more": False}
    if path.endswith("payouts"):
        return {"object": "list", "data": [PAYOUT], "has_more": False}
    if "/payouts/" in path:
        return PAYOUT
    if path.endswith("token"):
        return TOKEN
    if path.endswith("reporting/transactions"):
        rows = [paypal.ROW, {**paypal.ROW, "transaction_id": "9K2", "invoice_id": "payment-2"}]
        return paypal.found(*rows)[1]
    rows = {
        "transaction": [paystack.PAID, {**paystack.PAID, "id": 2, "reference": "payment-2"}],
        "refund": [paystack.REFUND],
        "settlement": [{**paystack.SETTLED, "status": "success"}],
    }.get(path.rpartition("/")[2], [paystack.PAID])
    return paystack.yes(rows, len(rows))[1]


class Odd(Saying):
    """Stripe's server, with every answer bent."""

    def __init__(self, bend: Bend) -> None:
        super().__init__("")
        self._bend = bend

    def request(self, _method: str, url: str, *_given: Any, **_more: Any) -> Any:
        path = url.partition("?")[0]
        answer: tuple[str, int, Mapping[str, str]]
        answer = self._bend(said(path)).decode("utf-8", "replace"), 200, {}
        return answer


def over_http(bend: Bend) -> httpx.MockTransport:
    """Another provider's server, with every answer bent."""
    return httpx.MockTransport(
        lambda request: httpx.Response(200, content=bend(said(request.url.path)))
    )


GATEWAYS: dict[str, Callable[[Bend], Gateway]] = {
    "stripe": lambda bend: StripeGateway(KEY, address=ADDRESS, http_client=Odd(bend)),
    "paystack": lambda bend: PaystackGateway("sk_test_1", transport=over_http(bend)),
    "paypal": lambda bend: PayPalGateway("client", "secret", transport=over_http(bend)),
}


@st.composite
def bending(draw: Callable[..., Any]) -> Bend:
    """Changes up to three places of one answer: another value, nothing, twice, or cut off."""
    turn, changes = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    places = [draw(st.lists(st.integers(0, 30), min_size=1, max_size=6)) for _ in range(changes)]
    values = [draw(odd.values) for _ in range(changes)]
    kinds = [draw(st.sampled_from(("value", "value", "gone", "twice"))) for _ in range(changes)]
    cut = draw(st.sampled_from((None, None, None, 0, 1, 40, 200)))
    asked = 0

    def bend(answer: Any) -> bytes:
        nonlocal asked
        asked += 1
        if asked - 1 != turn:
            return json.dumps(answer).encode()
        answer = deepcopy(answer)
        for place, value, kind in zip(places, values, kinds, strict=True):
            change(answer, place, value, kind)
        return json.dumps(answer).encode()[:cut]

    return bend


def change(answer: Any, place: list[int], value: Any, kind: str) -> None:
    """Change what lies where the numbers lead."""
    at = answer
    for step in place:
        keys: list[Any] = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return
        key = keys[step % len(keys)]
        if not isinstance(at[key], dict | list) or step is place[-1]:
            break
        at = at[key]
    if kind == "gone":
        del at[key]
    elif kind == "twice" and isinstance(at, list):
        at.append(at[key])
    else:
        at[key] = value


@pytest.mark.parametrize("provider", GATEWAYS)
def test_a_ledger_is_kept_whole_or_refused_in_words(office: Office, provider: str) -> None:
    account = Account(provider)
    until = office.clock.now()

    @tried(40)
    @given(bending())
    def check(bend: Bend) -> None:
        with office.work(JOB) as work:
            for model in (GatewayLine, GatewayPayout, GatewayPull):
                work.session.execute(delete(model))
        began(office, provider, (until - timedelta(days=20)).date())
        done = pull(office, account, until, GATEWAYS[provider](bend))
        with office.work(JOB) as work:
            lines = work.session.query(GatewayLine).count()
            marks = {mark.kind: mark for mark in work.session.query(GatewayPull)}
        assert lines == done.lines
        assert {mark.problem for mark in marks.values()} == {done.problem}
        if not done.problem:
            assert all(mark.reached_at == until for mark in marks.values())
        else:
            assert done.problem.isprintable()
            assert any(word in done.problem for word in (TITLES[provider], "payout"))

    check()
