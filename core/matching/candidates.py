"""A candidate and the facts that follow from names and dates alone (UNM.2)."""

from dataclasses import dataclass
from datetime import date

from core.matching import facts
from core.matching.records import Invoice

ALIKE, NEARLY, SOMEWHAT = 0.97, 0.85, 0.65
_NEARLY_NAMED = facts.EDIT2 | facts.FEW_DIGITS | facts.SOME_NAMED


@dataclass(slots=True)
class Candidate:
    """Invoices a transfer may pay, what speaks for and against, and the words it rests on."""

    invoices: tuple[Invoice, ...]
    facts: int
    token: str = ""
    like: float = 0.0
    share: float = 0.0


def date_facts(booked_on: date, invoice: Invoice) -> int:
    """The facts about the day of a transfer against the dates of an invoice."""
    if invoice.due_on is None:
        return 0
    late = (booked_on - invoice.due_on).days
    if late > 5:
        found = facts.DUE_LONG_PAST if late > 35 else facts.DUE_PAST
    elif late >= -35:
        found = facts.DUE_CLOSE if late >= -8 else facts.DUE_AHEAD
    else:
        found = facts.DUE_FAR
    if invoice.issued_on is not None and booked_on < invoice.issued_on:
        found |= facts.BEFORE_ISSUE
    return found


def name_fact(like: float) -> int:
    """The fact about how alike the names of payer and tenant are, 0 to 1."""
    if like >= ALIKE:
        return facts.SAME_NAME
    if like >= NEARLY:
        return facts.NEAR_NAME
    return facts.LIKE_NAME if like >= SOMEWHAT else facts.UNLIKE_NAME


def with_products(found: int) -> int:
    """The facts with those that hold only together."""
    tenant = found & facts.KNOWN_TENANT
    reference = found & (facts.REFERENCE | facts.EDIT1 | facts.CHECKLESS | facts.ALL_NAMED)
    if found & facts.EXACT:
        found |= facts.REFERENCE_AND_AMOUNT if reference else 0
        found |= facts.TENANT_AND_AMOUNT if tenant else 0
    if tenant and reference:
        found |= facts.TENANT_AND_REFERENCE
    if found & facts.UNLIKE_NAME and not found & (tenant | reference | _NEARLY_NAMED):
        found |= facts.STRANGER
    return found


def age_of(invoice: Invoice) -> tuple[int, str]:
    """Puts invoices in order of when they were due, the oldest first."""
    return (invoice.due_on.toordinal() if invoice.due_on else 0, invoice.invoice_id)
