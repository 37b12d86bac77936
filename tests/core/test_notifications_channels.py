"""Channels, endpoints, tests and inboxes: who may do what, to whom it matters."""

import json

import pytest
from sqlalchemy import text

from core.access.authority import Actor
from core.clock import SetClock
from core.errors import (
    BadInput,
    FreshAuthNeeded,
    NotAllowed,
    NotFound,
    NotNow,
    ReasonNeeded,
    SaldoError,
)
from core.notifications import queries
from core.notifications.actions import add_endpoint, redeliver, send_test, set_channel
from core.notifications.own import (
    add_own_endpoint,
    mark_read,
    remove_own_endpoint,
    rotate_own_endpoint,
    send_own_test,
    set_own_channel,
)
from core.notifications.running import run_notifications
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, WHY, an_invoice
from tests.builders import a_user, acting
from tests.notifications import a_customer, a_hook, a_notice, delivered, noted, with_settings

HTTPS = "https://hooks.example.com/saldo"
NUMBER = "+46701234567"


@pytest.fixture
def admin(office: Office) -> Actor:
    return acting(office, a_user(office, "admin"))


def an_own_admin(office: Office, tenant: Tenant, *, fresh: bool = True) -> Actor:
    return acting(office, a_user(office, "org_admin", tenant_id=tenant.id), fresh=fresh)


def test_sms_goes_where_the_tenant_says_through_the_file(office: Office, admin: Actor) -> None:
    tenant = a_customer(office)
    with office.work(admin) as work:
        set_channel(work, tenant.id, "sms", True, addresses=(NUMBER, NUMBER), reason=WHY)
    a_notice(office, tenant)
    assert run_notifications(office).sent == 1
    lines = (office.settings.home / "outbox" / "sms.jsonl").read_text().splitlines()
    (line,) = [json.loads(line) for line in lines]
    (one,) = delivered(office, "sms")
    assert line["to"] == NUMBER
    assert line["reference"] == one.reference.hex
    assert line["text"].startswith("Account suspended: Fjord AB http")


def test_a_full_disk_leaves_a_text_to_a_person_and_the_run_goes_on(
    office: Office, admin: Actor
) -> None:
    tenant = a_customer(office)
    with office.work(admin) as work:
        set_channel(work, tenant.id, "sms", True, addresses=(NUMBER,), reason=WHY)
    with office.work(admin) as work:
        set_channel(work, tenant.id, "whatsapp", True, addresses=(NUMBER,), reason=WHY)
    outbox = office.settings.home / "outbox"
    outbox.mkdir()
    (outbox / "sms.jsonl").symlink_to("/dev/full")
    a_notice(office, tenant)
    done = run_notifications(office)
    assert (done.sent, done.unknown) == (1, 1)
    (one,) = delivered(office, "sms")
    assert "No space left" in (one.problem or "")


def test_a_tenants_choice_goes_before_the_default(office: Office, admin: Actor) -> None:
    one, other = a_customer(office), a_customer(office, "Åsen AB")
    with office.work(admin) as work:
        set_channel(work, None, "whatsapp", True, reason=WHY)
    for tenant in (one, other):
        with office.work(an_own_admin(office, tenant)) as work:
            set_own_channel(work, "whatsapp", tenant is one, addresses=(NUMBER,))
        a_notice(office, tenant)
    run_notifications(office)
    assert [d.tenant_id for d in delivered(office, "whatsapp")] == [one.id]
    with office.work(admin) as work:
        rows = {row.channel: row for row in queries.channels(work, other.id)}
    assert (rows["whatsapp"].enabled, rows["whatsapp"].own) == (False, True)
    assert (rows["email"].enabled, rows["email"].own) == (True, False)


def test_setting_a_channel_again_changes_the_same_row(office: Office, admin: Actor) -> None:
    for enabled in (True, False):
        with office.work(admin) as work:
            set_channel(work, None, "sms", enabled, reason=WHY)
    with office.work(JOB) as work:
        rows = work.session.execute(text("select enabled from notification_channel")).all()
    assert [row.enabled for row in rows] == [False]


@pytest.mark.parametrize(
    ("channel", "enabled", "events", "addresses"),
    [
        ("fax", True, (), ()),
        ("in_app", False, (), ()),
        ("email", True, ("no.such",), ()),
        ("email", True, (), ("not an address",)),
        ("sms", True, (), ("0701234567",)),
        ("sms", True, (), ("+46 70 123",)),
        ("webhook", True, (), ("a@example.com",)),
        ("sms", True, (), tuple(f"+4670123456{n:02}" for n in range(21))),
    ],
)
def test_what_a_channel_cannot_be_is_refused(
    office: Office,
    channel: str,
    enabled: bool,
    events: tuple[str, ...],
    addresses: tuple[str, ...],
) -> None:
    actor = an_own_admin(office, a_customer(office))
    with pytest.raises(BadInput), office.work(actor) as work:
        set_own_channel(work, channel, enabled, events=events, addresses=addresses)


def test_the_default_has_no_addresses_and_an_unknown_tenant_no_channel(
    office: Office, admin: Actor
) -> None:
    with pytest.raises(BadInput), office.work(admin) as work:
        set_channel(work, None, "sms", True, addresses=(NUMBER,), reason=WHY)
    with pytest.raises(NotFound), office.work(admin) as work:
        set_channel(work, 987_654, "sms", True, reason=WHY)


def test_the_platform_gives_a_reason_and_an_endpoint_wants_a_fresh_sign_in(
    office: Office, admin: Actor
) -> None:
    with pytest.raises(ReasonNeeded), office.work(admin) as work:
        set_channel(work, None, "sms", True, reason="short")
    stale = acting(office, a_user(office, "admin"), fresh=False)
    with pytest.raises(FreshAuthNeeded), office.work(stale) as work:
        add_endpoint(work, None, HTTPS, reason=WHY)
    own = an_own_admin(office, a_customer(office), fresh=False)
    with pytest.raises(FreshAuthNeeded), office.work(own) as work:
        add_own_endpoint(work, HTTPS)


@pytest.mark.parametrize("role", ["billing", "sys_finance", "analyst", "org_user", "org_admin"])
def test_others_do_not_set_the_platforms_channels(office: Office, role: str) -> None:
    tenant = a_customer(office).id if role.startswith("org") else None
    actor = acting(office, a_user(office, role, tenant_id=tenant))
    with pytest.raises(NotAllowed), office.work(actor) as work:
        set_channel(work, None, "sms", True, reason=WHY)
    with pytest.raises(NotAllowed), office.work(actor) as work:
        queries.channels(work, None)


def test_somebody_of_the_platform_has_no_own_channel(office: Office) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    with pytest.raises(NotAllowed), office.work(boss) as work:
        set_own_channel(work, "sms", True)
    with pytest.raises(NotAllowed), office.work(boss) as work:
        queries.inbox(work)


def test_another_tenants_endpoint_does_not_exist_for_an_organisation(office: Office) -> None:
    one, other = a_customer(office), a_customer(office, "Åsen AB")
    mine, theirs = an_own_admin(office, one), an_own_admin(office, other)
    with office.work(theirs) as work:
        made = add_own_endpoint(work, HTTPS)
    for act in (rotate_own_endpoint, remove_own_endpoint):
        with pytest.raises(NotFound), office.work(mine) as work:
            act(work, made.endpoint_id)
    with pytest.raises(NotFound), office.work(mine) as work:
        send_own_test(work, "webhook", endpoint_id=made.endpoint_id)
    with office.work(mine) as work:
        assert queries.endpoints(work, one.id) == []
        with pytest.raises(NotFound):
            queries.endpoints(work, other.id)
        with pytest.raises(NotAllowed):
            queries.endpoints(work, None)


def test_endpoints_have_a_limit(office: Office) -> None:
    actor = an_own_admin(office, a_customer(office))
    for number in range(10):
        with office.work(actor) as work:
            add_own_endpoint(work, f"{HTTPS}/{number}")
    with pytest.raises(NotNow), office.work(actor) as work:
        add_own_endpoint(work, HTTPS)


def test_a_test_goes_to_the_tested_channel_alone(
    office: Office, clock: SetClock, admin: Actor
) -> None:
    tenant = a_customer(office)
    owner = an_own_admin(office, tenant)
    with a_hook() as hook:
        hooking = with_settings(office, clock, webhook_private_hosts=("localhost",))
        with hooking.work(owner) as work:
            first = add_own_endpoint(work, hook.url, events=("invoice.issued",))
        with hooking.work(owner) as work:
            add_own_endpoint(work, hook.url + "/other")
        with hooking.work(admin) as work:
            send_test(work, tenant.id, "webhook", endpoint_id=first.endpoint_id)
        assert run_notifications(hooking).sent == 1
        ((_, body),) = hook.got
    assert json.loads(body)["type"] == "notification.test"
    assert delivered(office, "in_app") == []
    with office.work(owner) as work:
        send_own_test(work, "in_app")
    run_notifications(office)
    assert len(delivered(office, "in_app")) == 1


def test_a_test_that_cannot_arrive_is_refused(office: Office, admin: Actor) -> None:
    tenant = a_customer(office)
    refused: tuple[tuple[str, int | None, type[SaldoError]], ...] = (
        ("email", None, NotNow),
        ("fax", None, BadInput),
        ("webhook", None, BadInput),
        ("sms", 3, BadInput),
        ("sms", None, NotNow),
        ("whatsapp", None, NotNow),
        ("webhook", 987_654, NotFound),
    )
    for channel, endpoint, error in refused:
        with pytest.raises(error), office.work(admin) as work:
            send_test(work, tenant.id, channel, endpoint_id=endpoint)
    assert noted(office) == []


def test_an_inbox_shows_what_is_unread_and_counts_down(office: Office) -> None:
    tenant = a_customer(office, language="sv")
    owner = an_own_admin(office, tenant)
    invoice = an_invoice(office, tenant)
    a_notice(office, tenant)
    run_notifications(office)
    with office.work(owner) as work:
        page = queries.inbox(work)
        assert queries.unread(work) == page.unread == page.count == 2
    assert [row.event for row in page.rows] == ["tenant.suspended", "invoice.issued"]
    assert page.rows[1].title.startswith(f"Faktura {invoice.number}")
    assert page.rows[1].invoice_id == invoice.id
    with office.work(owner) as work:
        assert mark_read(work, (page.rows[0].id,)) == 1
    with office.work(owner) as work:
        assert mark_read(work, (page.rows[0].id,)) == 0
    with office.work(owner) as work:
        assert queries.unread(work) == 1
        assert queries.inbox(work, only=page.rows[1].id).rows[0].read_at is None
    with office.work(owner) as work:
        assert mark_read(work) == 1


def test_nobody_reads_anothers_inbox(office: Office) -> None:
    one, other = a_customer(office), a_customer(office, "Åsen AB")
    mine = an_own_admin(office, one)
    colleague = an_own_admin(office, one)
    theirs = an_own_admin(office, other)
    a_notice(office, one)
    run_notifications(office)
    message = noted(office)[0].id
    with pytest.raises(NotFound), office.work(theirs) as work:
        mark_read(work, (message,))
    with office.work(theirs) as work:
        assert queries.inbox(work, only=message).rows == []
    with office.work(mine) as work:
        mark_read(work)
    with office.work(colleague) as work:
        assert queries.unread(work) == 1


def test_what_waits_for_a_person_is_listed(office: Office, admin: Actor) -> None:
    tenant = a_customer(office)
    with office.work(admin) as work:
        set_channel(work, tenant.id, "sms", True, addresses=(NUMBER,), reason=WHY)
    a_notice(office, tenant)
    (office.settings.home / "outbox").write_text("a file where the folder should be")
    for _ in range(2):
        run_notifications(office)
    clerk = acting(office, a_user(office, "billing"))
    with office.work(clerk) as work:
        page = queries.deliveries(work, channel="sms", tenant_id=tenant.id)
        assert (page.count, page.rows[0].status, page.rows[0].attempts) == (1, "pending", 1)
        assert queries.deliveries(work, status="failed").count == 0
        with pytest.raises(BadInput):
            queries.deliveries(work, status="lost")
    with pytest.raises(NotNow), office.work(clerk) as work:
        redeliver(work, page.rows[0].id, reason=WHY)
    with pytest.raises(NotFound), office.work(clerk) as work:
        redeliver(work, 987_654, reason=WHY)
