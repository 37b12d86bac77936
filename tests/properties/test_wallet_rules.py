"""What pays from a wallet first, and what a refund returns first (WAL.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.wallets.rules import Funds, give_back, take

AMOUNTS = st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("prepaid", "promotional", "amount", "taken"),
    [
        (100, 30, 20, Funds(0, 20)),
        (100, 30, 30, Funds(0, 30)),
        (100, 30, 50, Funds(20, 30)),
        (100, 30, 130, Funds(100, 30)),
        (100, 30, 131, None),
        (0, 30, 30, Funds(0, 30)),
        (-1, 30, 1, None),
    ],
)
def test_promotional_credit_pays_first_and_a_short_wallet_nothing(
    prepaid: int, promotional: int, amount: int, taken: Funds | None
) -> None:
    assert take(Funds(prepaid, promotional), amount) == taken


@pytest.mark.parametrize(
    ("returned", "amount", "back"),
    [
        (Funds(), 1, Funds(1, 0)),
        (Funds(), 20, Funds(20, 0)),
        (Funds(), 25, Funds(20, 5)),
        (Funds(), 50, Funds(20, 30)),
        (Funds(20, 5), 25, Funds(0, 25)),
        (Funds(5, 0), 16, Funds(15, 1)),
    ],
)
def test_prepaid_money_comes_back_first(returned: Funds, amount: int, back: Funds) -> None:
    assert give_back(Funds(20, 30), returned, amount) == back


@pytest.mark.parametrize("amount", [-1, 0, 26])
def test_no_more_comes_back_than_was_taken(amount: int) -> None:
    with pytest.raises(BadInput, match=f"^25 can go back to the wallet, not {amount}$"):
        give_back(Funds(20, 30), Funds(20, 5), amount)


@given(AMOUNTS, AMOUNTS, st.integers(1, 10**6), st.integers(1, 10**6))
def test_what_was_taken_comes_back_in_whatever_parts(
    prepaid: int, promotional: int, amount: int, part: int
) -> None:
    held = Funds(prepaid, promotional)
    taken = take(held, amount)
    if taken is None:
        assert amount > held.total_minor
        return
    left = held + -taken
    assert min(left.prepaid_minor, left.promotional_minor) >= 0
    returned = Funds()
    while returned.total_minor < amount:
        returned += give_back(
            taken, returned, min(max(part, amount // 9), amount - returned.total_minor)
        )
    assert returned == taken
