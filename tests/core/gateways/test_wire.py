"""The simulator's wire is Stripe's: declared fields, parameters, errors, cursors, a test clock."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text
from stripe._encode import _api_encode

from core.db import owner_connection
from core.gateways.port import GatewayUnsure
from core.gateways.simulator.app import Simulator
from core.gateways.simulator.control import set_clock, set_seed
from core.gateways.simulator.faults import order as order_fault
from core.gateways.simulator.wire import Problem, decode
from core.gateways.stripe_gateway import StripeGateway
from tests.core.gateways.conftest import KEY, NOW, a_charge, asked, fault
from tests.core.gateways.declared import departures

Change = Callable[..., None]


def test_every_kind_of_object_is_as_the_library_declares_it(
    client: stripe.StripeClient, wire: httpx.Client, change: Change
) -> None:
    customer = client.v1.customers.create({"name": "A", "email": "a@example.com"})
    client.v1.setup_intents.create(
        {"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True}
    )
    for card in ("pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail"):
        client.v1.refunds.create({"charge": a_charge(client, card=card).id, "amount": 100})
    for card in ("pm_card_chargeCustomerFail", "pm_card_chargeDeclinedExpiredCard"):
        with pytest.raises(stripe.CardError):
            a_charge(client, card=card)
    client.v1.payment_intents.create({"amount": 1, "currency": "eur"})
    found: set[str] = set()
    for moment in (NOW, NOW + 60):
        change(set_clock, moment)
        for path, kind in (
            ("customers", stripe.Customer),
            (f"payment_methods?customer={customer.id}", stripe.PaymentMethod),
            ("setup_intents", stripe.SetupIntent),
            ("payment_intents", stripe.PaymentIntent),
            ("charges?expand[]=data.balance_transaction", stripe.Charge),
            ("refunds", stripe.Refund),
            ("balance_transactions", stripe.BalanceTransaction),
            ("events?limit=100", stripe.Event),
        ):
            items = asked(wire, f"/v1/{path}")["data"]
            assert items
            for item in items:
                found.add(item["object"])
                assert list(departures(item, kind, kind.__name__)) == []
                inner = item["data"]["object"] if item["object"] == "event" else None
                if inner:
                    declared = getattr(stripe, kind_of(inner["object"]))
                    assert list(departures(inner, declared, inner["object"])) == []
    assert len(found) == 8
    assert list(departures(asked(wire, "/v1/account"), stripe.Account, "Account")) == []


def kind_of(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def test_errors_are_as_the_library_declares_them(wire: httpx.Client) -> None:
    answer = wire.post(
        "/v1/payment_intents",
        data={
            "amount": "5",
            "currency": "eur",
            "confirm": "true",
            "payment_method": "pm_card_visa_chargeDeclined",
        },
    )
    assert answer.status_code == 402
    assert answer.headers["request-id"].startswith("req_")
    assert list(departures(answer.json()["error"], stripe.ErrorObject, "error")) == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/charges/ch_nowhere", 404, "resource_missing"),
        ("GET", "/v1/charges?starting_after=ch_nowhere", 404, "resource_missing"),
        ("GET", "/v1/charges?limit=101", 400, None),
        ("GET", "/v1/payment_methods", 400, "parameter_missing"),
        ("GET", "/v1/nothing", 404, None),
        ("DELETE", "/v1/charges/ch_1", 400, None),
    ],
)
def test_a_request_that_leads_nowhere_says_so(
    wire: httpx.Client, method: str, path: str, status: int, code: str | None
) -> None:
    answer = wire.request(method, path)
    assert (answer.status_code, answer.json()["error"].get("code")) == (status, code)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"amount": 5}', "application/json"),
        ("amount=fünf".encode(), "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * (1 << 20), "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % n for n in range(1_001)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_small_form_is_refused(
    wire: httpx.Client, content: bytes, kind: str
) -> None:
    answer = wire.post("/v1/customers", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400


def test_without_a_key_nothing_is_answered(wire: httpx.Client) -> None:
    assert wire.get("/v1/charges", headers={"Authorization": ""}).status_code == 401


def test_a_replayed_answer_is_marked_and_names_the_first_request(wire: httpx.Client) -> None:
    first, second = (
        wire.post("/v1/customers", data={"name": "A"}, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"]


def test_a_list_is_walked_newest_first_both_ways(client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create({"name": str(n)}).id for n in range(5)]
    newest_first = made[::-1]
    first = client.v1.customers.list({"limit": 2})
    assert [one.id for one in first.data] == newest_first[:2]
    assert first.has_more
    walked = [one.id for one in first.auto_paging_iter()]
    assert walked == newest_first
    back = client.v1.customers.list({"limit": 2, "ending_before": newest_first[3]})
    assert [one.id for one in back.data] == newest_first[1:3]
    assert back.has_more
    assert not client.v1.customers.list({"limit": 5}).has_more


def test_a_list_is_narrowed_by_time_and_field(client: stripe.StripeClient, change: Change) -> None:
    early = a_charge(client)
    change(set_clock, NOW + 100)
    late = a_charge(client)
    since = client.v1.charges.list({"created": {"gte": NOW + 100}})
    assert [one.id for one in since.data] == [late.id]
    before = client.v1.charges.list({"created": {"lt": NOW + 100}})
    assert [one.id for one in before.data] == [early.id]
    of_one = client.v1.charges.list({"payment_intent": str(early.payment_intent)})
    assert [one.id for one in of_one.data] == [early.id]
    both = client.v1.events.list({"types": ["charge.succeeded", "charge.failed"]})
    assert [one.data.object["id"] for one in both.data] == [late.id, early.id]


def test_a_line_of_the_ledger_becomes_available_two_days_later(
    client: stripe.StripeClient, change: Change
) -> None:
    number = str(a_charge(client).balance_transaction)
    line = client.v1.balance_transactions.retrieve(number)
    assert (line.status, line.available_on) == ("pending", NOW + 172_800)
    change(set_clock, NOW + 172_800)
    assert client.v1.balance_transactions.retrieve(number).status == "available"


def test_the_same_seed_gives_the_same_ids(
    database_url: str, client: stripe.StripeClient, change: Change
) -> None:
    def made(seed: int) -> str:
        change(set_seed, seed)
        with owner_connection(database_url) as connection:
            for statement in FORGET:
                connection.execute(text(statement))
        return client.v1.customers.create({}).id

    first = made(7)
    assert made(7) == first
    assert made(8) != first


def test_an_event_holds_the_object_the_change_and_the_request(client: stripe.StripeClient) -> None:
    charge = a_charge(client)
    client.v1.refunds.create({"charge": charge.id, "amount": 300}, {"idempotency_key": "r-1"})
    (event,) = client.v1.events.list({"type": "charge.refunded"}).data
    assert event.data.object["amount_refunded"] == 300
    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes["amount_refunded"] == 0
    assert event.request is not None
    assert event.request.idempotency_key == "r-1"


def test_a_delay_holds_the_answer_back_and_changes_nothing_else(
    client: stripe.StripeClient, change: Change
) -> None:
    change(fault, "delay", delay_ms=1)
    assert a_charge(client).paid


def test_a_fault_meets_only_the_calls_it_is_meant_for(
    client: stripe.StripeClient, change: Change
) -> None:
    change(order_fault, "error_before", path="/v1/refunds")
    charge = a_charge(client)
    with pytest.raises(stripe.APIError):
        client.v1.refunds.create({"charge": charge.id})
    client.v1.refunds.create({"charge": charge.id})


def test_without_its_database_the_simulator_answers_500() -> None:
    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    with httpx.Client(transport=httpx.WSGITransport(app=Simulator(nowhere))) as client:
        answer = client.get(
            "http://simulator.invalid/v1/account", headers={"Authorization": f"Bearer {KEY}"}
        )
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "api_error")


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def test_over_a_port_the_librarys_own_client_gets_the_same(engine: Engine, change: Change) -> None:
    with make_server("127.0.0.1", 0, Simulator(engine), handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            gateway = StripeGateway(KEY, address=f"http://127.0.0.1:{server.server_port}/")
            assert gateway.probe().endswith("in test mode")
            change(order_fault, "lost_before", calls=3)
            with pytest.raises(GatewayUnsure):
                gateway.probe()
        finally:
            server.shutdown()
            thread.join()


FORGET = (
    "select setval('simulator.serial', 1, false)",
    "delete from simulator.customers",
    "delete from simulator.events",
)
_LEAF = st.text(st.characters(blacklist_categories=("Cs",)), max_size=8)
_NAMES = st.text("abcxyz_", min_size=1, max_size=6)
_FORMS = st.dictionaries(
    _NAMES,
    st.one_of(
        _LEAF,
        st.lists(_LEAF, min_size=1, max_size=4),
        st.dictionaries(_NAMES, _LEAF, min_size=1, max_size=4),
    ),
    max_size=5,
)


@given(form=_FORMS)
def test_what_the_library_encodes_is_decoded_as_it_was(form: dict[str, Any]) -> None:
    assert decode(urlencode(list(_api_encode(form)))) == form


@given(form=st.text("a[]=&%0", max_size=20))
def test_any_text_is_decoded_or_refused(form: str) -> None:
    with suppress(Problem):
        assert isinstance(decode(form), dict)
