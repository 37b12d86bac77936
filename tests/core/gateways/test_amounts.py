"""Our minor units and Stripe's: the same but for a few currencies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.gateways.port import GatewayRefused
from core.gateways.stripe_wire import from_stripe, to_stripe


@pytest.mark.parametrize(
    ("currency", "minor", "wire"),
    [
        pytest.param("EUR", 1_050, 1_050, id="10.50 euros are 1050"),
        pytest.param("JPY", 500, 500, id="500 yen are 500"),
        pytest.param("ISK", 500, 50_000, id="500 crowns without decimals are 50000"),
        pytest.param("UGX", 500, 50_000, id="500 shillings without decimals are 50000"),
        pytest.param("MGA", 50_000, 500, id="500.00 ariary are 500"),
        pytest.param("KWD", 5_120, 5_120, id="5.120 dinars are 5120"),
    ],
)
def test_an_amount_crosses_and_comes_back(currency: str, minor: int, wire: int) -> None:
    assert to_stripe(minor, currency) == wire
    assert from_stripe(wire, currency) == minor


@pytest.mark.parametrize(("currency", "minor"), [("KWD", 5_121), ("MGA", 50_001)])
def test_an_amount_too_fine_for_stripe_is_refused(currency: str, minor: int) -> None:
    with pytest.raises(GatewayRefused, match="no amount as fine"):
        to_stripe(minor, currency)


@given(minor=st.integers(1, 10**9), currency=st.sampled_from(["EUR", "JPY", "ISK", "UGX", "SEK"]))
def test_no_amount_changes_on_its_way(minor: int, currency: str) -> None:
    assert from_stripe(to_stripe(minor, currency), currency) == minor
