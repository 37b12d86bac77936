"""How payments are spread over invoices, and the tax in what goes back; pure (PAY.2, REF.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.money import round_half_up


@dataclass(frozen=True)
class Part:
    """An amount for one invoice, in minor units."""

    invoice_id: int
    amount_minor: int


def spread(amount_minor: int, dues: Sequence[Part]) -> list[Part]:
    """Put an amount on invoices in their order, never more than is owed on each.

    What is left over is in no part: it is the customer's credit.
    """
    parts, left = [], amount_minor
    for due in dues:
        applied = min(left, due.amount_minor)
        if applied > 0:
            parts.append(Part(due.invoice_id, applied))
            left -= applied
    return parts


def check_parts(amount_minor: int, wanted: Sequence[Part], dues: Sequence[Part]) -> None:
    """Raise BadInput unless the wanted parts are above zero, owed, and within the amount."""
    owed = {due.invoice_id: due.amount_minor for due in dues}
    if len({part.invoice_id for part in wanted}) < len(wanted):
        raise BadInput("An invoice stands once in an assignment")
    for part in wanted:
        if not 0 < part.amount_minor <= owed.get(part.invoice_id, 0):
            raise BadInput(
                f"Invoice {part.invoice_id} is owed {owed.get(part.invoice_id, 0)}, "
                f"not {part.amount_minor}"
            )
    if sum(part.amount_minor for part in wanted) > amount_minor:
        raise BadInput("The parts are more than the payment")


def tax_within(amount_minor: int, before_minor: int, tax_minor: int, total_minor: int) -> int:
    """The tax in an amount given back of a payment that holds `tax_minor` of `total_minor`.

    `before_minor` was given back earlier; rounding on the running total makes the parts add up.
    """
    if total_minor == 0:
        return 0
    after = round_half_up((before_minor + amount_minor) * tax_minor, total_minor)
    return after - round_half_up(before_minor * tax_minor, total_minor)
