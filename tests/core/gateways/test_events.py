"""An event is believed only with our signature, in time, and as an event (PAY.4)."""

import json
import typing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from core.gateways import stripe_events
from core.gateways.http import LONGEST_NAME
from core.gateways.port import CredentialsMissing, ForgedEvent, News
from core.gateways.stripe_events import TOLERANCE_SECONDS
from core.gateways.stripe_gateway import StripeGateway
from core.gateways.stripe_wire import OUR_KEY
from tests.core.gateways.conftest import KEY, NOW, SECRET

TIME = datetime.fromtimestamp(NOW, UTC)
GATEWAY = StripeGateway(KEY, webhook_secret=SECRET)
EVENT = {
    "id": "evt_1",
    "object": "event",
    "api_version": "2026-10-28.endive",
    "created": NOW - 5,
    "data": {"object": {"id": "cs_1", "object": "checkout.session"}},
    "livemode": False,
    "pending_webhooks": 1,
    "request": None,
    "type": "checkout.session.completed",
}


def signed(raw: bytes, secret: str = SECRET, at: int = NOW) -> dict[str, str]:
    """The header of a body, also of one that is no text."""
    shown = raw.decode("utf-8", "surrogateescape")
    try:
        return {
            "stripe-signature": stripe.WebhookSignature.generate_signature_header(shown, secret, at)
        }
    except UnicodeEncodeError:
        return {"stripe-signature": f"t={at},v1={'0' * 64}"}


def body(**facts: Any) -> bytes:
    return json.dumps({**EVENT, **facts}).encode()


def refused(raw: bytes, headers: dict[str, str] | None = None) -> None:
    with pytest.raises(ForgedEvent):
        GATEWAY.read_event(raw, signed(raw) if headers is None else headers, TIME)


def test_a_genuine_event_is_read_with_its_id_kind_and_time() -> None:
    raw = body()
    event = GATEWAY.read_event(raw, signed(raw), TIME)
    assert (event.event_id, event.kind, event.body) == (
        "evt_1",
        "checkout.session.completed",
        EVENT,
    )
    assert event.created_at == TIME - timedelta(seconds=5)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({}, id="none"),
        pytest.param({"stripe-signature": ""}, id="empty"),
        pytest.param({"stripe-signature": "nonsense"}, id="nonsense"),
        pytest.param({"stripe-signature": f"t={NOW}"}, id="no signature"),
        pytest.param({"stripe-signature": f"t={NOW},v1={'0' * 64}"}, id="a wrong one"),
        pytest.param({"stripe-signature": f"t={NOW},v1=é"}, id="letters beyond ASCII"),
        pytest.param({"stripe-signature": f"t={NOW},v0={'0' * 64}"}, id="another scheme"),
        pytest.param({"stripe-signature": "t=soon,v1=00"}, id="no time"),
        pytest.param({"stripe-signature": f"t={'9' * 5_000},v1=00"}, id="an endless time"),
        pytest.param({"stripe-signature": "v1=00"}, id="no stamp"),
        pytest.param({"Stripe-Signature": "unheard"}, id="a name in capitals is not looked at"),
        pytest.param(signed(body(), "whsec_other"), id="another secret"),
        pytest.param(signed(body(id="evt_2")), id="another body"),
    ],
)
def test_a_wrong_signature_is_refused(header: dict[str, str]) -> None:
    refused(body(), header)


@pytest.mark.parametrize("away", [-TOLERANCE_SECONDS, 0, TOLERANCE_SECONDS])
def test_five_minutes_to_either_side_are_within_the_tolerance(away: int) -> None:
    raw = body()
    assert GATEWAY.read_event(raw, signed(raw, at=NOW + away), TIME).event_id == "evt_1"


@pytest.mark.parametrize("away", [-TOLERANCE_SECONDS - 1, TOLERANCE_SECONDS + 1, -NOW, 10**9])
def test_a_stale_event_and_one_from_the_future_are_refused(away: int) -> None:
    refused(body(), signed(body(), at=NOW + away))


def test_only_the_time_that_was_signed_counts() -> None:
    old = signed(body(), at=NOW - 3_600)["stripe-signature"]
    for header in (f"{old},t={NOW}", f"t={NOW},{old}"):
        refused(body(), {"stripe-signature": header})


def test_while_a_secret_rolls_one_signature_of_several_is_enough() -> None:
    raw = body()
    first, second = (signed(raw, secret)["stripe-signature"] for secret in ("whsec_old", SECRET))
    both = {"stripe-signature": f"{first},{second.partition(',')[2]}"}
    assert GATEWAY.read_event(raw, both, TIME).event_id == "evt_1"
    rolling = StripeGateway(KEY, webhook_secret=("whsec_new", "whsec_old"))
    only_old = {"stripe-signature": first}
    assert rolling.read_event(raw, only_old, TIME).event_id == "evt_1"
    with pytest.raises(ForgedEvent):
        GATEWAY.read_event(raw, only_old, TIME)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"not json", id="no JSON"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"event"', id="a word"),
        pytest.param(b"5", id="a number"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b'{"object": "event"', id="cut off"),
        pytest.param(body() + b"{}", id="something after it"),
        pytest.param(body(object="v2.core.event"), id="a thin event"),
        pytest.param(body(object="charge"), id="another object"),
        pytest.param(body(id=""), id="an empty id"),
        pytest.param(body(id=5), id="a number as id"),
        pytest.param(body(id="e" * (LONGEST_NAME + 1)), id="an endless id"),
        pytest.param(body(id=None), id="no id"),
        pytest.param(body(type=None), id="no kind"),
        pytest.param(body(type=["a"]), id="a list as kind"),
        pytest.param(body(created="now"), id="a word as time"),
        pytest.param(body(created=True), id="a flag as time"),
        pytest.param(body(created=1.5), id="a part of a second"),
        pytest.param(body(created=10**30), id="a time beyond all calendars"),
        pytest.param(body(created=-(10**30)), id="a time before all calendars"),
        pytest.param(body(data=None), id="no data"),
        pytest.param(body(data={}), id="no object"),
        pytest.param(body(data={"object": []}), id="a list as object"),
        pytest.param(body(data={"object": {"x": float("nan")}}), id="not a number"),
        pytest.param(body(data={"object": {"x": float("inf")}}), id="infinity"),
        pytest.param(body().replace(b'"cs_1"', b"1e999"), id="a number beyond all numbers"),
        pytest.param(body().replace(b'"cs_1"', b"9" * 5_000), id="an endless number"),
        pytest.param(body(data={"object": {"x": "\x00"}}), id="a zero that no table keeps"),
        pytest.param(body().replace(b"cs_1", b"\\ud800"), id="half a character"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="without a bottom"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + body(), id="a mark before it"),
    ],
)
def test_a_body_that_is_no_event_is_refused_also_when_it_is_signed(raw: bytes) -> None:
    refused(raw)


@given(raw=st.binary(max_size=200))
def test_whatever_is_signed_is_an_event_or_refused(raw: bytes) -> None:
    refused(raw)


_ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)


@given(facts=st.dictionaries(st.sampled_from(sorted(EVENT)), _ANYTHING, max_size=3))
def test_a_distorted_event_is_read_or_refused_and_news_never_fails(facts: dict[str, Any]) -> None:
    raw = body(**facts)
    try:
        event = GATEWAY.read_event(raw, signed(raw), TIME)
    except ForgedEvent:
        return
    GATEWAY.news_of(event.body)


def test_without_a_secret_nothing_can_be_believed() -> None:
    for secret in (None, "", "  ", ()):
        with pytest.raises(CredentialsMissing, match="no webhook secret"):
            StripeGateway(KEY, webhook_secret=secret).read_event(body(), signed(body()), TIME)


def told(kind: str, **about: Any) -> News | None:
    return GATEWAY.news_of({**EVENT, "type": kind, "data": {"object": about}})


@pytest.mark.parametrize(
    ("kind", "about", "expected"),
    [
        (
            "checkout.session.completed",
            {"id": "cs_1", "client_reference_id": "saas_recharge_1"},
            News("checkout", "cs_1", "saas_recharge_1"),
        ),
        ("checkout.session.expired", {"id": "cs_1"}, News("checkout", "cs_1")),
        (
            "payment_intent.succeeded",
            {"id": "pi_1", "latest_charge": "ch_1", "metadata": {OUR_KEY: "payment-1"}},
            News("charge", "ch_1", "payment-1"),
        ),
        (
            "payment_intent.payment_failed",
            {"id": "pi_1", "latest_charge": None, "metadata": {}},
            News("charge", "pi_1"),
        ),
        ("payment_intent.canceled", {"id": "pi_1"}, News("charge", "pi_1")),
        ("charge.refunded", {"id": "ch_1", "metadata": {}}, News("charge", "ch_1")),
        (
            "refund.updated",
            {"id": "re_1", "charge": "ch_1", "metadata": {OUR_KEY: "refund-1"}},
            News("refund", "re_1", "refund-1", "ch_1"),
        ),
        (
            "refund.failed",
            {"id": "re_1", "charge": {"id": "ch_1"}},
            News("refund", "re_1", None, "ch_1"),
        ),
        (
            "charge.refund.updated",
            {"id": "re_1", "charge": None, "payment_intent": "pi_1"},
            News("refund", "re_1", None, "pi_1"),
        ),
        (
            "charge.dispute.funds_withdrawn",
            {"id": "dp_1", "charge": "ch_1"},
            News("dispute", "dp_1", None, "ch_1"),
        ),
        ("payout.reconciliation_completed", {"id": "po_1"}, News("payout", "po_1")),
        (
            "setup_intent.succeeded",
            {"id": "seti_1", "payment_method": "pm_1", "metadata": {OUR_KEY: "card-1"}},
            News("card", "pm_1", "card-1"),
        ),
        ("payment_method.detached", {"id": "pm_1"}, News("card", "pm_1")),
        (
            "customer.updated",
            {"id": "cus_1", "invoice_settings": {"default_payment_method": "pm_1"}},
            News("card", "pm_1", customer="cus_1"),
        ),
        (
            "customer.updated",
            {"id": "cus_1", "invoice_settings": None},
            News("card", "cus_1", customer="cus_1"),
        ),
        ("invoice.paid", {"id": "in_1"}, None),
        ("charge.succeeded", {"id": "ch_1"}, None),
        ("payout.paid", {}, None),
        ("payout.paid", {"id": 5}, None),
    ],
)
def test_an_event_says_what_to_ask_the_gateway_about(
    kind: str, about: dict[str, Any], expected: News | None
) -> None:
    assert told(kind, **about) == expected


@pytest.mark.parametrize("stored", [{}, {"data": None}, {"data": {"object": 5}}, {"type": 5}])
def test_a_stored_body_without_an_object_is_about_nothing(stored: dict[str, object]) -> None:
    assert GATEWAY.news_of(stored) is None


def test_each_start_of_a_kind_is_one_that_the_library_declares() -> None:
    declared = typing.get_args(stripe.Event.__annotations__["type"])
    for start, _read in stripe_events._READERS:
        assert any(kind.startswith(start) for kind in declared), start
