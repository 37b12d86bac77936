"""Webhooks: signed as Standard Webhooks says, repeated under one id, and never sent inside."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import get_args

import pytest

from core.clock import SetClock
from core.errors import BadInput
from core.notifications.actions import (
    NewSecret,
    add_endpoint,
    remove_endpoint,
    rotate_endpoint,
    set_channel,
)
from core.notifications.claims import BROKE_OFF, UNSENT
from core.notifications.models import WebhookEndpoint
from core.notifications.running import run_notifications
from core.notifications.webhooks import signature
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, WHY
from tests.builders import a_user, acting
from tests.notifications import (
    Hook,
    Point,
    a_customer,
    a_hook,
    a_notice,
    delivered,
    is_genuine,
    killed_at,
    noted,
    with_settings,
)
from tests.wallets import a_recharge

NO_MAIL = "smtp://127.0.0.1:9"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with a_hook() as running:
        yield running


@pytest.fixture
def hooking(office: Office, clock: SetClock) -> Office:
    return with_settings(office, clock, webhook_private_hosts=("localhost",))


def an_endpoint(office: Office, tenant: Tenant | None, url: str, *events: str) -> NewSecret:
    with office.work(acting(office, a_user(office, "admin"))) as work:
        return add_endpoint(work, tenant.id if tenant else None, url, events=events, reason=WHY)


def endpoint_of(office: Office, number: int) -> WebhookEndpoint:
    with office.work(JOB) as work:
        return work.session.get_one(WebhookEndpoint, number)


def test_the_signature_is_that_of_the_specification() -> None:
    assert (
        signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_a_webhook_carries_what_happened_and_a_genuine_signature(
    hooking: Office, hook: Hook, clock: SetClock
) -> None:
    tenant = a_customer(hooking)
    made = an_endpoint(hooking, tenant, hook.url)
    a_recharge(hooking, tenant, 5_000)
    assert run_notifications(hooking).sent == 1
    ((headers, body),) = hook.got
    assert is_genuine(made.secret, headers, body)
    assert not is_genuine(made.secret, headers, body + b" ")
    assert not is_genuine("whsec_AAAA", headers, body)
    assert int(headers["webhook-timestamp"]) == int(clock.now().timestamp())
    content = json.loads(body)
    assert content["type"] == "wallet.recharged"
    assert content["timestamp"] == "2026-11-20T12:00:00+00:00"
    assert content["data"]["tenant_id"] == tenant.id
    assert content["data"]["amount_minor"] == 5_000


def test_the_body_is_the_state_when_it_happened(
    hooking: Office, hook: Hook, clock: SetClock
) -> None:
    tenant = a_customer(hooking)
    an_endpoint(hooking, tenant, hook.url)
    a_recharge(hooking, tenant, 5_000, "R-1")
    a_recharge(hooking, tenant, 5_000, "R-2")
    clock.advance(timedelta(hours=3))
    run_notifications(hooking)
    bodies = [json.loads(body) for _, body in hook.got]
    assert [body["data"]["new_balance_minor"] for body in bodies] == [5_000, 10_000]
    assert bodies[0]["timestamp"] == "2026-11-20T12:00:00+00:00"


def test_a_repeated_webhook_has_the_same_id_and_a_new_stamp(
    hooking: Office, hook: Hook, clock: SetClock
) -> None:
    tenant = a_customer(hooking)
    made = an_endpoint(hooking, tenant, hook.url)
    a_notice(hooking, tenant)
    hook.answers = [500, 503]
    for _ in range(3):
        run_notifications(hooking)
        clock.advance(timedelta(hours=1))
    assert len(hook.ids) == 3
    assert len(set(hook.ids)) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in hook.got}) == 3
    assert len({body for _, body in hook.got}) == 1
    assert all(is_genuine(made.secret, headers, body) for headers, body in hook.got)
    assert delivered(hooking, "webhook")[0].status == "sent"


def test_an_endpoint_that_keeps_failing_is_switched_off_and_its_admin_is_told(
    hooking: Office, hook: Hook, clock: SetClock
) -> None:
    tenant = a_customer(hooking)
    a_user(hooking, "org_admin", tenant_id=tenant.id)
    made = an_endpoint(hooking, tenant, hook.url)
    a_notice(hooking, tenant)
    hook.answers = [500] * 100
    for _ in range(hooking.settings.notify_attempts):
        run_notifications(hooking)
        clock.advance(timedelta(hours=8))
    assert delivered(hooking, "webhook")[0].status == "failed"
    off = endpoint_of(hooking, made.endpoint_id)
    assert off.disabled_why == "The endpoint answered 500"
    assert noted(hooking)[-1].event_type == "webhook.disabled"
    assert noted(hooking)[-1].facts["url_host"] == "localhost"
    asked = len(hook.got)
    a_notice(hooking, tenant)
    run_notifications(hooking)
    assert len(hook.got) == asked


def test_410_switches_an_endpoint_off_at_once(hooking: Office, hook: Hook) -> None:
    tenant = a_customer(hooking)
    made = an_endpoint(hooking, tenant, hook.url)
    hook.answers = [410]
    a_notice(hooking, tenant)
    assert run_notifications(hooking).failed == 1
    assert endpoint_of(hooking, made.endpoint_id).disabled_at is not None


def test_a_redirect_is_not_followed(hooking: Office, hook: Hook) -> None:
    tenant = a_customer(hooking)
    an_endpoint(hooking, tenant, hook.url)
    hook.answers, hook.moved_to = [302], hook.url + "/elsewhere"
    a_notice(hooking, tenant)
    assert run_notifications(hooking).pending == 1
    assert len(hook.got) == 1
    assert delivered(hooking, "webhook")[0].problem == "The endpoint answered 302"


def test_a_silent_endpoint_holds_up_nobody_else(hooking: Office, hook: Hook) -> None:
    tenant = a_customer(hooking)
    an_endpoint(hooking, tenant, "http://localhost:9/closed")
    an_endpoint(hooking, tenant, hook.url)
    for _ in range(3):
        a_notice(hooking, tenant)
    run = run_notifications(hooking)
    assert (run.sent, run.pending) == (3, 1)


def test_after_a_rotation_both_secrets_sign_for_a_day(
    hooking: Office, hook: Hook, clock: SetClock
) -> None:
    tenant = a_customer(hooking)
    made = an_endpoint(hooking, tenant, hook.url)
    with hooking.work(acting(hooking, a_user(hooking, "admin"))) as work:
        rotated = rotate_endpoint(work, tenant.id, made.endpoint_id, reason=WHY)
    assert rotated.secret != made.secret
    a_notice(hooking, tenant)
    run_notifications(hooking)
    clock.advance(timedelta(hours=25))
    a_notice(hooking, tenant)
    run_notifications(hooking)
    signed_by = [[is_genuine(s.secret, *got) for s in (made, rotated)] for got in hook.got]
    assert signed_by == [[True, True], [False, True]]


def test_the_platforms_endpoint_hears_of_every_tenant_what_it_wants(
    hooking: Office, hook: Hook
) -> None:
    an_endpoint(hooking, None, hook.url, "tenant.suspended", "tenant.reactivated")
    for name in ("Fjord AB", "Åsen AB"):
        tenant = a_customer(hooking, name)
        a_notice(hooking, tenant, "tenant.suspended")
        a_notice(hooking, tenant, "refund.made")
    run_notifications(hooking)
    assert [json.loads(body)["type"] for _, body in hook.got] == ["tenant.suspended"] * 2


def test_a_tenant_silences_its_own_endpoints_and_not_the_platforms(
    hooking: Office, hook: Hook
) -> None:
    tenant = a_customer(hooking)
    an_endpoint(hooking, tenant, hook.url)
    an_endpoint(hooking, None, hook.url)
    with hooking.work(acting(hooking, a_user(hooking, "admin"))) as work:
        set_channel(work, tenant.id, "webhook", False, reason=WHY)
    a_notice(hooking, tenant)
    run_notifications(hooking)
    assert len(hook.got) == 1
    with hooking.work(acting(hooking, a_user(hooking, "admin"))) as work:
        set_channel(work, None, "webhook", False, reason=WHY)
    a_notice(hooking, tenant, "tenant.suspended")
    run_notifications(hooking)
    assert len(hook.got) == 1


def test_a_removed_endpoint_gets_nothing_that_waited(hooking: Office, hook: Hook) -> None:
    tenant = a_customer(hooking)
    made = an_endpoint(hooking, tenant, hook.url)
    a_notice(hooking, tenant)
    hook.answers = [500]
    run_notifications(hooking)
    with hooking.work(acting(hooking, a_user(hooking, "admin"))) as work:
        remove_endpoint(work, tenant.id, made.endpoint_id, reason=WHY)
    a_notice(hooking, tenant)
    run_notifications(hooking)
    assert len(hook.got) == 1


def test_the_secret_is_sealed_and_not_told(hooking: Office, hook: Hook) -> None:
    made = an_endpoint(hooking, a_customer(hooking), hook.url)
    stored = endpoint_of(hooking, made.endpoint_id).secret_sealed
    assert made.secret.startswith("whsec_")
    assert made.secret.removeprefix("whsec_") not in stored
    with hooking.work(JOB) as work:
        connection = work.session.connection()
        told = connection.exec_driver_sql("select payload::text from audit_event").scalars().all()
    assert not any(made.secret.removeprefix("whsec_") in payload for payload in told)


def test_killed_after_the_endpoint_took_it_the_same_id_comes_again(
    hooking: Office, hook: Hook, clock: SetClock, database_url: str
) -> None:
    tenant = a_customer(hooking, billing_email=None)
    an_endpoint(hooking, tenant, hook.url)
    a_notice(hooking, tenant)
    killed_at("taken", hooking, database_url, NO_MAIL)
    assert len(hook.ids) == 1
    clock.advance(timedelta(seconds=hooking.settings.notify_lease_seconds + 1))
    run_notifications(hooking)
    (one,) = delivered(hooking, "webhook")
    assert one.status == "sent"
    assert hook.ids == [f"msg_{one.reference.hex}"] * 2


@pytest.mark.parametrize("point", get_args(Point))
def test_killed_at_its_last_attempt_it_switches_the_endpoint_off(
    point: Point, hooking: Office, hook: Hook, clock: SetClock, database_url: str
) -> None:
    tenant = a_customer(hooking, billing_email=None)
    made = an_endpoint(hooking, tenant, hook.url)
    a_notice(hooking, tenant)
    killed_at(point, hooking, database_url, NO_MAIL)
    clock.advance(timedelta(seconds=hooking.settings.notify_lease_seconds + 1))
    last = with_settings(hooking, clock, notify_attempts=1)
    assert run_notifications(last).failed == 1
    (one,) = delivered(hooking, "webhook")
    off = endpoint_of(hooking, made.endpoint_id)
    assert (one.status, off.disabled_why) == ("failed", one.problem)
    assert (UNSENT if point in ("claimed", "announced") else BROKE_OFF) == one.problem
    assert noted(hooking)[-1].event_type == "webhook.disabled"


def test_a_delivery_to_a_name_that_leads_inside_fails_for_good(
    office: Office, clock: SetClock
) -> None:
    tenant = a_customer(office)
    made = an_endpoint(office, tenant, "https://hooks.example.com/")
    a_notice(office, tenant)
    run = run_notifications(office, resolve=lambda _host, _port: ["169.254.169.254"])
    assert run.failed == 1
    problem = str(delivered(office, "webhook")[0].problem)
    assert "not public" in problem
    assert "169.254" not in problem
    assert endpoint_of(office, made.endpoint_id).disabled_at is not None


def test_a_private_host_is_reached_only_when_the_settings_name_it(
    office: Office, hook: Hook
) -> None:
    with pytest.raises(BadInput, match="https"):
        an_endpoint(office, a_customer(office), hook.url)
