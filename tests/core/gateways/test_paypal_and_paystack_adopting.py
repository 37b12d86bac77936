"""Past payments by Paystack and PayPal become known to their simulators, once (PAY.3)."""

from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from sqlalchemy import Engine, text

from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.db import platform_connection
from core.gateways.actions import announce_payout
from core.gateways.paypal import PayPalGateway
from core.gateways.paystack import PaystackGateway
from core.gateways.port import Gateway, GatewayRefused, RefundOrder
from core.gateways.simulator import paypal_money, paystack_money
from core.gateways.simulator.paypal import PayPalSimulator
from core.gateways.simulator.paystack import PaystackSimulator
from core.gateways.simulator.sibling_adopting import adopt
from core.payments.actions import Charge, record_charges
from core.payments.disputes import Claim, decide_dispute, open_dispute
from core.payments.models import Payment
from core.work import Office
from tests.billing import JOB, a_tenant, an_invoice

TODAY = datetime(2026, 11, 20, tzinfo=UTC)
WINDOW = (TODAY - timedelta(days=1), TODAY + timedelta(days=20))
REFUND = """
insert into refund (payment_id, tenant_id, currency, amount_minor, status, reason, requested_at,
  settled_at, refunded_on, provider_refund_id)
select id, tenant_id, currency, :amount, 'succeeded', 'agreed on the phone', created_at,
  created_at, received_on, 're_1'
from payment
"""
PLACES = [("paystack", "NG", "NGN"), ("paypal", "DE", "EUR")]
both = pytest.mark.parametrize(("provider", "country", "currency"), PLACES)


def gateway_of(provider: str, engine: Engine) -> Gateway:
    if provider == "paystack":
        carried = httpx.WSGITransport(app=PaystackSimulator(engine))
        return PaystackGateway(
            paystack_money.KEY, address=paystack_money.ADDRESS, transport=carried
        )
    return PayPalGateway(
        paypal_money.CLIENT_ID,
        paypal_money.KEY,
        address=paypal_money.ADDRESS,
        transport=httpx.WSGITransport(app=PayPalSimulator(engine)),
    )


def a_payment(office: Office, provider: str, country: str, currency: str) -> Payment:
    """10 000 and its tax, less a fee of 175."""
    invoice = an_invoice(office, a_tenant(office, country, currency), 10_000)
    with office.work(JOB) as work:
        charge = Charge(invoice.id, provider, "paid_1", invoice.total_minor, 175)
        return record_charges(work, (charge,))[0]


def adopted(engine: Engine) -> int:
    with platform_connection(engine) as connection:
        return adopt(connection)


@both
def test_a_past_payment_is_refunded_as_far_as_it_was_not(
    office: Office, engine: Engine, provider: str, country: str, currency: str
) -> None:
    payment = a_payment(office, provider, country, currency)
    with platform_connection(engine) as connection:
        connection.execute(text(REFUND), {"amount": 4_000})
    assert adopted(engine) == 1
    gateway, left = gateway_of(provider, engine), payment.amount_minor - 4_000
    with pytest.raises(GatewayRefused, match="left"):
        gateway.refund(RefundOrder("refund-8", "paid_1", left + 1, currency))
    assert gateway.refund(RefundOrder("refund-9", "paid_1", left, currency)).status != "failed"


@both
def test_the_past_is_the_providers_ledger_too(
    office: Office, engine: Engine, provider: str, country: str, currency: str
) -> None:
    payment = a_payment(office, provider, country, currency)
    with office.work(JOB) as work:
        announced = announce_payout(work, provider, "po_1", currency, date(2026, 12, 1))
    assert announced.amount_minor == payment.amount_minor - 175
    line = TransferLine("B1", announced.amount_minor, payout_id="po_1")
    total = announced.amount_minor
    with office.work(JOB) as work:
        import_statement(work, Statement("DE89", "S-1", "camt.053", currency, (line,), 0, total))
    assert adopted(engine) == 1
    lines = list(gateway_of(provider, engine).ledger(*WINDOW))
    charge = next(line for line in lines if line.kind == "charge")
    assert (charge.amount_minor, charge.fee_minor) == (payment.amount_minor, 175)
    assert charge.source_id == "paid_1"
    payouts = [(line.payout_id, line.amount_minor) for line in lines if line.kind == "payout"]
    assert payouts == [("po_1", -announced.amount_minor)]


@pytest.mark.parametrize(
    ("won", "net"), [pytest.param(True, -2_000, id="won"), pytest.param(False, -7_000, id="lost")]
)
def test_a_past_dispute_moved_its_money(
    office: Office, engine: Engine, won: bool, net: int
) -> None:
    payment = a_payment(office, "paypal", "DE", "EUR")
    with office.work(JOB) as work:
        claim = Claim(5_000, 2_000, "fraudulent", date(2026, 12, 1))
        dispute = open_dispute(work, payment.id, "PP-D-9", claim)
    with office.work(JOB) as work:
        decide_dispute(work, dispute.id, won=won)
    adopted(engine)
    gateway = gateway_of("paypal", engine)
    seen = gateway.dispute("PP-D-9")
    assert (seen.status, seen.amount_minor) == ("won" if won else "lost", 5_000)
    assert (seen.fee_minor, seen.provider_payment_id) == (2_000, "paid_1")
    lines = [line for line in gateway.ledger(*WINDOW) if line.kind.startswith("dispute")]
    assert sum(line.amount_minor - line.fee_minor for line in lines) == net


@both
def test_what_is_known_already_stays_as_it_is(
    office: Office, engine: Engine, provider: str, country: str, currency: str
) -> None:
    a_payment(office, provider, country, currency)
    adopted(engine)
    gateway = gateway_of(provider, engine)
    gateway.refund(RefundOrder("refund-9", "paid_1", 4_000, currency))
    before = list(gateway.ledger(*WINDOW))
    adopted(engine)
    assert list(gateway.ledger(*WINDOW)) == before
