"""An invoice as a program writes it down: lines, discounts, tax; pure (INV.2–3)."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.invoices.actions import DraftInvoice
from core.invoices.rules import NewLine, Tax
from core.invoices.totals import Discount, Priced, Totals, totals
from core.money import LARGEST_MINOR

MOST_LINES = 1_000
Number = Annotated[Decimal, Field(max_digits=24, decimal_places=6, allow_inf_nan=False)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
Minor = Annotated[int, Field(strict=True, ge=-LARGEST_MINOR, le=LARGEST_MINOR)]
Off = Annotated[int, Field(strict=True, ge=0, le=LARGEST_MINOR)]


class _Discounted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    discount_minor: Off | None = None
    discount_percent: Percent | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "_Discounted":
        if self.discount_minor and self.discount_percent is not None:
            raise ValueError("a discount is an amount or a percentage, not both")
        return self


class WrittenLine(_Discounted):
    """A line; `unit_minor` holds the tax when `tax_inclusive`."""

    description: str = ""
    quantity: Number = Decimal(1)
    unit_minor: Minor
    tax_percent: Percent | None = None
    tax_inclusive: bool = False
    tax_category: (
        Literal["standard", "reduced", "zero", "reverse_charge", "exempt", "outside"] | None
    ) = None


class WrittenInvoice(_Discounted):
    """An invoice as it is written down; the discount beside `lines` is on the whole."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    rounding: Literal["line", "invoice"] = "line"
    type: Literal["adjustment", "subscription", "usage"] = "adjustment"
    due_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    note: Annotated[str, Field(max_length=2_000)] = ""
    lines: Annotated[list[WrittenLine], Field(min_length=1, max_length=MOST_LINES)]


def total_of(written: WrittenInvoice) -> Totals:
    """What the invoice adds up to; a line without a rate carries no tax. Raises BadInput."""
    lines = [
        Priced(
            line.unit_minor,
            line.quantity,
            _rate(line.tax_percent or Decimal(0)),
            line.tax_inclusive,
            Discount(line.discount_minor or 0, line.discount_percent),
        )
        for line in written.lines
    ]
    whole = Discount(written.discount_minor or 0, written.discount_percent)
    return totals(lines, rounding=written.rounding, discount=whole)


def total_json(written: WrittenInvoice, found: Totals) -> dict[str, Any]:
    """The totals as plain values, amounts in minor units, rates as decimal texts."""
    return {
        "currency": written.currency or "EUR",
        "rounding": written.rounding,
        "discount_minor": found.discount_minor,
        "net_minor": found.net_minor,
        "tax_minor": found.tax_minor,
        "total_minor": found.total_minor,
        "by_rate": [
            {
                "tax_percent": f"{rate.tax_percent:f}",
                "net_minor": rate.net_minor,
                "tax_minor": rate.tax_minor,
            }
            for rate in found.by_rate
        ],
        "lines": [
            {
                "description": line.description,
                "quantity": f"{line.quantity:f}",
                "unit_minor": line.unit_minor,
                "tax_percent": f"{_rate(line.tax_percent or Decimal(0)):f}",
                "tax_inclusive": line.tax_inclusive,
                "discount_minor": amounts.discount_minor,
                "net_minor": amounts.net_minor,
                "tax_minor": amounts.tax_minor,
                "total_minor": amounts.total_minor,
            }
            for line, amounts in zip(written.lines, found.lines, strict=True)
        ],
    }


def draft_of(written: WrittenInvoice) -> DraftInvoice:
    """The draft that is described; lines without a rate take the tenant's."""
    lines = tuple(
        NewLine(
            line.description,
            line.unit_minor,
            line.quantity,
            line.discount_minor or 0,
            line.discount_percent,
            None if line.tax_percent is None else _tax(line.tax_percent, line.tax_category),
            line.tax_inclusive,
        )
        for line in written.lines
    )
    return DraftInvoice(
        lines,
        written.type,
        written.due_days,
        written.rounding,
        written.discount_minor or 0,
        written.discount_percent,
        written.note,
        written.currency,
    )


def _tax(percent: Decimal, category: str | None) -> Tax:
    return Tax(percent, category or ("standard" if percent else "zero"))


def _rate(percent: Decimal) -> Decimal:
    """One spelling of a rate: 20.0 is 20."""
    return percent.quantize(Decimal(1)) if percent == percent.to_integral() else percent.normalize()
