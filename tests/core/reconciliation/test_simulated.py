"""The whole way by Stripe's own library: charged, paid out, read, compared (REC)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.clock import SetClock
from core.gateways.simulator.control import pay_out_daily, set_clock
from core.reconciliation.models import GatewayLine, GatewayPayout
from core.reconciliation.run import run_reconcile
from core.settings import Settings
from core.work import Office
from tests.billing import JOB
from tests.core.gateways.conftest import a_charge, a_client
from tests.reconciliation import paid


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"gateway_simulator": True})


def _tick(office: Office, **daily: int) -> None:
    with office.engine.begin() as connection:
        set_clock(connection, int(office.clock.now().timestamp()))
        if daily:
            pay_out_daily(connection, daily["at"])


def test_charges_and_their_payout_are_read_and_agree(office: Office, clock: SetClock) -> None:
    _tick(office)
    client = a_client(office.engine)
    for amount in (10_000, 4_000):
        charge = a_charge(client, amount)
        fee = client.v1.balance_transactions.retrieve(str(charge.balance_transaction)).fee
        paid(office, charge.id, amount, fee)
    clock.advance(timedelta(days=3))
    _tick(office, at=int(clock.now().timestamp()) - 3_600)
    client.v1.payouts.list()
    clock.advance(timedelta(minutes=30))
    _tick(office)
    run = run_reconcile(office)
    assert run.problems == []
    with office.work(JOB) as work:
        lines = work.session.scalars(select(GatewayLine).order_by(GatewayLine.id)).all()
        payout = work.session.scalars(select(GatewayPayout)).one()
    assert sorted(line.kind for line in lines) == ["charge", "charge", "payout"]
    assert {line.payout_id for line in lines if line.kind == "charge"} == {payout.payout_id}
    assert [each.difference for each in run.found.differences] == ["in_transit"]
    assert [total.unexplained_minor for total in run.found.totals] == [0]


def test_a_line_that_stripe_no_longer_tells_of_stops_the_reading(
    office: Office, clock: SetClock
) -> None:
    _tick(office)
    charge = a_charge(a_client(office.engine))
    paid(office, charge.id)
    clock.advance(timedelta(hours=1))
    _tick(office)
    assert run_reconcile(office).problems == []
    with office.engine.begin() as connection:
        connection.execute(text("delete from simulator.balance_transactions"))
    clock.advance(timedelta(hours=1))
    (problem,) = run_reconcile(office).problems
    assert problem.startswith("stripe: Stripe left out 1 of the lines it told of before")
