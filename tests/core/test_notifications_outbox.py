"""The outbox: an event and its notification happen together or not at all; who hears of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from pydantic import SecretStr

from core.clock import SetClock
from core.errors import NotFound, SaldoError
from core.notifications.events import EVENTS
from core.notifications.fanning import Choice, Letter, Person, Receivers, letters
from core.notifications.outbox import tell_tenant
from core.notifications.running import run_notifications
from core.payments.actions import Charge, record_charges
from core.settings import Settings
from core.subscriptions.actions import cancel
from core.subscriptions.run import run_lifecycle
from core.wallets.actions import recharge_wallet
from core.work import Office
from tests.billing import JOB, a_subscription, a_transfer, an_invoice, pass_days, the_plans
from tests.builders import a_user, acting
from tests.notifications import a_customer, a_notice, delivered, noted, with_settings
from tests.wallets import a_recharge


def test_an_action_notes_what_its_tenant_hears(office: Office) -> None:
    tenant = a_customer(office)
    a_recharge(office, tenant, 5_000)
    (one,) = noted(office)
    assert (one.event_type, one.tenant_id, one.audience) == (
        "wallet.recharged",
        tenant.id,
        "admins",
    )
    assert one.facts["amount_minor"] == one.facts["new_balance_minor"] == 5_000
    assert one.facts["currency"] == "EUR"


def test_a_repeated_recharge_is_told_once(office: Office) -> None:
    tenant = a_customer(office)
    a_recharge(office, tenant, 5_000, "R-7")
    a_recharge(office, tenant, 5_000, "R-7")
    assert len(noted(office)) == 1


def test_a_replayed_request_is_told_once(office: Office) -> None:
    tenant = a_customer(office)
    for _ in range(2):
        with office.work(JOB) as work:
            recharge_wallet(
                work, tenant.id, 100, "EUR", "R-8", gateway="stripe", key="the-same-key"
            )
    assert len(noted(office)) == 1


def test_what_is_undone_is_not_told(office: Office) -> None:
    tenant = a_customer(office)
    with pytest.raises(NotFound), office.work(JOB) as work:
        recharge_wallet(work, tenant.id, 100, "EUR", "R-9", gateway="stripe")
        raise NotFound
    assert noted(office) == []


def test_a_rehearsal_tells_nobody(office: Office) -> None:
    tenant = a_customer(office)
    with office.rehearse(JOB) as work:
        recharge_wallet(work, tenant.id, 100, "EUR", "R-9", gateway="stripe")
        tell_tenant(work, "tenant.suspended", tenant.id, {})
    assert noted(office) == []


def test_facts_are_the_state_of_that_moment_and_no_reason(office: Office, clock: SetClock) -> None:
    plans, tenant = the_plans(office), a_customer(office)
    sold = a_subscription(office, tenant, plans["growth"])
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        cancel(work, sold.id, "too_expensive", reason="They said it in private")
    first, second = noted(office)
    assert (first.event_type, second.event_type) == (
        "subscription.assigned",
        "subscription.cancelled",
    )
    kept = first.facts["subscription"]
    assert (kept["plan"], kept["amount_minor"], kept["currency"]) == ("Growth", 7_900, "EUR")
    assert first.facts["invoice"]["status"] == "issued"
    assert kept["cancel_at_period_end"] is False
    assert second.facts["subscription"]["cancel_at_period_end"] is True
    assert "private" not in str(second.facts)
    assert "too_expensive" not in str(second.facts)


def test_an_invoice_names_its_number_and_what_is_owed(office: Office) -> None:
    tenant = a_customer(office)
    invoice = an_invoice(office, tenant)
    (one,) = noted(office)
    assert one.event_type == "invoice.issued"
    assert one.facts["invoice"]["number"] == invoice.number
    assert one.facts["invoice"]["due_minor"] == invoice.total_minor
    assert one.facts["invoice"]["ocr"] == invoice.ocr


def test_a_transfer_that_finds_its_invoice_by_itself_is_told_of(office: Office) -> None:
    tenant = a_customer(office)
    invoice = an_invoice(office, tenant)
    a_transfer(office, invoice.total_minor - 1, str(invoice.ocr), "B1")
    a_transfer(office, invoice.total_minor, str(invoice.ocr), "B2")
    _, received = noted(office)
    assert (received.tenant_id, received.event_type) == (tenant.id, "payment.received")
    assert received.facts["payment"]["method"] == "bank_transfer"
    assert received.facts["invoice"]["status"] == "paid"


def test_the_lifecycle_tells_of_renewal_and_of_a_short_wallet(
    office: Office, clock: SetClock
) -> None:
    plans, tenant = the_plans(office), a_customer(office)
    a_recharge(office, tenant, 20_000)
    a_subscription(office, tenant, plans["growth"], collection="wallet")
    for _ in range(2):
        pass_days(clock, 31)
        run_lifecycle(office)
    pass_days(clock, 8)
    run_lifecycle(office)
    events = [one.event_type for one in noted(office)]
    assert events[2:] == [
        "subscription.renewed",
        "subscription.insufficient_balance",
        "subscription.read_only",
    ]
    assert noted(office)[-1].audience == "everyone"


def test_one_unit_of_work_may_tell_several_tenants(office: Office) -> None:
    one, other = a_customer(office), a_customer(office, "Åsen AB")
    with office.work(JOB) as work:
        tell_tenant(work, "payment.failed", one.id, {"failure_code": "expired_card"})
        tell_tenant(work, "payment.failed", other.id, {"failure_code": "expired_card"})
        tell_tenant(work, "payment.received", other.id, {"amount_minor": 5})
    assert [(n.tenant_id, n.event_type) for n in noted(office)] == [
        (one.id, "payment.failed"),
        (other.id, "payment.failed"),
        (other.id, "payment.received"),
    ]


def test_a_once_key_is_told_once_ever(office: Office) -> None:
    tenant = a_customer(office)
    for _ in range(2):
        with office.work(JOB) as work:
            tell_tenant(work, "payment.reminder", tenant.id, {}, once_key="case-7|stage-1")
    assert len(noted(office)) == 1


def test_an_unknown_event_is_the_programmers_mistake(office: Office) -> None:
    with pytest.raises(AssertionError), office.work(JOB) as work:
        tell_tenant(work, "no.such", 1, {})


@pytest.mark.parametrize(("days", "count"), [(10, 0), (11, 1), (13, 1), (14, 0)])
def test_a_trial_is_told_of_its_end_once(
    office: Office, clock: SetClock, days: int, count: int
) -> None:
    plans, tenant = the_plans(office), a_customer(office)
    a_subscription(office, tenant, plans["growth"], trial_days=14)
    pass_days(clock, days)
    assert run_notifications(office).trials == count
    assert run_notifications(office).trials == 0
    ending = [one for one in noted(office) if one.event_type == "trial.ending"]
    assert len(ending) == count
    for one in ending:
        assert date.fromisoformat(one.facts["trial_ends_on"]) == date(2026, 12, 4)


ADMIN, USER = Person(1, "Admin@fjord.example", True), Person(2, "user@fjord.example", False)
ALL = Receivers((ADMIN, USER), "billing@fjord.example", {}, {8: (), 9: ("invoice.issued",)})


def heard(event: str, receivers: Receivers, settings: Settings, **more: bool) -> set[str]:
    found = letters(event, EVENTS[event].audience, {}, receivers, settings, **more)
    assert len(found) == len(set(found))
    return {f"{one.channel} {one.recipient}" for one in found}


@pytest.fixture
def mailing(settings: Settings) -> Settings:
    return settings.model_copy(update={"smtp_url": object(), "operations_email": "ops@saldo.test"})


def test_admins_hear_by_mail_inbox_and_webhook_and_others_do_not(mailing: Settings) -> None:
    assert heard("wallet.recharged", ALL, mailing) == {
        "in_app user:1",
        "email admin@fjord.example",
        "email billing@fjord.example",
        "webhook endpoint:8",
    }


def test_a_restriction_is_heard_by_everybody_and_a_suspension_by_operations(
    mailing: Settings,
) -> None:
    assert {"in_app user:2", "email user@fjord.example"} <= heard(
        "subscription.read_only", ALL, mailing
    )
    assert "email ops@saldo.test" in heard("tenant.suspended", ALL, mailing)
    assert "email ops@saldo.test" not in heard("subscription.read_only", ALL, mailing)


def test_an_endpoint_hears_the_events_it_wants(mailing: Settings) -> None:
    assert "webhook endpoint:9" in heard("invoice.issued", ALL, mailing)
    assert "webhook endpoint:9" not in heard("payment.failed", ALL, mailing)


def test_a_channel_that_is_off_or_wants_other_events_is_quiet(mailing: Settings) -> None:
    quiet = replace(
        ALL,
        choices={
            "email": Choice(True, ("invoice.issued",), ("extra@fjord.example",)),
            "webhook": Choice(False),
            "sms": Choice(True, (), ("+46701234567",)),
            "whatsapp": Choice(False, (), ("+46701234567",)),
        },
    )
    assert heard("wallet.recharged", quiet, mailing) == {"in_app user:1", "sms +46701234567"}
    assert "email extra@fjord.example" in heard("invoice.issued", quiet, mailing)


def test_one_address_gets_one_mail(mailing: Settings) -> None:
    same = replace(ALL, billing_email=" ADMIN@fjord.example")
    assert [
        one for one in letters("refund.made", "admins", {}, same, mailing) if one.channel == "email"
    ] == [Letter("email", "admin@fjord.example")]


def test_without_a_mail_server_no_mail_waits(settings: Settings) -> None:
    assert heard("refund.made", ALL, settings) == {"in_app user:1", "webhook endpoint:8"}


def test_what_is_old_is_shown_and_not_sent(mailing: Settings) -> None:
    assert heard("refund.made", ALL, mailing, is_old=True) == {"in_app user:1"}


def test_handing_out_again_makes_no_second_delivery(office: Office, clock: SetClock) -> None:
    tenant = a_customer(office)
    a_user(office, "org_admin", tenant_id=tenant.id)
    a_user(office, "org_user", tenant_id=tenant.id)
    a_notice(office, tenant, "refund.made")
    a_notice(office, tenant, "tenant.suspended")
    assert run_notifications(office).handed_out == 2
    assert run_notifications(office).handed_out == 0
    assert len(delivered(office, "in_app")) == 3
    assert delivered(office) == []


def test_an_old_event_is_not_mailed_any_more(office: Office, clock: SetClock) -> None:
    tenant = a_customer(office)
    a_user(office, "org_admin", tenant_id=tenant.id)
    a_notice(office, tenant)
    clock.advance(timedelta(hours=73))
    run_notifications(with_settings(office, clock, smtp_url=SecretStr("smtp://127.0.0.1:1")))
    assert delivered(office) == []
    assert len(delivered(office, "in_app")) == 1


def test_only_who_may_runs_it(office: Office) -> None:
    actor = acting(office, a_user(office, "analyst"))
    with pytest.raises(SaldoError):
        run_notifications(office, actor=actor)


def test_charges_tell_each_tenant_how_they_went(office: Office) -> None:
    one, other = a_customer(office), a_customer(office, "Åsen AB")
    paid, owed = an_invoice(office, one), an_invoice(office, other)
    charges = (
        Charge(paid.id, "stripe", "ch_1", paid.total_minor, 175),
        Charge(owed.id, "stripe", "ch_2", owed.total_minor, 0, failure_code="expired_card"),
    )
    with office.work(JOB) as work:
        record_charges(work, charges)
    received, failed = noted(office)[2:]
    assert (received.tenant_id, received.event_type) == (one.id, "payment.received")
    assert received.facts["invoice"]["due_minor"] == 0
    assert (failed.tenant_id, failed.event_type) == (other.id, "payment.failed")
    assert failed.facts["payment"]["failure_code"] == "expired_card"
    assert failed.facts["invoice"]["number"] == owed.number
