"""What a document states, as facts: amounts in minor units, days, parties (INV.2, INV.4)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

INVOICE, CREDIT_NOTE = "invoice", "credit_note"
KINDS = (INVOICE, CREDIT_NOTE)


@dataclass(frozen=True)
class Seller:
    """Who issues; `address` has a line each, `bankgiro`, `iban` and `bic` say where to pay."""

    name: str = ""
    address: str = ""
    tax_id: str = ""
    registration: str = ""
    email: str = ""
    website: str = ""
    bankgiro: str = ""
    iban: str = ""
    bic: str = ""


@dataclass(frozen=True)
class Buyer:
    """Who is billed; `country` is ISO 3166 alpha-2 or empty, `number` the customer's."""

    name: str
    number: str
    address: str = ""
    country: str = ""
    tax_id: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Line:
    """A line; quantity and unit price are missing on credit notes, `service_end` is exclusive."""

    description: str
    net_minor: int
    tax_percent: Decimal
    tax_category: str
    tax_minor: int
    quantity: Decimal | None = None
    unit_minor: int | None = None
    discount_minor: int = 0
    tax_inclusive: bool = False
    service_start: date | None = None
    service_end: date | None = None


@dataclass(frozen=True)
class HomeTax:
    """Tax in minor units of the issuer's currency; `rate` is what one unit of the document's
    currency is worth in it, `rated_on` the day that was published for.
    """

    currency: str
    tax_minor: int
    rate: Decimal
    rated_on: date


@dataclass(frozen=True)
class Record:
    """An invoice or credit note; a draft has no number, `discount_minor` is that on the whole.

    `settled_minor` was paid on the day of issue; `by_card` when the rest is charged to a card.
    """

    kind: str
    source_id: int
    tenant_id: int
    status: str
    number: str | None
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    issued_on: date | None
    seller: Seller
    buyer: Buyer
    lines: tuple[Line, ...]
    due_on: date | None = None
    period_start: date | None = None
    period_end: date | None = None
    reference: str = ""
    discount_minor: int = 0
    note: str = ""
    credited_number: str | None = None
    settles: str = ""
    settled_minor: int = 0
    by_card: bool = False
    home: HomeTax | None = None

    @property
    def owed_minor(self) -> int:
        """What was still to be paid at the end of the day of issue."""
        return self.total_minor - self.settled_minor

    @property
    def to_transfer(self) -> bool:
        """True for an invoice that is to be paid by bank."""
        asked = self.kind == INVOICE and not self.is_draft
        return asked and self.owed_minor > 0 and not self.by_card

    @property
    def is_draft(self) -> bool:
        """True until it is issued."""
        return self.status == "draft"


@dataclass(frozen=True)
class TaxRate:
    """What the lines of one category and rate add up to, in minor units."""

    category: str
    percent: Decimal
    net_minor: int
    tax_minor: int


def tax_rates(lines: tuple[Line, ...]) -> list[TaxRate]:
    """Net and tax by category and rate, in the order of their first line."""
    found: dict[tuple[str, Decimal], TaxRate] = {}
    for line in lines:
        key = (line.tax_category, line.tax_percent)
        before = found.get(key, TaxRate(*key, 0, 0))
        found[key] = TaxRate(
            *key, before.net_minor + line.net_minor, before.tax_minor + line.tax_minor
        )
    return list(found.values())
