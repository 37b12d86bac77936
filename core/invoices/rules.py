"""Tax, line amounts, totals and references of invoices; pure (INV.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from stdnum import luhn

from core.errors import BadInput
from core.money import round_half_up, rounded

SELLER_COUNTRY = "SE"
STANDARD_PERCENT = Decimal(25)
"""Swedish standard rate of value added tax."""
EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
    ]
)
PREFIX = {"tenant": "SAAS-INV", "platform": "SAAS-FEE", "credit": "SAAS-CN"}
_SERIES_DIGIT = {"tenant": "1", "platform": "2"}
MOVES: dict[str, tuple[str, ...]] = {
    "draft": ("issued", "cancelled"),
    "issued": ("partially_paid", "paid", "cancelled", "written_off"),
    "partially_paid": ("issued", "paid", "written_off"),
    "paid": ("issued", "partially_paid", "partially_refunded", "refunded"),
    "partially_refunded": ("refunded",),
    "written_off": ("paid",),
    "refunded": (),
    "cancelled": (),
}
"""Allowed moves; back to issued or partially paid only when an allocation is undone."""


@dataclass(frozen=True)
class Tax:
    """The tax of a line: percent and category."""

    percent: Decimal
    category: str


@dataclass(frozen=True)
class NewLine:
    """A line as it is entered; `[service_start, service_end)` is what it pays for."""

    description: str
    unit_minor: int
    quantity: Decimal = Decimal(1)
    discount_minor: int = 0
    plan_id: int | None = None
    service_start: date | None = None
    service_end: date | None = None


@dataclass(frozen=True)
class Amounts:
    """Net, tax and total in minor units."""

    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        """Net and tax together."""
        return self.net_minor + self.tax_minor


def tax_of(country: str | None) -> Tax:
    """The tax of a business customer of a Swedish seller.

    Sweden and unknown countries: standard rate; elsewhere in the EU: reverse charge (Directive
    2006/112/EC, articles 44 and 196); outside the EU: out of scope.
    """
    if country is None or country == SELLER_COUNTRY:
        return Tax(STANDARD_PERCENT, "standard")
    return Tax(Decimal(0), "reverse_charge" if country in EU else "outside")


def line_amounts(line: NewLine, tax: Tax) -> Amounts:
    """Quantity × unit price, rounded once, less discount; tax on that, rounded once."""
    net = rounded(Fraction(line.quantity) * line.unit_minor) - line.discount_minor
    percent = Fraction(tax.percent)
    return Amounts(net, round_half_up(net * percent.numerator, 100 * percent.denominator))


def invoice_amounts(lines: Sequence[Amounts]) -> Amounts:
    """The sum of the lines. Raises BadInput when nothing is on the invoice or it is negative."""
    if not lines:
        raise BadInput("An invoice has at least one line")
    total = Amounts(sum(each.net_minor for each in lines), sum(each.tax_minor for each in lines))
    if total.net_minor < 0 or total.tax_minor < 0:
        raise BadInput("An invoice does not ask for a negative amount; write a credit note")
    return total


def number_text(issuer_type: str, year: int, sequence: int) -> str:
    """The printed number: ``SAAS-INV-2026-00042``."""
    return f"{PREFIX[issuer_type]}-{year}-{sequence:05d}"


def ocr_of(issuer_type: str, year: int, sequence: int) -> str:
    """The payment reference of a number: series digit, year, sequence, length digit, Luhn digit."""
    return ocr_reference(int(f"{_SERIES_DIGIT[issuer_type]}{year % 100:02d}{sequence:05d}"))


def ocr_reference(number: int) -> str:
    """A Bankgirot reference: number, total length mod 10, Luhn digit over all before it."""
    body = str(number)
    body += str((len(body) + 2) % 10)
    return body + str(luhn.calc_check_digit(body))


def valid_ocr(reference: str) -> bool:
    """True when a text of digits carries a right length digit and a right Luhn digit."""
    fits = reference.isascii() and reference.isdigit() and 4 <= len(reference) <= 25
    return fits and int(reference[-2]) == len(reference) % 10 and luhn.is_valid(reference)


def recognised_by(total_minor: int, start: date, end: date, day: date) -> int:
    """Revenue of the service period [start, end) earned before `day`, in minor units.

    Rounded on the running total, so that a schedule always sums to its line.
    """
    days = (end - start).days
    return round_half_up(total_minor * min(max((day - start).days, 0), days), days)
