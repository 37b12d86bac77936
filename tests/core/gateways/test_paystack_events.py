"""Paystack's events: whether it signed them, and what they are about (PAY.4)."""

import hashlib
import hmac
import json

import pytest

from core.gateways.port import ForgedEvent, GatewayEvent
from tests.core.gateways.test_paystack_requests import KEY, SINCE, Paystack


def signed(body: object, raw: bytes | None = None) -> tuple[bytes, dict[str, str]]:
    raw = json.dumps(body).encode() if raw is None else raw
    mark = hmac.new(KEY.encode(), raw, hashlib.sha512).hexdigest()
    return raw, {"x-paystack-signature": mark}


def read(body: object, raw: bytes | None = None) -> GatewayEvent:
    sent, headers = signed(body, raw)
    return Paystack().gateway().read_event(sent, headers, SINCE)


@pytest.mark.parametrize(
    ("data", "mark"),
    [
        ({"id": 302961, "reference": "qTPrJoy9Bx"}, "302961"),
        ({"id": "123456", "refund_reference": "TRF_1"}, "123456"),
        ({"refund_reference": "TRF_1", "transaction_reference": "T1"}, "TRF_1"),
        ({"reference": "qTPrJoy9Bx"}, "qTPrJoy9Bx"),
    ],
)
def test_an_event_is_numbered_by_its_kind_and_its_object(
    data: dict[str, object], mark: str
) -> None:
    assert read({"event": "refund.failed", "data": data}).event_id == f"refund.failed:{mark}"


def test_events_without_any_number_are_told_apart_by_what_they_say() -> None:
    def of(amount: str) -> str:
        data = {"transaction_reference": "T1", "refund_reference": None, "amount": amount}
        return read({"event": "refund.pending", "data": data}).event_id

    assert of("10000") == of("10000")
    assert of("10000") != of("5000")


UNFIT = (
    b'{"event": "x\\u0000", "data": {"id": 1}}',
    b'{"event": "\\ud800", "data": {"id": 1}}',
    b'{"event": "x", "data": {"id": "' + b"x" * 300 + b'"}}',
    b'{"event": "x", "data": {"id": 1, "amount": NaN}}',
)
"""What the database or a page could not keep or show as it is."""


@pytest.mark.parametrize(
    "raw", [b"\xff", b"[]", b"{}", b'{"event": 1}', b"[" * 100_000, b"", *UNFIT]
)
def test_a_signed_body_that_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(ForgedEvent):
        read(None, raw)


def test_an_event_of_another_kind_is_no_news() -> None:
    gateway = Paystack().gateway()
    assert gateway.news_of({"event": "transfer.success", "data": {"id": 1}}) is None
    assert gateway.news_of({"event": "charge.success", "data": None}) is None
    seen = gateway.news_of(
        {"event": "refund.failed", "data": {"transaction_reference": "T1", "id": None}}
    )
    assert seen is not None
    assert (seen.about, seen.object_id, seen.payment_id) == ("refund", "T1", "T1")
