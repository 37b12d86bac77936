"""The soak lives its days and finds what is broken on purpose."""

import pytest

import worker
from bench._truths import breaks
from bench.soak import live
from core.charging.run import run_auto_charge
from core.work import Office
from tests.faults.conftest import House


def quiet(_words: str) -> None:
    """Nobody reads it."""


def test_days_with_every_fault_leave_nothing_broken(office: Office, database_url: str) -> None:
    told = live(office, database_url, 7, 3, quiet)
    assert told["detail"]["broken"] == []
    assert told["breaks"] == 0
    assert told["detail"]["injected"]["killed"] > 0
    assert told["detail"]["did"]["signed_up"] >= 8


def test_a_worker_that_does_not_sweep_is_found(
    office: Office, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(worker.DOES, "sweep", lambda _: {})
    monkeypatch.setattr("bench.soak.SETTLES_WITHIN", 1)
    monkeypatch.setattr("bench.soak.handle", lambda *_: None)
    assert live(office, database_url, 1, 3, quiet)["breaks"] > 0


_CHARGE_TWICE = """
insert into simulator.charges (id, created, body)
select 'ch_2', created, body || '{"id": "ch_2"}' from simulator.charges
"""
_REFUND = """
insert into simulator.refunds (id, created, body)
values ('re_1', 1, '{"id": "re_1", "amount": 100, "status": "succeeded"}')
"""
_DISPUTE = """
insert into simulator.disputes (id, created, body) values ('dp_1', 1, '{"id": "dp_1"}')
"""


@pytest.mark.parametrize(
    ("tampering", "truth"),
    [
        (_CHARGE_TWICE, "what the gateway took stands in the books once"),
        ("delete from simulator.charges", "the gateway took what the books say"),
        (_REFUND, "what the gateway paid back stands in the books once"),
        (_DISPUTE, "a dispute stands in the books as the gateway has it"),
    ],
)
def test_money_that_only_one_side_knows_is_found(house: House, tampering: str, truth: str) -> None:
    house.subscribed(house.with_card())
    run_auto_charge(house.shop.office)
    assert breaks(house.shop.office) == []
    with house.shop.office.engine.begin() as connection:
        connection.exec_driver_sql(tampering)
    assert truth in [found.split(":")[0] for found in breaks(house.shop.office)]
