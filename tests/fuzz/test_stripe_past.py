"""Objects of Stripe that are not as they should be are refused one by one; the rest comes over."""

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import Engine

from bench._stripe_company import Company
from core.gateways.simulator.in_process import ADDRESS
from core.gateways.stripe_history import Seen, StripeHistory
from core.work import Office
from tests.core.backfill.bringing import Account, brought, differing
from tests.core.backfill.conftest import account, company, simulator
from tests.core.gateways.conftest import KEY, Declared
from tests.fuzz.odd import DAYS, NUMBERS, OTHERS, TEXTS

__all__ = ["account", "company", "simulator"]
ODD = (*TEXTS, *DAYS, *NUMBERS, *OTHERS)
SHARE = 0.15
KEPT = ("id", "created", "object")
CLEARING = "clearing of stripe equals what the gateway still holds"
"""Told as it is when a line of Stripe's own ledger is refused, or says another amount."""


class Broken(StripeHistory):
    """An account of which some objects hold an odd value somewhere."""

    chance: random.Random

    def _seen(self, kind: str, of: dict[str, Any]) -> Seen:
        if self.chance.random() < SHARE:
            places = [place for place in _places(of) if place[1] not in KEPT]
            holder, name = self.chance.choice(places)
            holder[name] = deepcopy(self.chance.choice(ODD))
        return super()._seen(kind, of)


def _places(of: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in an object, as what holds it and its name there."""
    names = of.items() if isinstance(of, dict) else enumerate(of) if isinstance(of, list) else ()
    for name, inner in list(names):
        yield of, name
        yield from _places(inner)


@pytest.mark.parametrize("seed", range(3))
def test_odd_objects_are_refused_by_themselves(
    office: Office, account: Account, simulator: Engine, company: Company, seed: int
) -> None:
    account(company)
    history = Broken(KEY, address=ADDRESS, http_client=Declared(simulator))
    history.chance = random.Random(seed)  # noqa: S311 (the same oddities at every run)
    state = brought(office, history)
    assert state.state == "done"
    assert state.refused
    assert all(each.reason for each in state.refused)
    assert differing(office).keys() <= {CLEARING}
