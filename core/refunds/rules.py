"""What of a payment can go back, and over which invoices; pure (REF.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.money import units_text


@dataclass(frozen=True)
class Held:
    """What a payment put on an invoice and did not give back, in minor units.

    `creditable_minor` is what a credit note could still give back of the invoice.
    """

    invoice_id: int
    applied_minor: int
    creditable_minor: int

    @property
    def notable_minor(self) -> int:
        """What can go back with a credit note."""
        return max(min(self.applied_minor, self.creditable_minor), 0)


@dataclass(frozen=True)
class Part:
    """The share of a refund that concerns an invoice, in minor units."""

    invoice_id: int
    amount_minor: int


def parts_with_note(held: Sequence[Held], amount_minor: int, currency: str) -> list[Part]:
    """A refund over invoices in their order, each with a credit note. Raises BadInput."""
    return _over([(each.invoice_id, each.notable_minor) for each in held], amount_minor, currency)


def parts_reopened(held: Sequence[Held], amount_minor: int, currency: str) -> list[Part]:
    """A refund over invoices in their order, each owed again. Raises BadInput."""
    return _over([(each.invoice_id, each.applied_minor) for each in held], amount_minor, currency)


def check_room(room_minor: int, amount_minor: int, currency: str) -> None:
    """Raise BadInput unless the amount is above zero and within what can be refunded."""
    if not 0 < amount_minor <= room_minor:
        raise BadInput(
            f"{units_text(room_minor, currency)} {currency} can be refunded, "
            f"not {units_text(amount_minor, currency)}"
        )


def _over(rooms: Sequence[tuple[int, int]], amount_minor: int, currency: str) -> list[Part]:
    check_room(sum(each for _, each in rooms), amount_minor, currency)
    parts, left = [], amount_minor
    for invoice_id, each in rooms:
        taken = min(each, left)
        if taken > 0:
            parts.append(Part(invoice_id, taken))
            left -= taken
    return parts
