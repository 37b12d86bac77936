"""The writes of an organisation's own people on its channels and endpoints."""

import streamlit as st

from core.errors import NotFound
from core.notifications import own, queries
from core.notifications.queries import ChannelRow, EndpointRow
from core.office import office
from pages.admin import receipts
from pages.parts import channels, viewer
from pages.parts.channels import TITLES
from pages.parts.confirm import Step


def _channel(name: str) -> ChannelRow:
    with office().work(viewer.current_actor()) as work:
        rows = queries.channels(work, own.own_tenant(work))
    found = next((row for row in rows if row.channel == name), None)
    if found is None:
        raise NotFound("There is no such channel")
    return found


def _endpoint(number: str) -> EndpointRow:
    with office().work(viewer.current_actor()) as work:
        rows = queries.endpoints(work, own.own_tenant(work))
    found = next((row for row in rows if str(row.id) == number), None)
    if found is None:
        raise NotFound("There is no such endpoint")
    return found


def _show_channel(row: ChannelRow) -> None:
    channels.channel_fields(row, addressed=True)


def _set(row: ChannelRow, _reason: str, key: str) -> str:
    asked = channels.given(row)
    with office().work(viewer.current_actor()) as work:
        own.set_own_channel(
            work, row.channel, asked.enabled, events=asked.events, addresses=asked.addresses,
            key=key,
        )  # fmt: skip
    return receipts.keep(f"{TITLES[row.channel]} is set", "notification.own_channel.set")


def _show_test(row: ChannelRow | EndpointRow) -> None:
    if isinstance(row, EndpointRow):
        channels.named(row)
    st.html("<p>A test message goes to your organisation with the next run.</p>")


def _test(row: ChannelRow, _reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        own.send_own_test(work, row.channel, key=key)
    return receipts.keep("A test message goes out with the next run", "notification.own_test_asked")


def _try(row: EndpointRow, _reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        own.send_own_test(work, "webhook", endpoint_id=row.id, key=key)
    return receipts.keep("A test message goes out with the next run", "notification.own_test_asked")


def _show_add(_subject: str) -> None:
    channels.endpoint_fields()


def _add(_subject: str, _reason: str, _key: str) -> str:
    asked = channels.given()
    with office().work(viewer.current_actor()) as work:
        made = own.add_own_endpoint(work, asked.url, events=asked.events)
    channels.keep_secret(made)
    return receipts.keep("The endpoint is added", "notification.own_endpoint.added")


def _rotate(row: EndpointRow, _reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        made = own.rotate_own_endpoint(work, row.id)
    channels.keep_secret(made)
    return receipts.keep("The endpoint has a new secret", "notification.own_endpoint.rotated")


def _remove(row: EndpointRow, _reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        own.remove_own_endpoint(work, row.id, key=key)
    return receipts.keep("The endpoint is removed", "notification.own_endpoint.removed")


SET = Step(
    "set-channel", "Set a channel", "Save", _channel, _show_channel, _set,
    fresh=False, reason=False,
)  # fmt: skip
TEST = Step(
    "test-channel", "Send a test", "Send it", _channel, _show_test, _test,
    fresh=False, reason=False,
)  # fmt: skip
TRY = Step(
    "test-endpoint", "Send a test", "Send it", _endpoint, _show_test, _try,
    fresh=False, reason=False,
)  # fmt: skip
ADD = Step("add-endpoint", "Add a webhook endpoint", "Add it", str, _show_add, _add, reason=False)
ROTATE = Step(
    "rotate", "A new secret", "Make a new secret", _endpoint, channels.named, _rotate, reason=False
)
REMOVE = Step(
    "remove", "Remove an endpoint", "Remove it", _endpoint, channels.named, _remove, reason=False
)
STEPS = (SET, TEST, TRY, ADD, ROTATE, REMOVE)
