"""How an amount is credited over the lines of an invoice; pure (REF.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.money import round_half_up, split, units_text


@dataclass(frozen=True)
class Creditable:
    """A line of an invoice and what was credited of it, in minor units, tax included."""

    line_id: int
    total_minor: int
    tax_minor: int
    credited_minor: int = 0
    credited_tax_minor: int = 0

    @property
    def left_minor(self) -> int:
        """What can still be credited; negative on a line that gives money back."""
        return self.total_minor - self.credited_minor


@dataclass(frozen=True)
class Credited:
    """What a note gives back of a line, in minor units."""

    line_id: int
    total_minor: int
    tax_minor: int

    @property
    def net_minor(self) -> int:
        """The part without tax."""
        return self.total_minor - self.tax_minor


def left_of(lines: Sequence[Creditable]) -> int:
    """What can still be credited of an invoice, in minor units."""
    return sum(line.left_minor for line in lines)


def credit_whole(lines: Sequence[Creditable], currency: str) -> list[Credited]:
    """All that is left of an invoice. Raises BadInput when that is nothing."""
    return credit_amount(lines, left_of(lines), currency)


def credit_amount(lines: Sequence[Creditable], amount_minor: int, currency: str) -> list[Credited]:
    """An amount over the lines, by the weight of what is left of each.

    Raises BadInput unless it is above zero and within what is left.
    """
    left = left_of(lines)
    if left <= 0:
        raise BadInput("Nothing is left of the invoice to credit")
    if not 0 < amount_minor <= left:
        raise BadInput(
            f"{units_text(left, currency)} {currency} can be credited, "
            f"not {units_text(amount_minor, currency)}"
        )
    if amount_minor == left:
        return credit_lines(lines, {line.line_id: line.left_minor for line in lines}, currency)
    shares = split(amount_minor, [max(line.left_minor, 0) for line in lines])
    wanted = {line.line_id: share for line, share in zip(lines, shares, strict=True)}
    return credit_lines(lines, wanted, currency)


def credit_lines(
    lines: Sequence[Creditable], wanted: dict[int, int], currency: str
) -> list[Credited]:
    """Amounts by line id. The tax of a line is rounded on its running total, so that the notes
    over it add up to it, the last one taking the rest.

    Raises BadInput when a line is unknown or less is left of it, or the whole gives nothing back.
    """
    known = {line.line_id: line for line in lines}
    if unknown := sorted(wanted.keys() - known.keys()):
        raise BadInput(f"The invoice has no line {unknown[0]}")
    credited = [
        _credited(known[number], amount, currency) for number, amount in wanted.items() if amount
    ]
    if sum(each.total_minor for each in credited) <= 0:
        raise BadInput("A credit note gives something back")
    return credited


def _credited(line: Creditable, amount_minor: int, currency: str) -> Credited:
    left = line.left_minor
    if not (0 < amount_minor <= left or left <= amount_minor < 0):
        raise BadInput(
            f"Of line {line.line_id}, {units_text(left, currency)} {currency} can be credited, "
            f"not {units_text(amount_minor, currency)}"
        )
    after = round_half_up((line.credited_minor + amount_minor) * line.tax_minor, line.total_minor)
    return Credited(line.line_id, amount_minor, after - line.credited_tax_minor)
