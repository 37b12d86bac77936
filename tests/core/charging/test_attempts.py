"""Auto-charge: limit, delay, hard declines, time-outs, crashes, two runs at once (PAY.6)."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from core.access.authority import system
from core.audit.models import AuditEvent
from core.charging.attempts import start_attempt
from core.charging.cards import cards_of, choose_card, remove_card
from core.charging.run import carry_out, charge_now, run_auto_charge, sweep_attempts
from core.dunning.actions import override
from core.dunning.models import DunningCase
from core.errors import BadInput, NotAllowed, NotFound, NotNow, SaldoError
from core.invoices.models import Invoice
from core.payments.actions import record_payment
from core.subscriptions.models import Subscription
from tests.billing import JOB, WHY, a_tenant, wrong_books
from tests.builders import a_user, acting
from tests.core.charging.conftest import Shop


def outcomes(shop: Shop) -> list[tuple[str, str]]:
    done = run_auto_charge(shop.office)
    return [(change.outcome, change.words) for change in done.changes]


def the_invoice(shop: Shop, invoice: Invoice) -> Invoice:
    with shop.office.work(JOB) as work:
        return work.session.get_one(Invoice, invoice.id)


def test_a_due_invoice_is_charged_once_to_the_card_left_on_the_hosted_page(shop: Shop) -> None:
    invoice = shop.invoice()
    assert outcomes(shop) == [("left", "No card is kept for the tenant")]
    card = shop.card()
    assert (card.brand, card.last4, card.is_default) == ("visa", "4242", True)
    assert outcomes(shop) == [("charged", "Charged")]
    assert the_invoice(shop, invoice).status == "paid"
    assert outcomes(shop) == []
    assert shop.charged_minor() == invoice.total_minor
    assert wrong_books(shop.office) == []


def test_a_dry_run_says_what_the_run_does_and_charges_nothing(shop: Shop) -> None:
    shop.card()
    invoice = shop.invoice()
    foreseen = run_auto_charge(shop.office, dry_run=True)
    assert [(c.outcome, c.amount_minor) for c in foreseen.changes] == [
        ("charge", invoice.total_minor)
    ]
    assert shop.attempts() == []
    assert outcomes(shop) == [("charged", "Charged")]


def test_only_a_dry_run_looks_ahead(shop: Shop) -> None:
    day = shop.clock.now().date().replace(day=28)
    with pytest.raises(BadInput, match="has not come"):
        run_auto_charge(shop.office, day)
    assert run_auto_charge(shop.office, day, dry_run=True).changes == ()


def test_soft_declines_wait_for_their_day_and_end_at_the_limit(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card("pm_card_chargeCustomerFail")
    assert outcomes(shop)[0][0] == "declined"
    for _ in range(shop.office.settings.charge_attempts - 1):
        assert outcomes(shop)[0][1].startswith("The next attempt is on ")
        shop.wait(days=shop.office.settings.charge_delay_days)
        assert outcomes(shop)[0][0] == "declined"
    shop.wait(days=30)
    assert outcomes(shop) == [("left", "4 attempts were made; the rest is for dunning")]
    with shop.office.work(JOB) as work:
        case = work.session.scalars(select(DunningCase)).one()
        subscription = work.session.get_one(Subscription, invoice.subscription_id)
    assert (case.failures, subscription.status) == (4, "past_due")
    assert [attempt.nth for attempt in shop.attempts()] == [1, 2, 3, 4]


def test_a_hard_decline_waits_for_another_card(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card("pm_card_authenticationRequired")
    assert outcomes(shop) == [("declined", "authentication_required")]
    shop.wait(days=40)
    assert "has to change first" in outcomes(shop)[0][1]
    shop.card()
    assert outcomes(shop) == [("charged", "Charged")]
    assert the_invoice(shop, invoice).status == "paid"
    with shop.office.work(JOB) as work:
        case = work.session.scalars(select(DunningCase)).one()
        subscription = work.session.get_one(Subscription, invoice.subscription_id)
    assert (case.status, subscription.status) == ("closed", "active")


def test_a_yes_that_times_out_charges_once(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card()
    shop.fault("lost_after", calls=3)
    assert outcomes(shop)[0][0] == "pending"
    assert outcomes(shop) == [("left", "An attempt is under way")]
    assert sweep_attempts(shop.office) == []
    shop.wait(minutes=6)
    assert [attempt.status for attempt in sweep_attempts(shop.office)] == ["succeeded"]
    assert sweep_attempts(shop.office) == []
    assert shop.charged_minor() == invoice.total_minor
    assert the_invoice(shop, invoice).status == "paid"


def test_a_call_that_never_arrived_is_made_again_under_the_same_key(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card()
    shop.fault("lost_before", calls=3)
    assert outcomes(shop)[0][0] == "pending"
    shop.wait(minutes=6)
    assert [attempt.status for attempt in sweep_attempts(shop.office)] == ["succeeded"]
    assert shop.charged_minor() == invoice.total_minor


def test_an_attempt_that_never_arrived_is_dropped_when_the_invoice_was_paid(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card()
    shop.fault("lost_before", calls=3)
    assert outcomes(shop)[0][0] == "pending"
    with shop.office.work(JOB) as work:
        record_payment(
            work, invoice.tenant_id, invoice.total_minor, "SEK", "cash", invoice_ids=(invoice.id,)
        )
    shop.wait(minutes=6)
    assert [attempt.status for attempt in sweep_attempts(shop.office)] == ["cancelled"]
    assert shop.charged_minor() == 0


def test_two_runs_at_once_charge_once(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card()
    barrier, told = Barrier(2), []

    def go() -> None:
        barrier.wait()
        try:
            told.extend(outcomes(shop))
        except SaldoError as problem:
            told.append(("refused", str(problem)))

    threads = [Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcome == "charged" for outcome, _ in told) == 1
    assert shop.charged_minor() == invoice.total_minor


def test_a_frozen_case_is_left_alone_but_a_person_may_charge(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card("pm_card_chargeCustomerFail")
    outcomes(shop)
    finance = acting(shop.office, a_user(shop.office, "billing", "sys_finance"))
    with shop.office.work(finance) as work:
        override(work, shop.tenant.id, "freeze", reason=WHY)
    shop.card()
    assert outcomes(shop) == [("left", "Its dunning is frozen")]
    assert charge_now(shop.office, finance, invoice.id).status == "succeeded"


def test_every_attempt_is_audited(shop: Shop) -> None:
    shop.invoice()
    shop.card("pm_card_chargeCustomerFail")
    outcomes(shop)
    with shop.office.work(JOB) as work:
        rows = work.session.scalars(
            select(AuditEvent)
            .where(AuditEvent.event_type.like("charge.%"))
            .order_by(AuditEvent.seq)
        ).all()
    assert [row.event_type for row in rows] == [
        "charge.attempt.started",
        "charge.attempt.settled",
    ]
    assert rows[1].payload["failure_code"] == "generic_decline"


def test_who_may_charge(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card()
    reader = acting(shop.office, a_user(shop.office, "onboarding"))
    with pytest.raises(NotAllowed):
        run_auto_charge(shop.office, actor=reader)
    with pytest.raises(NotAllowed):
        charge_now(shop.office, reader, invoice.id)
    other = a_tenant(shop.office)
    stranger = acting(shop.office, a_user(shop.office, "org_admin", tenant_id=other.id))
    with pytest.raises(NotFound):
        charge_now(shop.office, stranger, invoice.id, own=True)
    assert charge_now(shop.office, shop.admin, invoice.id, own=True).status == "succeeded"
    with pytest.raises(NotNow, match="nothing is owed"):
        charge_now(shop.office, shop.admin, invoice.id, own=True)


def test_cards_are_chosen_and_removed_by_their_organisation_alone(shop: Shop) -> None:
    first, second = shop.card(), shop.card("pm_card_mastercard")
    other = a_tenant(shop.office)
    stranger = acting(shop.office, a_user(shop.office, "org_admin", tenant_id=other.id))
    for change in (choose_card, remove_card):
        with pytest.raises(NotFound), shop.office.work(stranger) as work:
            change(work, first.id)
    with shop.office.work(shop.admin) as work:
        choose_card(work, first.id)
    with shop.office.work(shop.admin) as work:
        assert [card.id for card in cards_of(work, shop.tenant.id)] == [first.id, second.id]
    with shop.office.work(shop.admin) as work:
        remove_card(work, first.id)
    with shop.office.work(shop.admin) as work:
        assert [(c.id, c.is_default) for c in cards_of(work, shop.tenant.id)] == [(second.id, True)]


def test_a_refused_start_leaves_nothing(shop: Shop) -> None:
    invoice = shop.invoice()
    with pytest.raises(NotNow, match="No card"), shop.office.work(system("test")) as work:
        start_attempt(work, invoice.id)
    assert shop.attempts() == []
    with pytest.raises(NotFound), shop.office.work(system("test")) as work:
        start_attempt(work, 10**9)


def test_keys_that_went_missing_leave_a_call_under_way_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.invoice()
    shop.card()
    shop.fault("lost_after", calls=3)
    outcomes(shop)
    shop.office.settings.gateway_simulator = False
    shop.wait(minutes=6)
    attempt = shop.attempts()[0]
    assert carry_out(shop.office, attempt.id, again=True).status == "pending"
