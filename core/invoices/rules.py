"""Tax, line amounts, totals and references of invoices; pure (INV.2)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stdnum import luhn

from core.invoices.totals import Discount, LineTotal, Priced, line_total
from core.money import round_half_up

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
STRIPE = "stripe"
"""The reason of an invoice that Stripe issued and collects: we neither charge nor remind of it."""
PREFIX = {"tenant": "SAAS-INV", "platform": "SAAS-FEE", "credit": "SAAS-CN"}
_SERIES_DIGIT = {"tenant": "1", "platform": "2"}
MOVES: dict[str, tuple[str, ...]] = {
    "draft": ("issued", "partially_paid", "paid", "cancelled"),
    "issued": ("partially_paid", "paid", "cancelled", "written_off"),
    "partially_paid": ("issued", "paid", "written_off"),
    "paid": ("issued", "partially_paid", "partially_refunded", "refunded"),
    "partially_refunded": ("issued", "partially_paid", "paid", "refunded"),
    "written_off": ("paid",),
    "refunded": ("paid", "partially_refunded"),
    "cancelled": (),
}
"""Allowed moves, which the database keeps too; credit may settle an invoice as it is issued.

Back to issued or partially paid only when an allocation is undone, from refunded only when a refund
came back.
"""


@dataclass(frozen=True)
class Tax:
    """The tax of a line: percent and category."""

    percent: Decimal
    category: str


@dataclass(frozen=True)
class NewLine:
    """A line as it is entered; `[service_start, service_end)` is what it pays for.

    `tax` stands for the customer's own where it is given; with `tax_inclusive` the price holds it.
    """

    description: str
    unit_minor: int
    quantity: Decimal = Decimal(1)
    discount_minor: int = 0
    discount_percent: Decimal | None = None
    tax: Tax | None = None
    tax_inclusive: bool = False
    plan_id: int | None = None
    service_start: date | None = None
    service_end: date | None = None


def tax_of(country: str | None) -> Tax:
    """The tax of a business customer of a Swedish seller.

    Sweden and unknown countries: standard rate; elsewhere in the EU: reverse charge (Directive
    2006/112/EC, articles 44 and 196); outside the EU: out of scope.
    """
    if country is None or country == SELLER_COUNTRY:
        return Tax(STANDARD_PERCENT, "standard")
    return Tax(Decimal(0), "reverse_charge" if country in EU else "outside")


def priced(line: NewLine, tax: Tax) -> Priced:
    """A line with its own tax, or that of the customer."""
    chosen = line.tax or tax
    discount = Discount(line.discount_minor, line.discount_percent)
    return Priced(line.unit_minor, line.quantity, chosen.percent, line.tax_inclusive, discount)


def line_amounts(line: NewLine, tax: Tax) -> LineTotal:
    """Quantity × unit price, rounded once, less discount; tax on that, rounded once."""
    return line_total(priced(line, tax))


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
