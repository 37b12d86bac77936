"""The auto-charge run: begin, commit, ask the gateway, settle; and the sweep of what hangs (PAY.6).

Nothing is held open while a gateway is asked. Its key is made from the attempt's id, so asking
again after a crash or a time-out gives the answer of the first time, and no card is charged twice.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from core.access.authority import Actor, system
from core.base import is_older
from core.charging.attempts import (
    cancel_attempt,
    due_invoices,
    pay_own_now,
    settle_attempt,
    start_attempt,
    why_not,
)
from core.charging.cards import card_to_charge
from core.charging.models import ChargeAttempt, PaymentMethod
from core.clock import SetClock, start_of_day
from core.errors import BadInput, NotNow, SaldoError
from core.gateways.port import (
    ChargeAnswer,
    ChargeOrder,
    CredentialsMissing,
    Gateway,
    GatewayRefused,
    GatewayUnsure,
)
from core.gateways.registry import gateway_of
from core.invoices.models import Invoice
from core.progress import counted
from core.tenants.models import Tenant
from core.work import Office, Work

JOB = system("auto-charge")
SWEEP_AFTER = timedelta(minutes=5)
"""Age from which a pending attempt is asked for again; younger ones are on their way."""


@dataclass(frozen=True)
class ChargeChange:
    """An invoice the run looked at: charged, declined, pending, or left alone and why."""

    invoice_id: int
    number: str
    tenant_id: int
    currency: str
    amount_minor: int
    outcome: str
    words: str


@dataclass(frozen=True)
class ChargeRun:
    """What a run did, or would do: `charge` stands for a charge that a dry run foresees."""

    as_of: date
    dry_run: bool
    changes: tuple[ChargeChange, ...]

    def as_json(self) -> dict[str, Any]:
        """Counts by outcome, and one entry per invoice."""
        return {
            "as_of": self.as_of,
            "dry_run": self.dry_run,
            "counts": dict(sorted(Counter(change.outcome for change in self.changes).items())),
            "changes": [asdict(change) for change in self.changes],
        }


def run_auto_charge(
    office: Office, as_of: date | None = None, *, dry_run: bool = False, actor: Actor = JOB
) -> ChargeRun:
    """Attempt every invoice due by a day, today unless given, whose turn it is.

    Others are left alone with the reason. Safe to run again and to kill at any point. Needs
    `billing.write`. Raises BadInput for a day to come unless it is a dry run.
    """
    with office.work(actor) as work:
        work.require("billing.write")
        today = work.today
    day = as_of or today
    if day > today:
        if not dry_run:
            raise BadInput(f"{day} has not come; look ahead with a dry run")
        morning = start_of_day(day, office.settings.billing_timezone)
        office = Office(office.engine, SetClock(morning), office.settings)
    with office.work(actor) as work:
        numbers = due_invoices(work, day)
    one = _foresee if dry_run else _charge
    return ChargeRun(
        day, dry_run, tuple(one(office, actor, number) for number in counted(numbers, "Invoices"))
    )


def charge_now(
    office: Office, actor: Actor, invoice_id: int, *, own: bool = False, key: str | None = None
) -> ChargeAttempt:
    """Charge what is owed on an invoice at once, outside the schedule.

    `own` is for an organisation's own people. Raises NotFound, NotNow, CredentialsMissing.
    """
    with office.work(actor) as work:
        if own:
            attempt = pay_own_now(work, invoice_id, key=key)
        else:
            attempt = start_attempt(work, invoice_id, scheduled=False, key=key)
    return carry_out(office, attempt.id)


def carry_out(
    office: Office, attempt_id: int, *, gateway: Gateway | None = None, again: bool = False
) -> ChargeAttempt:
    """Ask the gateway for a pending attempt and write its answer down.

    `again` asks first whether the earlier call went through. An unclear answer leaves it pending.
    """
    with office.work(JOB) as work:
        attempt = work.session.get_one(ChargeAttempt, attempt_id)
        method = work.session.get_one(PaymentMethod, attempt.payment_method_id)
        order = _order(work, attempt, method)
        still_owed = work.session.get_one(Invoice, attempt.invoice_id).due_minor
    if attempt.status != "pending":
        return attempt
    try:
        asked = gateway or gateway_of(
            office.settings, method.provider, engine=office.engine, tenant_id=attempt.tenant_id
        )
        answer = _answer(asked, order, again=again, still_owed=still_owed)
    except GatewayUnsure:
        return attempt
    except CredentialsMissing as problem:
        # Once the gateway was asked, only its own word says whether money moved.
        return attempt if again else _cancelled(office, attempt_id, str(problem))
    if answer is None:
        return _cancelled(office, attempt_id, "Something else is owed by now")
    with office.work(JOB) as work:
        return settle_attempt(work, attempt_id, answer)


def sweep_attempts(office: Office, *, older_than: timedelta = SWEEP_AFTER) -> list[ChargeAttempt]:
    """Finish attempts that a crash or a time-out left pending; one that cannot be asked waits."""
    with office.work(JOB) as work:
        hanging = work.session.scalars(
            select(ChargeAttempt.id)
            .where(
                ChargeAttempt.status == "pending",
                is_older(ChargeAttempt.started_at, work.now, older_than),
            )
            .order_by(ChargeAttempt.id)
        ).all()
    finished = []
    for attempt_id in hanging:
        try:
            finished.append(carry_out(office, attempt_id, again=True))
        except SaldoError:
            continue
    return finished


def order_of(work: Work, attempt: ChargeAttempt) -> ChargeOrder:
    """What the gateway is, or was, asked for an attempt."""
    method = work.session.get_one(PaymentMethod, attempt.payment_method_id)
    return _order(work, attempt, method)


def _order(work: Work, attempt: ChargeAttempt, method: PaymentMethod) -> ChargeOrder:
    invoice = work.session.get_one(Invoice, attempt.invoice_id)
    tenant = work.session.get_one(Tenant, attempt.tenant_id)
    return ChargeOrder(
        attempt.key,
        method.customer,
        method.token,
        attempt.amount_minor,
        attempt.currency,
        f"Invoice {invoice.number}",
        {"invoice": str(invoice.number), "tenant": str(tenant.id)},
        tenant.billing_email or "",
    )


def _answer(
    gateway: Gateway, order: ChargeOrder, *, again: bool, still_owed: int
) -> ChargeAnswer | None:
    """The gateway's answer; None when it never heard of an order that is not wanted any more."""
    if again:
        try:
            known = gateway.find_charge(order)
        except GatewayRefused as problem:
            raise GatewayUnsure(str(problem)) from problem
        if known is not None or still_owed != order.amount_minor:
            return known
    try:
        return gateway.charge(order)
    except GatewayRefused as problem:
        return ChargeAnswer("failed", order.key, failure_code=_code(problem), hard=True)


def _charge(office: Office, actor: Actor, invoice_id: int) -> ChargeChange:
    try:
        with office.work(actor) as work:
            attempt = start_attempt(work, invoice_id)
    except NotNow as refusal:
        return _change(office, invoice_id, "left", str(refusal))
    done = carry_out(office, attempt.id)
    if done.status == "succeeded":
        return _change(office, invoice_id, "charged", "Charged", done)
    if done.status == "failed":
        return _change(office, invoice_id, "declined", str(done.failure_code), done)
    words = "The gateway has not answered clearly; asked again soon"
    outcome = "pending" if done.status == "pending" else "left"
    return _change(office, invoice_id, outcome, words if outcome == "pending" else "", done)


def _foresee(office: Office, actor: Actor, invoice_id: int) -> ChargeChange:
    with office.work(actor) as work:
        invoice = work.session.get_one(Invoice, invoice_id)
        card = card_to_charge(work, invoice.tenant_id)
        refusal = why_not(work, invoice, card)
    if refusal or card is None:
        return _change(office, invoice_id, "left", refusal or "")
    return _change(office, invoice_id, "charge", f"{card.brand} ending in {card.last4}")


def _change(
    office: Office, invoice_id: int, outcome: str, words: str, attempt: ChargeAttempt | None = None
) -> ChargeChange:
    with office.work(JOB) as work:
        invoice = work.session.get_one(Invoice, invoice_id)
    amount = attempt.amount_minor if attempt else invoice.due_minor
    number = invoice.number or ""
    return ChargeChange(
        invoice.id, number, invoice.tenant_id, invoice.currency, amount, outcome, words
    )


def _cancelled(office: Office, attempt_id: int, why: str) -> ChargeAttempt:
    with office.work(JOB) as work:
        return cancel_attempt(work, attempt_id, why)


def _code(problem: GatewayRefused) -> str:
    return f"refused: {problem}"[:200]
