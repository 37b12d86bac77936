"""How payments are spread over invoices, and the tax in what goes back; pure (PAY.2, REF.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.money import round_half_up, units_text


@dataclass(frozen=True)
class Part:
    """An amount for one invoice, in minor units."""

    invoice_id: int
    amount_minor: int


@dataclass(frozen=True)
class Due(Part):
    """What an invoice is owed, with its currency and number for the words of a refusal."""

    currency: str
    number: str | None


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


def check_parts(amount_minor: int, wanted: Sequence[Part], dues: Sequence[Due]) -> None:
    """Raise BadInput unless the wanted parts are above zero, owed, and within the amount."""
    owed = {due.invoice_id: due for due in dues}
    if len({part.invoice_id for part in wanted}) < len(wanted):
        raise BadInput("An invoice stands once in an assignment")
    for part in wanted:
        due = owed.get(part.invoice_id)
        if due is None:
            raise BadInput(f"Nothing is owed on invoice {part.invoice_id}")
        if not 0 < part.amount_minor <= due.amount_minor:
            raise BadInput(
                f"Invoice {due.number or due.invoice_id} is owed "
                f"{units_text(due.amount_minor, due.currency)} {due.currency}, "
                f"not {units_text(part.amount_minor, due.currency)}"
            )
    total = sum(part.amount_minor for part in wanted)
    if total > amount_minor:
        currency = dues[0].currency
        raise BadInput(
            f"The parts come to {units_text(total, currency)} {currency}, "
            f"more than the payment's {units_text(amount_minor, currency)}"
        )


def tax_within(amount_minor: int, before_minor: int, tax_minor: int, total_minor: int) -> int:
    """The tax in an amount given back of a payment that holds `tax_minor` of `total_minor`.

    `before_minor` was given back earlier; rounding on the running total makes the parts add up.
    """
    if total_minor == 0:
        return 0
    after = round_half_up((before_minor + amount_minor) * tax_minor, total_minor)
    return after - round_half_up(before_minor * tax_minor, total_minor)
