"""Card payments: charges, declines and retries, refunds, disputes, payouts."""

from datetime import timedelta

from core.errors import NotNow
from core.gateways.actions import announce_payout
from core.money import round_half_up
from core.payments.actions import Charge, record_charges
from core.payments.disputes import Claim, decide_dispute, open_dispute
from core.payments.models import Payment
from core.refunds.actions import Ask, request_refund, settle_refund
from demo.calendar import DAY, banking_day
from demo.market import DECLINE_PER_MILLE
from demo.staff import FINANCE
from demo.world import Bill, World

FEE_BP = {"stripe": 150, "paypal": 290, "paystack": 150}
FEE_FIXED = {"SEK": 180, "EUR": 25, "USD": 30, "NGN": 10_000}
DISPUTE_FEE = {"SEK": 20_000, "EUR": 2_000, "USD": 2_000, "NGN": 500_000}
RETRY_AFTER = (3, 3, 4)
"""Days between one scheduled attempt and the next."""
SOFT = ("insufficient_funds", "insufficient_funds", "processing_error", "do_not_honor")
HARD = ("expired_card", "stolen_card", "authentication_required")
REFUND_PER_MILLE = 20
DISPUTE_PER_MILLE = 6
REFUND_REASONS = (
    "Charged twice for the same month, agreed on the phone",
    "The service was down for two days, agreed refund",
    "The customer upgraded by mistake and asked at once",
    "Goodwill after a wrong invoice address delayed the start",
)


def charge(world: World, bill: Bill, attempt: int = 1, *, new_card: bool = False) -> None:
    """Try the card of a bill that is still open; the day's answers are recorded together."""
    customer = world.customers[bill.tenant_id]
    amount = world.open_minor.get(bill.invoice_id, 0)
    if not amount or customer.state == "gone":
        return
    base = DECLINE_PER_MILLE[customer.profile.country]
    if world.chance(30 if new_card else base if attempt == 1 else 420):
        code = _decline(world, bill, attempt)
        number = world.serial("ch_failed_")
        answer = Charge(
            bill.invoice_id,
            customer.profile.provider,
            number,
            amount,
            failure_code=code,
            scheduled=not new_card,
        )
    else:
        provider = customer.profile.provider
        number = world.serial({"stripe": "ch_", "paypal": "PAY-", "paystack": "psk_"}[provider])
        fee = round_half_up(amount * FEE_BP[provider], 10_000) + FEE_FIXED[bill.currency]
        answer = Charge(bill.invoice_id, provider, number, amount, min(fee, amount))
    world.charges.append(answer)


def record(world: World) -> None:
    """Record what the gateways answered today."""
    if not world.charges:
        return
    charges = tuple(world.charges)
    world.charges.clear()
    for payment in world.desk.job("auto-charge", lambda work: record_charges(work, charges)):
        if payment.status == "captured" and payment.invoice_id is not None:
            world.settle(payment.invoice_id, payment.amount_minor)
            world.will_pay_out(payment.provider, payment.currency)
            _aftermath(world, payment)


def payouts(world: World) -> None:
    """Each Monday the gateways pay out what is available; it reaches the bank two days later."""
    if world.today.weekday() != 0:
        return
    for (provider, currency), complete_on in sorted(world.to_pay_out.items()):
        number = f"po_{provider}_{currency.lower()}_{world.today:%G-w%V}"
        try:
            made = world.desk.job(
                "gateways",
                lambda work, p=provider, c=currency, n=number: (  # type: ignore[misc]
                    announce_payout(work, p, n, c, work.today)
                ),
            )
        except NotNow:
            continue
        if complete_on <= world.today:
            del world.to_pay_out[provider, currency]
        world.payouts_due[banking_day(world.today + 2 * DAY)].append(made)


def _decline(world: World, bill: Bill, attempt: int) -> str:
    """The code of a decline; plans the next attempt, after a hard one only with a new card."""
    customer = world.customers[bill.tenant_id]
    hard = attempt == 1 and world.chance(300)
    if bill.subscription_id is not None and customer.state == "paying":
        customer.state = "behind"
    if not hard and attempt <= len(RETRY_AFTER):
        day = world.today + timedelta(days=RETRY_AFTER[attempt - 1])
        world.later(day, lambda: charge(world, bill, attempt + 1))
    elif hard and world.chance(800):
        day = world.today + timedelta(days=world.rng.randint(1, 20))
        world.later(day, lambda: charge(world, bill, attempt + 1, new_card=True))
    return world.rng.choice(HARD if hard else SOFT)


def _aftermath(world: World, payment: Payment) -> None:
    """A few payments are refunded, fewer disputed."""
    if world.chance(REFUND_PER_MILLE):
        day = world.today + timedelta(days=world.rng.randint(3, 20))
        world.errand(day, lambda: _refund(world, payment))
    elif payment.provider != "paystack" and world.chance(DISPUTE_PER_MILLE):
        day = world.today + timedelta(days=world.rng.randint(6, 40))
        world.later(day, lambda: _dispute(world, payment))


def _refund(world: World, payment: Payment) -> None:
    whole = world.chance(400)
    share = world.rng.choice((20, 25, 50))
    amount = payment.amount_minor if whole else round_half_up(payment.amount_minor * share, 100)
    why = world.rng.choice(REFUND_REASONS)
    refund = world.desk.person(
        FINANCE, lambda work: request_refund(work, Ask(payment.id, amount), reason=why)
    )
    number = world.serial("re_")
    world.desk.job("gateways", lambda work: settle_refund(work, refund.id, number))


def _dispute(world: World, payment: Payment) -> None:
    number = world.serial("dp_")
    cause = world.rng.choice(("fraudulent", "subscription_canceled", "duplicate"))
    claim = Claim(payment.amount_minor, DISPUTE_FEE[payment.currency], cause, world.today + 9 * DAY)
    dispute = world.desk.job("gateways", lambda work: open_dispute(work, payment.id, number, claim))
    won = world.chance(450)
    day = world.today + timedelta(days=world.rng.randint(25, 60))
    world.later(day, lambda: _decide(world, dispute.id, won=won))


def _decide(world: World, dispute_id: int, *, won: bool) -> None:
    world.desk.job("gateways", lambda work: decide_dispute(work, dispute_id, won=won))
