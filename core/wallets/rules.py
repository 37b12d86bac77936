"""What a payment takes from a wallet and what a refund gives back to it; pure (WAL.1)."""

from dataclasses import dataclass

from core.errors import BadInput


@dataclass(frozen=True)
class Funds:
    """Prepaid money and promotional credit, kept apart, in minor units."""

    prepaid_minor: int = 0
    promotional_minor: int = 0

    @property
    def total_minor(self) -> int:
        """Both together."""
        return self.prepaid_minor + self.promotional_minor

    def __add__(self, other: "Funds") -> "Funds":
        return Funds(
            self.prepaid_minor + other.prepaid_minor,
            self.promotional_minor + other.promotional_minor,
        )

    def __neg__(self) -> "Funds":
        return Funds(-self.prepaid_minor, -self.promotional_minor)


def take(held: Funds, amount_minor: int) -> Funds | None:
    """What pays an amount: promotional credit first, then prepaid money.

    None when the wallet is short or its prepaid part is below zero.
    """
    assert amount_minor > 0
    if held.prepaid_minor < 0 or held.total_minor < amount_minor:
        return None
    promotional = min(held.promotional_minor, amount_minor)
    return Funds(amount_minor - promotional, promotional)


def give_back(taken: Funds, returned: Funds, amount_minor: int) -> Funds:
    """What a refund returns of a payment: prepaid money first, as it was taken last.

    `returned` is what went back before. Raises BadInput when more would go back than was taken.
    """
    left = taken + -returned
    if not 0 < amount_minor <= left.total_minor:
        raise BadInput(f"{left.total_minor} can go back to the wallet, not {amount_minor}")
    prepaid = min(left.prepaid_minor, amount_minor)
    return Funds(prepaid, amount_minor - prepaid)
