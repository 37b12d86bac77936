"""Channels and inboxes as pages: what is shown, what is written, and the secret seen once."""

import pytest

from core.notifications import queries
from core.notifications.actions import set_channel
from core.notifications.running import run_notifications
from core.work import Office
from tests.billing import JOB, WHY, an_invoice
from tests.notifications import a_customer, a_notice, delivered
from tests.pages.administering import Visit, confirm, events, press, visitor, words
from tests.wallets import an_admin


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "admin/channels.py")


@pytest.fixture
def visit_inbox(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "my_billing/inbox.py")


@pytest.fixture
def visit_own(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "my_billing/channels.py")


def test_the_defaults_and_a_tenants_own_channels_are_shown(office: Office, visit: Visit) -> None:
    tenant = a_customer(office)
    with office.work(an_admin(office)) as work:
        set_channel(work, tenant.id, "sms", True, addresses=("+46701234567",), reason=WHY)
    assert "+46701234567" not in words(visit("admin"))
    shown = words(visit("admin", tenant=str(tenant.id)))
    assert "+46701234567" in shown
    assert "There are none." in shown


def test_a_channel_is_set_with_a_reason(office: Office, visit: Visit) -> None:
    page = visit("admin")
    press(page, "set-channel-0-sms")
    page.toggle(key="channel-on").set_value(True).run()
    confirm(page)
    assert not page.exception
    assert [event["reason"] for event in events(office, "notification.channel.set")] == [WHY]
    with office.work(JOB) as work:
        rows = {row.channel: row.enabled for row in queries.channels(work, None)}
    assert rows["sms"] is True


def test_an_endpoints_secret_is_seen_once(office: Office, visit: Visit) -> None:
    tenant = a_customer(office)
    page = visit("admin", tenant=str(tenant.id))
    press(page, f"add-endpoint-{tenant.id}-new")
    page.text_input(key="channel-url").set_value("https://hooks.example.com/saldo").run()
    confirm(page)
    (made,) = page.code
    assert made.value.startswith("whsec_")
    press(page, "secret-kept")
    assert len(page.code) == 0
    assert "hooks.example.com" in words(page)


def test_what_failed_is_sent_again_by_somebody_of_billing(office: Office, visit: Visit) -> None:
    tenant = a_customer(office)
    with office.work(an_admin(office)) as work:
        set_channel(work, tenant.id, "sms", True, addresses=("+46701234567",), reason=WHY)
    a_notice(office, tenant)
    run_notifications(office)
    with office.work(JOB) as work:
        work.session.connection().exec_driver_sql(
            "update notification_delivery set status = 'unknown', sent_at = null"
            " where channel = 'sms'"
        )
    number = delivered(office, "sms")[0].id
    assert all(
        button.key != f"again-{number}" for button in visit("admin", status="unknown").button
    )
    page = visit("super_admin", status="unknown")
    press(page, f"again-{number}")
    confirm(page)
    assert delivered(office, "sms")[0].status == "pending"


def test_an_inbox_lists_messages_and_opening_one_reads_it(
    office: Office, visit_inbox: Visit
) -> None:
    tenant = a_customer(office, "<script>alert(1)</script>")
    page = visit_inbox("org_admin", tenant_id=tenant.id)
    assert "Nothing here yet" in words(page)
    a_notice(office, tenant)
    run_notifications(office)
    page.run()
    shown = words(page)
    assert "Account suspended" in shown
    assert "1 unread" in shown
    assert "<script" not in shown
    message = delivered(office, "in_app")[0].notification_id
    page.query_params["message"] = str(message)
    page.run()
    assert "Settling" in words(page)
    assert delivered(office, "in_app")[0].read_at is not None


def test_an_invoice_message_leads_to_its_pdf(office: Office, visit_inbox: Visit) -> None:
    tenant = a_customer(office)
    page = visit_inbox("org_admin", tenant_id=tenant.id)
    invoice = an_invoice(office, tenant)
    run_notifications(office)
    page.query_params["message"] = str(delivered(office, "in_app")[0].notification_id)
    page.run()
    assert f"/sys/invoices/{invoice.id}/pdf" in words(page)


def test_everything_is_marked_as_read_at_once(office: Office, visit_inbox: Visit) -> None:
    tenant = a_customer(office)
    page = visit_inbox("org_admin", tenant_id=tenant.id)
    for _ in range(3):
        a_notice(office, tenant)
    run_notifications(office)
    page.run()
    press(page, "read-all")
    assert "0 unread" in words(page)


def test_somebody_elses_message_is_not_there(office: Office, visit_inbox: Visit) -> None:
    other = a_customer(office)
    page = visit_inbox("org_admin", tenant_id=a_customer(office, "Åsen AB").id, message="1")
    a_notice(office, other)
    run_notifications(office)
    page.run()
    assert "There is no such message" in words(page)


def test_an_organisation_sets_and_tries_its_own_channels(office: Office, visit_own: Visit) -> None:
    tenant = a_customer(office)
    page = visit_own("org_admin", tenant_id=tenant.id)
    press(page, "set-channel-sms")
    page.toggle(key="channel-on").set_value(True)
    page.text_area(key="channel-addresses").set_value("+46701234567").run()
    press(page, "confirm-do")
    assert not page.exception
    assert "+46701234567" in words(page)
    press(page, "test-channel-in_app")
    press(page, "confirm-do")
    run_notifications(office)
    assert {one.status for one in delivered(office, "in_app")} == {"sent"}


def test_an_organisations_endpoint_is_added_and_removed(office: Office, visit_own: Visit) -> None:
    page = visit_own("org_admin", tenant_id=a_customer(office).id)
    press(page, "add-endpoint-new")
    page.text_input(key="channel-url").set_value("https://hooks.example.com/saldo").run()
    press(page, "confirm-do")
    (made,) = page.code
    assert made.value.startswith("whsec_")
    press(page, "secret-kept")
    (remove,) = [button for button in page.button if button.label.startswith("Remove")]
    remove.click().run()
    press(page, "confirm-do")
    assert "hooks.example.com" not in words(page)


def test_the_platforms_people_have_no_organisations_channels(visit_own: Visit) -> None:
    assert visit_own("super_admin").exception
