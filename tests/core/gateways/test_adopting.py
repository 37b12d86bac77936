"""Past card payments become charges of the simulator, once, with what was refunded."""

import pytest
import stripe
from sqlalchemy import Engine, text

from core.gateways.port import GatewayRefused, RefundOrder
from core.gateways.registry import gateway_of
from core.gateways.simulator.adopting import adopt
from core.settings import Settings
from core.work import Office
from tests.billing import a_charge, a_tenant, an_invoice
from tests.core.gateways.declared import departures

REFUND = """
insert into refund (payment_id, tenant_id, currency, amount_minor, status, reason, requested_at,
  settled_at, refunded_on, provider_refund_id)
select id, tenant_id, currency, :amount, cast(:status as text), 'agreed on the phone', created_at,
  created_at, case when cast(:status as text) = 'succeeded' then received_on end, :number
from payment
"""


def adopted(engine: Engine) -> int:
    with engine.begin() as connection:
        return adopt(connection)


def counts(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return [
            connection.scalar(text(f"select count(*) from simulator.{table}")) or 0
            for table in ("charges", "refunds", "balance_transactions")
        ]


def test_a_past_payment_is_refunded_through_the_library(
    office: Office, engine: Engine, client: stripe.StripeClient, settings: Settings
) -> None:
    payment = a_charge(office, an_invoice(office, a_tenant(office), 10_000))
    assert adopted(engine) == 1
    charge = client.v1.charges.retrieve("ch_1", {"expand": ["balance_transaction"]})
    assert (charge.amount, charge.amount_refunded) == (payment.amount_minor, 0)
    assert charge.created == int(payment.captured_at.timestamp())  # type: ignore[union-attr]
    line = charge.balance_transaction
    assert isinstance(line, stripe.BalanceTransaction)
    assert (line.amount, line.fee, line.net) == (
        payment.amount_minor,
        175,
        payment.amount_minor - 175,
    )
    gateway = gateway_of(settings, "stripe", engine=engine)
    order = RefundOrder("refund-1", "ch_1", payment.amount_minor, payment.currency)
    assert gateway.refund(order).status == "succeeded"
    with pytest.raises(GatewayRefused):
        gateway.refund(RefundOrder("refund-2", "ch_1", 1, payment.currency))


def given_back(engine: Engine, amount: int, status: str, number: str | None = None) -> None:
    """A refund of the one payment, as it stands in the operational database."""
    with engine.begin() as connection:
        connection.execute(text(REFUND), {"amount": amount, "status": status, "number": number})


def test_what_was_refunded_before_cannot_be_refunded_again(
    office: Office, engine: Engine, client: stripe.StripeClient
) -> None:
    a_charge(office, an_invoice(office, a_tenant(office), 10_000))
    given_back(engine, 4_000, "succeeded", "re_00000009")
    given_back(engine, 1_000, "pending")
    given_back(engine, 2_000, "failed")
    adopted(engine)
    charge = client.v1.charges.retrieve("ch_1")
    assert (charge.amount_refunded, charge.refunded) == (4_000, False)
    (known,) = client.v1.refunds.list({"charge": "ch_1"}).data
    assert (known.id, known.amount, known.status) == ("re_00000009", 4_000, "succeeded")
    (line,) = client.v1.balance_transactions.list({"type": "refund"}).data
    assert (line.source, line.amount, line.net) == ("re_00000009", -4_000, -4_000)


def test_adopting_again_adds_nothing_and_keeps_what_happened_since(
    office: Office, engine: Engine, client: stripe.StripeClient
) -> None:
    a_charge(office, an_invoice(office, a_tenant(office), 10_000))
    assert adopted(engine) == 1
    client.v1.refunds.create({"charge": "ch_1", "amount": 700})
    before = counts(engine)
    assert adopted(engine) == 0
    assert counts(engine) == before == [1, 1, 2]
    assert client.v1.charges.retrieve("ch_1").amount_refunded == 700


def test_adopted_objects_are_as_the_library_declares_them(
    office: Office, engine: Engine, client: stripe.StripeClient
) -> None:
    a_charge(office, an_invoice(office, a_tenant(office), 10_000))
    given_back(engine, 4_000, "succeeded", "re_00000009")
    adopted(engine)
    for found, kind in (
        (client.v1.charges.retrieve("ch_1"), stripe.Charge),
        (client.v1.refunds.retrieve("re_00000009"), stripe.Refund),
        *((line, stripe.BalanceTransaction) for line in client.v1.balance_transactions.list().data),
    ):
        assert list(departures(found.to_dict(), kind, kind.__name__)) == []


def test_only_card_payments_of_this_gateway_are_adopted(office: Office, engine: Engine) -> None:
    payment = a_charge(office, an_invoice(office, a_tenant(office), 10_000))
    with engine.begin() as connection:
        connection.execute(
            text("update payment set provider = 'paypal' where id = :id"), {"id": payment.id}
        )
    assert adopted(engine) == 0
    assert counts(engine) == [0, 0, 0]
