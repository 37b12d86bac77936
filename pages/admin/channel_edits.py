"""The writes on channels, endpoints and deliveries, each with its dialog."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.errors import NotFound
from core.notifications import actions, queries
from core.notifications.queries import ChannelRow, EndpointRow
from core.office import office
from pages.admin import receipts
from pages.parts import channels, url, viewer
from pages.parts.channels import TITLES
from pages.parts.confirm import Step


@dataclass(frozen=True)
class Sheet:
    """What a dialog is about: a tenant or the default, and its channel or endpoint."""

    tenant_id: int | None
    channel: ChannelRow | None = None
    endpoint: EndpointRow | None = None


def subject(tenant_id: int | None, what: object) -> str:
    """How the address names a channel or an endpoint of a tenant, 0 for the default."""
    return f"{tenant_id or 0}-{what}"


def _split(given: str) -> tuple[int | None, str]:
    tenant, _, rest = given.partition("-")
    if tenant != "0" and not url.whole(tenant):
        raise NotFound("There is no such channel")
    return url.whole(tenant) or None, rest


def _channel(given: str) -> Sheet:
    tenant, name = _split(given)
    with office().work(viewer.current_actor()) as work:
        rows = queries.channels(work, tenant)
    found = next((row for row in rows if row.channel == name), None)
    if found is None:
        raise NotFound("There is no such channel")
    return Sheet(tenant, channel=found)


def _endpoint(given: str) -> Sheet:
    tenant, number = _split(given)
    with office().work(viewer.current_actor()) as work:
        rows = queries.endpoints(work, tenant)
    found = next((row for row in rows if str(row.id) == number), None)
    if found is None:
        raise NotFound("There is no such endpoint")
    return Sheet(tenant, endpoint=found)


def _show_channel(sheet: Sheet) -> None:
    assert sheet.channel is not None
    channels.channel_fields(sheet.channel, addressed=sheet.tenant_id is not None)


def _set(sheet: Sheet, reason: str, key: str) -> str:
    row = sheet.channel
    assert row is not None
    asked = channels.given(row)
    with office().work(viewer.current_actor()) as work:
        actions.set_channel(
            work,
            sheet.tenant_id,
            row.channel,
            asked.enabled,
            events=asked.events,
            addresses=asked.addresses,
            reason=reason,
            key=key,
        )
    return receipts.keep(f"{TITLES[row.channel]} is set", "notification.channel.set")


def _test(sheet: Sheet, _reason: str, key: str) -> str:
    row = sheet.channel
    assert row is not None
    assert sheet.tenant_id is not None
    with office().work(viewer.current_actor()) as work:
        actions.send_test(work, sheet.tenant_id, row.channel, key=key)
    return receipts.keep("A test message goes out with the next run", "notification.test_asked")


def _show_test(sheet: Sheet) -> None:
    assert sheet.channel is not None
    title = TITLES[sheet.channel.channel]
    st.html(f"<p>A test message goes to this tenant by {escape(title)} with the next run.</p>")


def _show_add(_sheet: Sheet) -> None:
    channels.endpoint_fields()


def _add(sheet: Sheet, reason: str, _key: str) -> str:
    asked = channels.given()
    with office().work(viewer.current_actor()) as work:
        made = actions.add_endpoint(
            work, sheet.tenant_id, asked.url, events=asked.events, reason=reason
        )
    channels.keep_secret(made)
    return receipts.keep("The endpoint is added", "notification.endpoint.added")


def _show_endpoint(sheet: Sheet) -> None:
    assert sheet.endpoint is not None
    channels.named(sheet.endpoint)


def _rotate(sheet: Sheet, reason: str, _key: str) -> str:
    assert sheet.endpoint is not None
    with office().work(viewer.current_actor()) as work:
        made = actions.rotate_endpoint(work, sheet.tenant_id, sheet.endpoint.id, reason=reason)
    channels.keep_secret(made)
    return receipts.keep("The endpoint has a new secret", "notification.endpoint.rotated")


def _remove(sheet: Sheet, reason: str, key: str) -> str:
    assert sheet.endpoint is not None
    with office().work(viewer.current_actor()) as work:
        actions.remove_endpoint(work, sheet.tenant_id, sheet.endpoint.id, reason=reason, key=key)
    return receipts.keep("The endpoint is removed", "notification.endpoint.removed")


def _delivery(given: str) -> int:
    if not url.whole(given):
        raise NotFound("There is no such delivery")
    return url.whole(given)


def _show_delivery(number: int) -> None:
    st.html(
        f"<p>Delivery {number} is tried again with the next run, under the same id. If it is "
        "unknown whether it arrived, the receiver may get it twice.</p>"
    )


def _again(number: int, reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        actions.redeliver(work, number, reason=reason, key=key)
    return receipts.keep(f"Delivery {number} is tried again", "notification.redelivered")


SET = Step("set-channel", "Set a channel", "Save", _channel, _show_channel, _set, fresh=False)
TEST = Step(
    "test-channel", "Send a test", "Send it", _channel, _show_test, _test,
    fresh=False, reason=False,
)  # fmt: skip
ADD = Step(
    "add-endpoint", "Add a webhook endpoint", "Add it",
    lambda given: Sheet(_split(given)[0]), _show_add, _add,
)  # fmt: skip
ROTATE = Step("rotate", "A new secret", "Make a new secret", _endpoint, _show_endpoint, _rotate)
REMOVE = Step("remove", "Remove an endpoint", "Remove it", _endpoint, _show_endpoint, _remove)
AGAIN = Step(
    "again", "Send again", "Send it again", _delivery, _show_delivery, _again, fresh=False
)  # fmt: skip
STEPS = (SET, TEST, ADD, ROTATE, REMOVE, AGAIN)
