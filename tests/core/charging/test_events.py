"""Webhooks: verified, stored, handled once, in any order, after any crash (PAY.4, PAY.8)."""

import itertools
import json
from collections.abc import Mapping
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import stripe
from sqlalchemy import func, select

from core.charging import events
from core.charging.cards import cards_of
from core.charging.checkout import card_portal
from core.charging.claims import sweep_disputes
from core.charging.events import handle, handle_waiting, receive, replay_event
from core.charging.run import run_auto_charge
from core.errors import FreshAuthNeeded, NotAllowed, NotNow
from core.gateways.models import GatewayCredentials, GatewayEvent
from core.gateways.port import ForgedEvent, Gateway
from core.gateways.registry import SIMULATOR_SECRET, gateway_of
from core.gateways.simulator import control, deliveries, disputes
from core.gateways.simulator.in_process import ADDRESS
from core.ledger.models import LedgerTransaction
from core.payments.models import Dispute, Payment
from core.reconciliation.rules import QUIET
from core.reconciliation.run import run_reconcile
from core.settings import Settings
from core.tenants.models import Tenant
from core.wallets.models import WalletTransaction
from core.work import Office
from tests.billing import JOB, WHY, a_tenant, wrong_books
from tests.builders import a_user, acting
from tests.core.charging.conftest import Shop
from tests.core.charging.test_recharge import balance, opened

Sent = tuple[Mapping[str, str], bytes]


def sent(shop: Shop) -> list[Sent]:
    """What the gateway wants to deliver by now."""
    caught: list[Sent] = []

    def catch(_url: str, headers: Mapping[str, str], raw: bytes) -> int:
        caught.append((headers, raw))
        return 200

    deliveries.deliver(shop.office.engine, catch, shop.clock.now())
    return caught


def signed(shop: Shop, body: object, *, ago: int = 0) -> Sent:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = int(shop.clock.now().timestamp()) - ago
    header = stripe.WebhookSignature.generate_signature_header(
        raw.decode("latin-1"), SIMULATOR_SECRET, stamp
    )
    return {"stripe-signature": header}, raw


def stored(shop: Shop) -> list[GatewayEvent]:
    with shop.office.work(JOB) as work:
        return list(work.session.scalars(select(GatewayEvent).order_by(GatewayEvent.id)))


def take(shop: Shop, deliveries: list[Sent]) -> None:
    for headers, raw in deliveries:
        receive(shop.office, "stripe", raw, headers)


def test_a_paid_page_is_credited_by_its_webhook(shop: Shop) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    take(shop, sent(shop))
    assert balance(shop) == 0
    handled = handle_waiting(shop.office, older_than=timedelta(0))
    assert balance(shop) == 50_000
    assert {row.status for row in handled} <= {"handled", "ignored"}
    assert any(row.outcome == f"The page {page.reference} is done" for row in handled)
    assert handle_waiting(shop.office, older_than=timedelta(0)) == []


def test_the_same_event_eight_times_at_once_is_stored_and_handled_once(shop: Shop) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    (completed,) = [each for each in sent(shop) if b"checkout.session.completed" in each[1]]
    barrier, answers = Barrier(8), []

    def go() -> None:
        barrier.wait()
        answers.append(receive(shop.office, "stripe", completed[1], completed[0]))

    threads = [Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.new for answer in answers) == [False] * 7 + [True]
    (row,) = stored(shop)
    handlers = [Thread(target=handle, args=(shop.office, row.id)) for _ in range(8)]
    for thread in handlers:
        thread.start()
    for thread in handlers:
        thread.join()
    assert balance(shop) == 50_000
    with shop.office.work(JOB) as work:
        assert work.session.scalar(select(func.count()).select_from(WalletTransaction)) == 1


def test_every_order_of_arrival_ends_the_same(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card("pm_card_visa")
    take(shop, sent(shop))
    handle_waiting(shop.office, older_than=timedelta(0))
    assert [c.words for c in run_auto_charge(shop.office).changes] == ["Charged"]
    news = sent(shop)
    assert len(news) >= 2
    for order in itertools.islice(itertools.permutations(news), 4):
        for headers, raw in order:
            row = receive(shop.office, "stripe", raw, headers)
            handle(shop.office, row.event_id)
    with shop.office.work(JOB) as work:
        payment = work.session.scalars(select(Payment).where(Payment.status == "captured")).one()
    assert payment.amount_minor == invoice.total_minor
    assert wrong_books(shop.office) == []


def test_a_charge_whose_answer_was_lost_is_settled_by_its_webhook(shop: Shop) -> None:
    invoice = shop.invoice()
    shop.card()
    shop.fault("lost_after", calls=3)
    run_auto_charge(shop.office)
    take(shop, sent(shop))
    handle_waiting(shop.office, older_than=timedelta(0))
    assert [attempt.status for attempt in shop.attempts()] == ["succeeded"]
    assert shop.charged_minor() == invoice.total_minor


def test_a_dispute_is_opened_and_lost_by_its_webhooks(shop: Shop) -> None:
    shop.invoice()
    shop.secret_card("pm_card_createDispute")
    run_auto_charge(shop.office)
    take(shop, sent(shop))
    handle_waiting(shop.office, older_than=timedelta(0))
    with shop.office.work(JOB) as work:
        dispute = work.session.scalars(select(Dispute)).one()
        payment = work.session.get_one(Payment, dispute.payment_id)
    assert (dispute.status, payment.status) == ("needs_response", "disputed")
    assert dispute.evidence_due_on is not None
    assert dispute.evidence_due_on > shop.clock.now().date()
    assert sweep_disputes(shop.office)[0].id == dispute.id
    shop.wait(days=60)
    gateway_of(shop.office.settings, "stripe", engine=shop.office.engine).probe()
    take(shop, sent(shop))
    handle_waiting(shop.office, older_than=timedelta(0))
    with shop.office.work(JOB) as work:
        decided = work.session.get_one(Dispute, dispute.id)
        kinds = work.session.scalars(
            select(LedgerTransaction.kind).where(LedgerTransaction.source_type == "dispute")
        ).all()
    assert decided.status == "lost"
    assert sorted(kinds) == ["dispute_lost", "dispute_opened"]
    assert wrong_books(shop.office) == []


@pytest.mark.parametrize("won", [True, False])
def test_a_disputed_recharge_leaves_the_wallet_and_comes_back_when_won(
    shop: Shop, won: bool
) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_createDispute")
    take(shop, sent(shop))
    handle_waiting(shop.office, older_than=timedelta(0))
    sweep_disputes(shop.office)
    assert balance(shop) == 0
    with shop.office.work(JOB) as work:
        dispute = work.session.scalars(select(Dispute)).one()
    assert (dispute.payment_id, dispute.status, dispute.amount_minor) == (
        None,
        "needs_response",
        50_000,
    )
    with shop.office.engine.begin() as connection:
        disputes.decide(control.opened(connection), dispute.provider_dispute_id, won=won)
    take(shop, sent(shop))
    handle_waiting(shop.office, older_than=timedelta(0))
    assert balance(shop) == (50_000 if won else 0)
    assert wrong_books(shop.office) == []
    shop.wait(hours=2)
    run = run_reconcile(shop.office)
    assert run.problems == []
    assert {each.difference for each in run.found.differences} <= set(QUIET)
    assert [total.unexplained_minor for total in run.found.totals] == [0]


def test_cards_changed_at_the_gateway_are_taken_over(shop: Shop) -> None:
    first, second = shop.card(), shop.card("pm_card_mastercard")
    take(shop, sent(shop))
    handle_waiting(shop.office, older_than=timedelta(0))
    portal = card_portal(shop.office, shop.admin).removeprefix(ADDRESS)
    shop.pages.post(portal, data={"action": "remove", "card": second.token})
    take(shop, sent(shop))
    handle_waiting(shop.office, older_than=timedelta(0))
    with shop.office.work(JOB) as work:
        cards = cards_of(work, shop.tenant.id)
    assert [(card.id, card.is_default) for card in cards] == [(first.id, True)]


def with_account(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """Another tenant with an account of its own, which is the simulator too."""

    def gateway(settings: Settings, provider: str, **owner: Any) -> Gateway:
        return gateway_of(settings, provider, engine=owner["engine"])

    monkeypatch.setattr(events, "gateway_of", gateway)
    other = a_tenant(shop.office, "SE", "SEK")
    with shop.office.work(JOB) as work:
        kept = {"provider": "stripe", "mode": "test", "sealed": {}, "shown": {}}
        work.session.add(GatewayCredentials(tenant_id=other.id, updated_at=work.now, **kept))
    return other


def test_the_account_of_another_tenant_says_nothing_about_this_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = with_account(shop, monkeypatch)
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    shop.invoice()
    shop.secret_card("pm_card_createDispute")
    run_auto_charge(shop.office)
    for headers, raw in sent(shop):
        receive(shop.office, "stripe", raw, headers, tenant_id=other.id)
    rows = handle_waiting(shop.office, older_than=timedelta(0))
    assert {row.status for row in rows} == {"ignored"}
    assert balance(shop) == 0
    with shop.office.work(JOB) as work:
        assert work.session.scalars(select(Dispute)).all() == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"\xff\xfe", b'"x"', b"null", {"object": "v2.core.event", "id": "evt_1"}],
)
def test_what_is_no_event_is_refused_and_changes_nothing(shop: Shop, body: object) -> None:
    headers, raw = signed(shop, body)
    with pytest.raises(ForgedEvent):
        receive(shop.office, "stripe", raw, headers)
    assert stored(shop) == []


@pytest.mark.parametrize("ago", [301, -301])
def test_stale_and_future_stamps_are_refused(shop: Shop, ago: int) -> None:
    body = {"object": "event", "id": "evt_1", "type": "customer.created", "created": 1}
    headers, raw = signed(shop, body, ago=ago)
    with pytest.raises(ForgedEvent):
        receive(shop.office, "stripe", raw, headers)
    assert stored(shop) == []


@pytest.mark.parametrize("provider", ["stripe", "paystack", "paypal"])
def test_unsigned_events_are_refused(shop: Shop, provider: str) -> None:
    with pytest.raises(ForgedEvent):
        receive(shop.office, provider, b'{"event": "charge.success", "data": {"id": 1}}', {})
    assert stored(shop) == []


def test_unknown_kinds_are_kept_and_put_aside(shop: Shop) -> None:
    body = {
        "object": "event",
        "id": "evt_new",
        "type": "brand.new_kind",
        "created": 1_795_176_000,
        "data": {"object": {"id": "x_1", "object": "brand"}},
    }
    headers, raw = signed(shop, body)
    row = receive(shop.office, "stripe", raw, headers)
    assert handle(shop.office, row.event_id).status == "ignored"
    assert stored(shop)[0].raw == raw


def test_a_crash_before_the_effect_leaves_the_event_waiting(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    take(shop, sent(shop))

    def dies(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(events, "_close", dies)
        with pytest.raises(KeyboardInterrupt):
            handle_waiting(shop.office, older_than=timedelta(0))
    assert balance(shop) == 0
    handle_waiting(shop.office, older_than=timedelta(0))
    assert balance(shop) == 50_000


def test_a_defect_at_one_event_keeps_the_sweep_from_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    body = {"object": "event", "id": "evt_odd", "type": "x", "created": 1_795_176_000}
    take(shop, [signed(shop, body | {"data": {"object": {}}}), *sent(shop)])
    whole = events._handle

    def breaks(office: Office, row: GatewayEvent) -> None:
        if row.event_id == "evt_odd":
            raise ZeroDivisionError
        whole(office, row)

    monkeypatch.setattr(events, "_handle", breaks)
    odd, *others = handle_waiting(shop.office, older_than=timedelta(0))
    assert (odd.status, odd.attempts) == ("waiting", 1)
    assert odd.problem == "ZeroDivisionError in Saldo itself"
    assert {row.status for row in others} <= {"handled", "ignored"}
    assert balance(shop) == 50_000


def test_what_cannot_be_handled_is_tried_again_and_fails_at_last(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    (completed,) = [each for each in sent(shop) if b"checkout.session.completed" in each[1]]
    row = receive(shop.office, "stripe", completed[1], completed[0])

    def refuses(*_given: object) -> None:
        raise NotNow("The gateway sleeps")

    with monkeypatch.context() as closed:
        closed.setitem(events._ABOUT, "checkout", refuses)
        for _ in range(events.MOST_ATTEMPTS):
            failed = handle(shop.office, row.event_id)
    assert (failed.status, failed.problem) == ("failed", "The gateway sleeps")
    boss = acting(shop.office, a_user(shop.office, "super_admin"))
    with shop.office.work(boss) as work:
        replay_event(work, row.event_id, reason=WHY)
    assert handle(shop.office, row.event_id).status == "handled"
    assert balance(shop) == 50_000


def test_only_who_manages_payment_config_replays_and_only_freshly_signed_in(shop: Shop) -> None:
    about = {"object": {"id": "x_1", "object": "brand"}}
    headers, raw = signed(
        shop, {"object": "event", "id": "evt_1", "type": "x.y", "created": 1, "data": about}
    )
    row = receive(shop.office, "stripe", raw, headers)
    finance = acting(shop.office, a_user(shop.office, "sys_finance"))
    with pytest.raises(NotAllowed), shop.office.work(finance) as work:
        replay_event(work, row.event_id, reason=WHY)
    stale = acting(shop.office, a_user(shop.office, "super_admin"), fresh=False)
    with pytest.raises(FreshAuthNeeded), shop.office.work(stale) as work:
        replay_event(work, row.event_id, reason=WHY)


def test_two_accounts_may_number_their_events_alike(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = with_account(shop, monkeypatch)
    page = opened(shop)
    shop.press(page, "pm_card_visa")
    (completed,) = [each for each in sent(shop) if b"checkout.session.completed" in each[1]]
    headers, raw = completed
    owners = (other.id, None, other.id, None)
    taken = [receive(shop.office, "stripe", raw, headers, tenant_id=owner) for owner in owners]
    assert [each.new for each in taken] == [True, True, False, False]
    assert taken[0].event_id == taken[2].event_id != taken[1].event_id == taken[3].event_id
    handle_waiting(shop.office, older_than=timedelta(0))
    assert balance(shop) == 50_000
