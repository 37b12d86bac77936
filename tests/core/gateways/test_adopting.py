"""Past card payments become charges of the simulator, once, with what was refunded."""

from datetime import UTC, date, datetime

import pytest
import stripe
from sqlalchemy import Engine, text

from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.clock import SetClock
from core.db import platform_connection
from core.gateways.actions import announce_payout
from core.gateways.port import GatewayRefused, RefundOrder
from core.gateways.registry import gateway_of
from core.gateways.simulator.adopting import adopt
from core.gateways.stripe_gateway import StripeGateway
from core.gateways.stripe_wire import OUR_KEY
from core.payments.disputes import Claim, decide_dispute, open_dispute
from core.settings import Settings
from core.work import Office
from tests.billing import JOB, a_charge, a_tenant, an_invoice, pass_days
from tests.core.gateways.declared import departures
from tests.wallets import a_recharge

REFUND = """
insert into refund (payment_id, tenant_id, currency, amount_minor, status, reason, requested_at,
  settled_at, refunded_on, provider_refund_id)
select id, tenant_id, currency, :amount, cast(:status as text), 'agreed on the phone', created_at,
  created_at, case when cast(:status as text) = 'succeeded' then received_on end, :number
from payment
"""


def adopted(engine: Engine) -> int:
    with platform_connection(engine) as connection:
        return adopt(connection)


def counts(engine: Engine) -> list[int]:
    with platform_connection(engine) as connection:
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
    with platform_connection(engine) as connection:
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
    assert known.metadata.to_dict() == {OUR_KEY: "refund-1"}
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
    a_charge(office, an_invoice(office, a_tenant(office), 10_000), provider="paypal")
    assert adopted(engine) == 0
    assert counts(engine) == [0, 0, 0]


EVER = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("won", [True, False, None])
def test_a_past_dispute_is_known_with_its_lines(
    office: Office, engine: Engine, gateway: StripeGateway, *, won: bool | None
) -> None:
    payment = a_charge(office, an_invoice(office, a_tenant(office), 10_000))
    claim = Claim(payment.amount_minor, 2_000, "duplicate", date(2099, 12, 1))
    with office.work(JOB) as work:
        number = open_dispute(work, payment.id, "dp_00000001", claim).id
    if won is not None:
        with office.work(JOB) as work:
            decide_dispute(work, number, won=won)
    adopted(engine)
    assert adopted(engine) == 0
    (seen,) = gateway.disputes(*EVER)
    status = {True: "won", False: "lost", None: "needs_response"}[won]
    assert (seen.dispute_id, seen.provider_payment_id, seen.status, seen.reason) == (
        "dp_00000001",
        "ch_1",
        status,
        "duplicate",
    )
    assert (seen.amount_minor, seen.fee_minor) == (payment.amount_minor, 2_000)
    lines = sorted((line.kind, line.amount_minor) for line in gateway.ledger(*EVER))
    returned = [("dispute_won", payment.amount_minor)] if won else []
    assert lines == [
        ("charge", payment.amount_minor),
        ("dispute", -payment.amount_minor),
        *returned,
    ]


def test_a_dispute_of_the_past_is_decided_at_the_gateway(
    office: Office, engine: Engine, client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    payment = a_charge(office, an_invoice(office, a_tenant(office), 10_000))
    claim = Claim(payment.amount_minor, 2_000, "duplicate", date(2099, 12, 1))
    with office.work(JOB) as work:
        open_dispute(work, payment.id, "dp_00000001", claim)
    adopted(engine)
    assert client.v1.disputes.close("dp_00000001").status == "lost"
    assert gateway.dispute("dp_00000001").status == "lost"


@pytest.mark.parametrize("arrived", [True, False])
def test_a_past_payout_lists_the_lines_that_our_ledger_put_into_it(
    office: Office, engine: Engine, gateway: StripeGateway, clock: SetClock, *, arrived: bool
) -> None:
    payment = a_charge(office, an_invoice(office, a_tenant(office), 10_000))
    pass_days(clock, 3)
    with office.work(JOB) as work:
        made = announce_payout(work, "stripe", "po_stripe_00000001", "EUR", work.today)
    if arrived:
        line = TransferLine("B9", made.amount_minor, payout_id=made.payout_id)
        with office.work(JOB) as work:
            statement = Statement("DE89", "S9", "camt.053", "EUR", (line,), 0, made.amount_minor)
            import_statement(work, statement)
    adopted(engine)
    adopted(engine)
    (seen,) = gateway.payouts(*EVER)
    assert (seen.payout_id, seen.amount_minor, seen.itemised) == (
        made.payout_id,
        made.amount_minor,
        True,
    )
    (found,) = gateway.payout_lines(made.payout_id)
    assert (found.source_id, found.amount_minor, found.fee_minor) == (
        "ch_1",
        payment.amount_minor,
        175,
    )
    kinds = sorted((line.kind, line.amount_minor) for line in gateway.ledger(*EVER))
    assert kinds == [("charge", payment.amount_minor), ("payout", -made.amount_minor)]
    with platform_connection(engine) as connection:
        waits = connection.scalar(text("select due_at from simulator.payouts"))
    assert (seen.status == "paid", waits is None) == (arrived, arrived)


def test_a_recharge_of_the_past_is_a_charge_with_its_reference(
    office: Office, engine: Engine, client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    a_recharge(office, a_tenant(office), 5_000, "saas_recharge_7_1_ab")
    assert (adopted(engine), adopted(engine)) == (1, 0)
    (line,) = gateway.ledger(*EVER)
    assert (line.kind, line.amount_minor, line.source_id) == (
        "charge",
        5_000,
        "saas_recharge_7_1_ab",
    )
    expanded = client.v1.balance_transactions.list({"expand": ["data.source"]}).data[0]
    assert isinstance(expanded.source, stripe.Charge)
    assert expanded.source.metadata.to_dict() == {OUR_KEY: "saas_recharge_7_1_ab"}
