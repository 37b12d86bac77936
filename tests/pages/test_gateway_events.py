"""Gateway events as a page: the list with its filters, one with its body, handled again (PAY.4)."""

import json

import pytest

from core.charging.events import put_aside, store_event
from core.gateways.port import GatewayEvent
from core.work import Office
from tests.billing import JOB, WHY
from tests.pages.administering import Visit, confirm, events, press, visitor, words


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "admin/gateway_events.py")


def an_event(
    office: Office, number: str = "evt_1", provider: str = "stripe", raw: bytes | None = None
) -> int:
    """A stored event that waits to be handled."""
    body = {"id": number, "object": "event", "type": "customer.created", "data": {"object": {}}}
    event = GatewayEvent(number, "customer.created", None, body)
    with office.work(JOB) as work:
        text = raw if raw is not None else json.dumps(body).encode()
        return store_event(work, provider, event, text, None).event_id


def aside(office: Office, number: int, outcome: str = "Nothing follows") -> int:
    with office.work(JOB) as work:
        return put_aside(work, number, outcome).id


def test_no_event_yet_says_where_they_would_come_from(visit: Visit) -> None:
    told = words(visit("super_admin"))
    assert "There is no event yet" in told
    assert "Payment config" in told
    assert "No event fits" in words(visit("super_admin", status="failed"))


def test_list_counts_by_status_and_tells_what_followed(office: Office, visit: Visit) -> None:
    an_event(office, "evt_1")
    aside(office, an_event(office, "evt_2"), "The charge is none of ours")
    shown = words(visit("super_admin"))
    for part in ("2 events", "evt_1", "evt_2", "The charge is none of ours", "Waiting"):
        assert part in shown


@pytest.mark.parametrize(
    "wanted", [{"provider": "paystack"}, {"status": "ignored"}, {"text": "second"}]
)
def test_address_filters_the_list(office: Office, visit: Visit, wanted: dict[str, str]) -> None:
    an_event(office, "evt_first")
    aside(office, an_event(office, "evt_second", "paystack"))
    shown = words(visit("super_admin", **wanted))
    assert "evt_second" in shown
    assert "evt_first" not in shown


def test_one_event_shows_its_body_line_by_line(office: Office, visit: Visit) -> None:
    number = an_event(office)
    test = visit("super_admin", event=str(number))
    assert '"id": "evt_1",\n' in test.code[0].value
    assert "<dt>Account</dt>" in words(test)


def test_a_body_that_is_no_json_is_shown_as_it_came(office: Office, visit: Visit) -> None:
    number = an_event(office, raw=b"<not json> \xff")
    assert visit("super_admin", event=str(number)).code[0].value.startswith("<not json> ")


def test_a_waiting_event_is_not_handled_again(office: Office, visit: Visit) -> None:
    assert not visit("super_admin", event=str(an_event(office))).button


def test_an_event_is_handled_again_with_a_reason(office: Office, visit: Visit) -> None:
    number = aside(office, an_event(office))
    test = visit("super_admin", event=str(number))
    press(test, f"replay-{number}")
    confirm(test)
    [told] = events(office, "gateway.event.replayed")
    assert told["reason"] == WHY
    # Without keys the gateway cannot be asked, so the event waits and says why.
    shown = words(test)
    assert f"Event {number} was handled again: waiting" in shown
    assert "is not connected" in shown


def test_handling_again_wants_a_fresh_sign_in(office: Office, visit: Visit) -> None:
    number = aside(office, an_event(office))
    test = visit("super_admin", fresh=False, event=str(number), do=f"replay:{number}")
    assert "Confirm it is you" in words(test)
    assert events(office, "gateway.event.replayed") == []


@pytest.mark.parametrize("number", ["999", "x", "-1", str(10**30)])
def test_an_event_that_is_none_is_told_so(visit: Visit, number: str) -> None:
    assert "There is no such event" in words(visit("super_admin", event=number))


def test_others_are_refused_by_core_behind_the_page(office: Office, visit: Visit) -> None:
    number = an_event(office)
    for address in ({}, {"event": str(number)}):
        test = visit("admin", **address)
        assert test.exception
        assert "evt_1" not in words(test)
