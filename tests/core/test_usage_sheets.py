"""Usage prices as a page takes and shows them: typed in units, told in words."""

from decimal import Decimal

import pytest

from core.errors import SaldoError
from core.usage.pricing import Pricing, Tier
from core.usage.sheets import TypedTier, examples, pricing_words, typed_pricing
from core.usage.wording import meter_words

TIERED = (TypedTier("1 000", "0,05", "2"), TypedTier("", "0.0125"))


def test_what_is_typed_in_units_is_kept_in_minor_units() -> None:
    typed = typed_pricing("graduated", "EUR", TIERED, included="100", minimum="4.50")
    assert typed == Pricing(
        "graduated",
        (Tier(Decimal(1000), Decimal(5), 200), Tier(None, Decimal("1.25"))),
        Decimal(100),
        None,
        450,
    )
    yen = typed_pricing("package", "JPY", (TypedTier("", "12"),), package_size="1000")
    assert (yen.tiers[0].unit_minor, yen.package_size) == (Decimal(12), Decimal(1000))


def test_examples_say_what_quantities_cost() -> None:
    # 100 cost nothing (included); of 1,000 the 900 above cost 0.05 each and 2.00 once: 47.00;
    # of 10,000 all 1,000 of the first tier 52.00 and 8,900 at 0.0125: 111.25, in all 163.25.
    costs = examples(typed_pricing("graduated", "EUR", TIERED, included="100"))
    assert costs[:3] == [(Decimal(100), 0), (Decimal(1_000), 4_700), (Decimal(10_000), 16_325)]


@pytest.mark.parametrize(
    ("model", "tiers", "more", "told"),
    [
        ("per_unit", (TypedTier("", ""),), {}, "Tier 1 has no price"),
        ("per_unit", (TypedTier("", "cheap"),), {}, "tier 1: 'cheap' is not a number"),
        ("graduated", (TypedTier("", "1"), TypedTier("", "1")), {}, "Tier 1 ends above 0"),
        ("graduated", (TypedTier("many", "1"), TypedTier("", "1")), {}, "end of tier 1"),
        ("per_unit", (TypedTier("", "1", "0.001"),), {}, "more decimals"),
        ("per_unit", (TypedTier("", "1"),), {"included": "x"}, "included quantity"),
        ("package", (TypedTier("", "1"),), {}, "package size"),
        ("per_unit", (TypedTier("", "-1"),), {}, "not negative"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    model: str, tiers: tuple[TypedTier, ...], more: dict[str, str], told: str
) -> None:
    with pytest.raises(SaldoError, match=told):
        typed_pricing(model, "EUR", tiers, **more)


def test_prices_are_told_in_words() -> None:
    assert (
        pricing_words(typed_pricing("graduated", "EUR", TIERED), "EUR")
        == "0.05 and 2.00 once up to 1,000, then 0.0125"
    )
    package = typed_pricing("package", "EUR", (TypedTier("", "12"),), package_size="1000")
    assert pricing_words(package, "EUR") == "12 per 1,000"


@pytest.mark.parametrize(
    ("meter", "told"),
    [
        ("api_calls", "API calls"),
        ("max_shipments", "Shipments"),
        ("storage_gb", "Storage GB"),
        ("labels_printed", "Labels printed"),
    ],
)
def test_a_meter_has_a_name_people_say(meter: str, told: str) -> None:
    assert meter_words(meter) == told
