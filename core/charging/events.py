"""Events of the gateways: verified, stored, then handled once, in any order (PAY.4).

An event is only a hint. What became of a charge, a refund, a page or a dispute is asked of the
gateway and written down by the same actions that the runs use, which a repetition does not move;
so duplicates, a wrong order and a restart between any two steps end the same. The event counts as
handled in the transaction that writes the effect.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.access.authority import system
from core.actions import action
from core.base import id_of
from core.charging.attempts import settle_attempt
from core.charging.cards import take_over_cards
from core.charging.claims import take_over_dispute
from core.charging.models import ChargeAttempt, GatewayCustomer, HostedPage, PaymentMethod
from core.charging.pages import settle_page
from core.charging.run import order_of
from core.clock import CLOCKS_DIFFER
from core.errors import NotFound, NotNow, SaldoError
from core.gateways import port
from core.gateways.credentials import has_own_keys
from core.gateways.models import GatewayEvent
from core.gateways.port import ForgedEvent, Gateway, News
from core.gateways.registry import gateway_of
from core.jobs.deferring import defer
from core.payments.models import Payment
from core.refunds.models import Refund
from core.refunds.run import order_of_refund, take_answer
from core.work import Office, Work

log = structlog.get_logger()
SYSTEM = system("gateway events")
JOB = "gateway-event"
MOST_ATTEMPTS = 10
LONGEST_PROBLEM = 500
WAITS = timedelta(minutes=1)
"""Age from which the sweep takes up an event that nobody handled."""


@dataclass(frozen=True)
class Received:
    """An event that was stored; `new` is false for one that was known already."""

    event_id: int
    new: bool


@action("gateway.event.received", needs=None, system=True)
def store_event(
    work: Work, provider: str, event: port.GatewayEvent, raw: bytes, tenant_id: int | None
) -> Received:
    """Keep a verified event as it came, once however often its account sends it, and queue it."""
    row_id = work.session.scalar(
        insert(GatewayEvent)
        .values(
            provider=provider,
            event_id=event.event_id,
            tenant_id=tenant_id,
            kind=event.kind,
            raw=raw,
            status="waiting",
            sent_at=event.created_at,
            received_at=work.now,
        )
        .on_conflict_do_nothing()
        .returning(GatewayEvent.id)
    )
    work.tell(tenant_id=tenant_id, provider=provider, event=event.event_id, kind=event.kind)
    if row_id is not None:
        return Received(row_id, new=True)
    known = work.session.scalar(
        select(GatewayEvent.id).where(
            GatewayEvent.provider == provider,
            GatewayEvent.tenant_id.is_not_distinct_from(tenant_id),
            GatewayEvent.event_id == event.event_id,
        )
    )
    assert known is not None
    work.tell(already_known=True)
    return Received(known, new=False)


@action("gateway.event.replayed", needs="payment_config.manage", fresh=True)
def replay_event(work: Work, event_row_id: int, *, reason: str) -> GatewayEvent:
    """Have a stored event handled again. Raises NotFound, NotNow while it waits."""
    row = work.session.get(GatewayEvent, event_row_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no event {event_row_id}")
    if row.status == "waiting":
        raise NotNow("The event waits to be handled already")
    row.status, row.handled_at, row.attempts = "waiting", None, 0
    row.outcome = row.problem = None
    work.tell(tenant_id=row.tenant_id, event=row.event_id, kind=row.kind, provider=row.provider)
    work.session.flush()
    return row


@action("gateway.event.put_aside", needs=None, system=True)
def put_aside(work: Work, event_row_id: int, outcome: str) -> GatewayEvent:
    """An event that concerns nothing here, or whose effect stood already."""
    row = work.session.get_one(GatewayEvent, event_row_id, with_for_update=True)
    work.tell(tenant_id=row.tenant_id, event=row.event_id, kind=row.kind, outcome=outcome)
    _close(work, row, "ignored", outcome)
    return row


def receive(
    office: Office,
    provider: str,
    raw: bytes,
    headers: Mapping[str, str],
    *,
    tenant_id: int | None = None,
) -> Received:
    """Verify a webhook's body and store it; header names in lower case.

    Raises ForgedEvent, also at the address of a tenant without an account of its own; GatewayUnsure
    or CredentialsMissing when it cannot be verified now.
    """
    if tenant_id is not None:
        with office.work(SYSTEM) as work:
            if not has_own_keys(work.session, provider, tenant_id):
                raise ForgedEvent(f"The organisation {tenant_id} has no account of its own there")
    gateway = gateway_of(office.settings, provider, engine=office.engine, tenant_id=tenant_id)
    event = gateway.read_event(raw, headers, office.clock.now())
    with office.work(SYSTEM) as work:
        received = store_event(work, provider, event, raw, tenant_id)
        if received.new:
            defer(work, JOB, event_id=received.event_id)
    return received


def handle(office: Office, event_row_id: int) -> GatewayEvent:
    """Do what a waiting event is about; a failure leaves it waiting, at last `failed`."""
    with office.work(SYSTEM) as work:
        row = work.session.get_one(GatewayEvent, event_row_id)
    if row.status != "waiting":
        return row
    try:
        _handle(office, row)
    except SaldoError as problem:
        with office.work(SYSTEM) as work:
            _note_problem(work, event_row_id, str(problem))
    with office.work(SYSTEM) as work:
        return work.session.get_one(GatewayEvent, event_row_id)


def handle_waiting(office: Office, *, older_than: timedelta = WAITS) -> list[GatewayEvent]:
    """Handle what was stored and not handled, the oldest first; each once."""
    with office.work(SYSTEM) as work:
        now = work.now
        waiting = work.session.scalars(
            select(GatewayEvent).where(GatewayEvent.status == "waiting").order_by(GatewayEvent.id)
        ).all()
    return [
        _swept(office, row)
        for row in waiting
        if row.received_at <= now - older_than * 2**row.attempts
        or row.received_at > now + CLOCKS_DIFFER
    ]


def _swept(office: Office, row: GatewayEvent) -> GatewayEvent:
    """Handle one; a defect of ours counts as a failure and keeps nobody from those after it."""
    try:
        return handle(office, row.id)
    except Exception as defect:
        log.exception("gateway_event_not_handled", row=row.id, kind=row.kind)
        with office.work(SYSTEM) as work:
            return _note_problem(work, row.id, f"{type(defect).__name__} in Saldo itself")


def _handle(office: Office, row: GatewayEvent) -> None:
    gateway = gateway_of(
        office.settings, row.provider, engine=office.engine, tenant_id=row.tenant_id
    )
    news = gateway.news_of(json.loads(row.raw))
    act = _ABOUT.get(news.about) if news is not None else None
    if news is None or act is None:
        outcome = "Nothing here follows from it" if news is None else "Read by reconciliation"
        with office.work(SYSTEM) as work:
            put_aside(work, row.id, outcome)
        return
    if not act(office, gateway, row, news):
        with office.work(SYSTEM) as work:
            put_aside(work, row.id, f"The {news.about} {news.object_id} is none of ours")


def _checkout(office: Office, gateway: Gateway, row: GatewayEvent, news: News) -> bool:
    with office.work(SYSTEM) as work:
        page = work.session.scalar(
            select(HostedPage).where(
                HostedPage.provider == row.provider,
                (HostedPage.checkout_id == news.object_id) | (HostedPage.reference == news.key),
            )
        )
    if page is None or not _of_its_account(row, page.tenant_id):
        return False
    outcome = gateway.checkout_outcome(page.checkout_id or news.object_id)
    with office.work(SYSTEM) as work:
        settled = settle_page(work, page.id, outcome)
        _handled(work, row, f"The page {page.reference} is {settled.status}")
    return True


def _charge(office: Office, gateway: Gateway, row: GatewayEvent, news: News) -> bool:
    number = _number(news.key, "attempt-")
    if number is None:
        return _checkout(office, gateway, row, news) if news.key else False
    with office.work(SYSTEM) as work:
        attempt = work.session.get(ChargeAttempt, number)
        order = order_of(work, attempt) if attempt else None
    if attempt is None or order is None or not _of_its_account(row, attempt.tenant_id):
        return False
    answer = gateway.find_charge(order)
    if answer is None:
        raise NotNow(f"The gateway does not know the attempt {attempt.key} yet")
    with office.work(SYSTEM) as work:
        settled = settle_attempt(work, attempt.id, answer)
        _handled(work, row, f"The attempt {attempt.key} is {settled.status}")
    return True


def _refund(office: Office, gateway: Gateway, row: GatewayEvent, news: News) -> bool:
    with office.work(SYSTEM) as work:
        concerned = [
            (refund, payment)
            for refund, payment in _refunds_meant(work, news)
            if payment.provider == row.provider and _of_its_account(row, refund.tenant_id)
        ]
    if not concerned:
        return False
    asked = [
        (refund.id, gateway.find_refund(order_of_refund(refund, payment)))
        for refund, payment in concerned
    ]
    known = [(refund_id, answer) for refund_id, answer in asked if answer is not None]
    if not known:
        raise NotNow(f"The gateway does not know the refund refund-{asked[0][0]} yet")
    for place, (refund_id, answer) in enumerate(known, start=1):
        with office.work(SYSTEM) as work:
            take_answer(work, refund_id, answer)
            if place == len(known):
                _handled(work, row, f"Refund {refund_id}: {answer.status}")
    return True


def _refunds_meant(work: Work, news: News) -> list[tuple[Refund, Payment]]:
    """The refund that an event names; all of its payment when it names the payment alone."""
    found = select(Refund, Payment).join(Payment, Payment.id == Refund.payment_id)
    if news.object_id == news.payment_id:
        meant = Payment.provider_payment_id == news.payment_id
    else:
        meant = Refund.provider_refund_id == news.object_id
    number = _number(news.key, "refund-")
    chosen = found.where(meant if number is None else Refund.id == number).order_by(Refund.id)
    return [(refund, payment) for refund, payment in work.session.execute(chosen)]


def _dispute(office: Office, gateway: Gateway, row: GatewayEvent, news: News) -> bool:
    seen = gateway.dispute(news.object_id)
    done = take_over_dispute(
        office, row.provider, seen, row.tenant_id, lambda work, told: _handled(work, row, told)
    )
    return done is not None


def _card(office: Office, gateway: Gateway, row: GatewayEvent, news: News) -> bool:
    """Cards were left, chosen or taken away at the gateway: take over those it keeps now."""
    with office.work(SYSTEM) as work:
        customer = news.customer or work.session.scalar(
            select(PaymentMethod.customer).where(
                PaymentMethod.provider == row.provider, PaymentMethod.token == news.object_id
            )
        )
        tenant_id = work.session.scalar(
            select(GatewayCustomer.tenant_id).where(
                GatewayCustomer.provider == row.provider, GatewayCustomer.customer == customer
            )
        )
    if customer is None or tenant_id is None or not _of_its_account(row, tenant_id):
        return False
    found = gateway.cards(customer)
    with office.work(SYSTEM) as work:
        take_over_cards(work, tenant_id, row.provider, customer, found)
        _handled(work, row, "1 card is kept" if len(found) == 1 else f"{len(found)} cards are kept")
    return True


_ABOUT: dict[str, Callable[[Office, Gateway, GatewayEvent, News], bool]] = {
    "checkout": _checkout,
    "charge": _charge,
    "refund": _refund,
    "dispute": _dispute,
    "card": _card,
}


def _number(key: str | None, prefix: str) -> int | None:
    return id_of(key.removeprefix(prefix)) if key and key.startswith(prefix) else None


def _of_its_account(row: GatewayEvent, tenant_id: int) -> bool:
    """Whether an event may speak about a tenant: it came from its own account or the company's."""
    return row.tenant_id in (None, tenant_id)


def _handled(work: Work, row: GatewayEvent, outcome: str) -> None:
    kept = work.session.get_one(GatewayEvent, row.id, with_for_update=True)
    _close(work, kept, "handled", outcome)


def _close(work: Work, row: GatewayEvent, status: str, outcome: str) -> None:
    if row.status == "waiting":
        row.status, row.handled_at = status, work.now
        row.outcome, row.problem = outcome, None
    work.session.flush()


def _note_problem(work: Work, event_row_id: int, problem: str) -> GatewayEvent:
    row = work.session.get_one(GatewayEvent, event_row_id, with_for_update=True)
    if row.status == "waiting":
        row.attempts += 1
        row.problem = problem[:LONGEST_PROBLEM]
        if row.attempts >= MOST_ATTEMPTS:
            row.status, row.handled_at = "failed", work.now
    return row
