"""What an invoice adds up to: lines with tax and discounts, totals by rate; pure (INV.2).

Quantity × unit price is rounded once per line, a discount in percent once per discount, and tax
once per line (`line`) or once per rate (`invoice`), always half away from zero. A line whose price
holds its tax keeps its price: net is what is left of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from core.errors import BadInput
from core.money import LARGEST_MINOR, rounded, split

ROUNDINGS = ("line", "invoice")


@dataclass(frozen=True)
class Discount:
    """What is taken off: minor units, or percent of the amount before it."""

    minor: int = 0
    percent: Decimal | None = None

    def of(self, amount_minor: int, place: str = "") -> int:
        """Minor units taken off an amount. Raises BadInput when that is more than the amount.

        `place` begins the refusal with where the discount stands: ``Line 2: ``.
        """
        taken = self.minor
        if self.percent is not None:
            if not 0 <= self.percent <= 100:
                raise BadInput(
                    f"{place}A discount of {self.percent} percent is not between 0 and 100"
                )
            taken += rounded(Fraction(self.percent) * amount_minor / 100)
        if taken and not 0 < taken <= amount_minor:
            raise BadInput(
                f"{place}A discount of {taken} minor units is not within the {amount_minor} it is "
                "taken off"
            )
        return taken


NO_DISCOUNT = Discount()


@dataclass(frozen=True)
class Priced:
    """A line before tax: `unit_minor` holds the tax when `tax_inclusive`."""

    unit_minor: int
    quantity: Decimal = Decimal(1)
    tax_percent: Decimal = Decimal(0)
    tax_inclusive: bool = False
    discount: Discount = NO_DISCOUNT


@dataclass(frozen=True)
class Amounts:
    """Net, tax and total in minor units."""

    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        """Net and tax together."""
        return self.net_minor + self.tax_minor


@dataclass(frozen=True)
class LineTotal(Amounts):
    """A line; `discount_minor` is its own and its share of the whole one, named once more."""

    discount_minor: int
    whole_discount_minor: int = 0


@dataclass(frozen=True)
class RateTotal(Amounts):
    """What all lines of one rate add up to."""

    tax_percent: Decimal


@dataclass(frozen=True)
class Totals(Amounts):
    """An invoice; `discount_minor` is the discount on the whole."""

    lines: tuple[LineTotal, ...]
    by_rate: tuple[RateTotal, ...]
    discount_minor: int


def totals(
    lines: Sequence[Priced], *, rounding: str = "line", discount: Discount = NO_DISCOUNT
) -> Totals:
    """Lines, rates and the whole of an invoice.

    The discount on the whole is spread over the lines by their weight, the largest remainder
    first. Rates come in the order of their first line. Raises BadInput without lines, for an
    unknown rounding, a rate outside 0 to 100, a discount above its amount, or a negative whole.
    """
    if rounding not in ROUNDINGS:
        raise BadInput(f"There is no rounding {rounding!r}; there are {', '.join(ROUNDINGS)}")
    if not lines:
        raise BadInput("An invoice has at least one line")
    full = [_full(line) for line in lines]
    own = [
        line.discount.of(amount, f"Line {position}: ")
        for position, (line, amount) in enumerate(zip(lines, full, strict=True), start=1)
    ]
    amounts = [amount - off for amount, off in zip(full, own, strict=True)]
    whole = discount.of(sum(amounts), "The whole: ")
    shares = _spread(whole, amounts)
    amounts = [amount - share for amount, share in zip(amounts, shares, strict=True)]
    taxes = _taxes(lines, amounts, rounding)
    done = tuple(
        _done(line, amount, tax, off, share)
        for line, amount, tax, off, share in zip(lines, amounts, taxes, own, shares, strict=True)
    )
    return _whole(lines, done, whole)


def line_total(line: Priced) -> LineTotal:
    """One line by itself, tax rounded on it. Raises BadInput as `totals` does."""
    full = _full(line)
    off = line.discount.of(full)
    return _done(line, full - off, rounded(_exact_tax(line, full - off)), off, 0)


def whole_of(lines: Sequence[Amounts]) -> Amounts:
    """The sum of the lines.

    Raises BadInput when nothing is on the invoice, or it is negative or beyond LARGEST_MINOR.
    """
    if not lines:
        raise BadInput("An invoice has at least one line")
    total = Amounts(sum(each.net_minor for each in lines), sum(each.tax_minor for each in lines))
    if total.net_minor < 0 or total.tax_minor < 0:
        raise BadInput("An invoice does not ask for a negative amount; write a credit note")
    if total.total_minor > LARGEST_MINOR:
        raise BadInput(f"A total of {total.total_minor} minor units is beyond what Saldo keeps")
    return total


def _done(line: Priced, amount: int, tax: int, own: int, share: int) -> LineTotal:
    return LineTotal(amount - tax if line.tax_inclusive else amount, tax, own + share, share)


def _full(line: Priced) -> int:
    if not 0 <= line.tax_percent <= 100:
        raise BadInput(f"A tax rate of {line.tax_percent} percent is not between 0 and 100")
    amount = rounded(Fraction(line.quantity) * line.unit_minor)
    if abs(amount) > LARGEST_MINOR:
        raise BadInput(f"A line of {amount} minor units is beyond what Saldo keeps")
    return amount


def _spread(whole_minor: int, amounts: Sequence[int]) -> list[int]:
    """The shares of a discount; a line that gives money back takes none."""
    if not whole_minor:
        return [0] * len(amounts)
    return split(whole_minor, [max(amount, 0) for amount in amounts])


def _taxes(lines: Sequence[Priced], amounts: Sequence[int], rounding: str) -> list[int]:
    exact = [_exact_tax(line, amount) for line, amount in zip(lines, amounts, strict=True)]
    if rounding == "line":
        return [rounded(tax) for tax in exact]
    taxes = [0] * len(lines)
    for rate in {line.tax_percent for line in lines}:
        places = [i for i, line in enumerate(lines) if line.tax_percent == rate]
        for place, tax in zip(places, _as_whole([exact[i] for i in places]), strict=True):
            taxes[place] = tax
    return taxes


def _exact_tax(line: Priced, amount: int) -> Fraction:
    rate = Fraction(line.tax_percent)
    return amount * rate / (100 + rate) if line.tax_inclusive else amount * rate / 100


def _as_whole(exact: Sequence[Fraction]) -> list[int]:
    """Whole units near each, which add up to the rounded sum; the largest remainders first."""
    down = [tax.numerator // tax.denominator for tax in exact]
    missing = rounded(sum(exact, Fraction(0))) - sum(down)
    by_remainder = sorted(range(len(exact)), key=lambda i: down[i] - exact[i])
    for i in by_remainder[:missing]:
        down[i] += 1
    return down


def _whole(lines: Sequence[Priced], done: tuple[LineTotal, ...], discount_minor: int) -> Totals:
    rates: dict[Decimal, list[LineTotal]] = {}
    for line, total in zip(lines, done, strict=True):
        rates.setdefault(line.tax_percent, []).append(total)
    by_rate = tuple(
        RateTotal(sum(each.net_minor for each in of), sum(each.tax_minor for each in of), rate)
        for rate, of in rates.items()
    )
    whole = whole_of(done)
    return Totals(whole.net_minor, whole.tax_minor, done, by_rate, discount_minor)
