"""Why an invoice is suggested, in words with the evidence (UNM.2)."""

from core.matching import facts
from core.matching.candidates import Candidate
from core.matching.payers import Payers
from core.matching.reading import Reading
from core.matching.records import Invoice, Transfer
from core.matching.texts import key_of
from core.money import units_text

_PLAIN = (
    (facts.SHARED, "The reference is borne by more than one invoice"),
    (facts.INSIDE, "The reference is only a part of what was written"),
    (facts.OTHER, "The transfer also names another open invoice"),
    (facts.OTHER_CLOSED, "The transfer also names a closed invoice"),
    (facts.UNKNOWN, "The transfer carries a reference that no invoice has"),
    (facts.OTHER_NAME, "The payer is called like another tenant"),
    (facts.SHARED_NAME, "Other tenants are called alike"),
    (facts.IBAN_OTHER, "The account has paid for other tenants only"),
    (facts.IBAN_SHARED, "The account has paid for other tenants too"),
    (facts.DECLINED, "This payer was declined for this tenant lately"),
    (facts.PAID_TWIN, "An invoice of the same amount was settled about then: it may be paid twice"),
    (facts.BEFORE_ISSUE, "The transfer is older than the invoice"),
    (facts.SEVERAL_SETS, "Other invoices of the tenant add up to the same amount"),
    (facts.ALL_OPEN, "It is all that the tenant owes"),
    (facts.MONTH_NAMED, "The text names its month"),
)

_ANY_PLAIN = sum(fact for fact, _ in _PLAIN)
_REFERENCE = (
    (facts.OCR, "The reference {token} is this invoice's OCR"),
    (facts.NUMBER, "The reference {token} is this invoice's number {number}"),
    (facts.SHORT, "The digits {token} are of this invoice's number {number}"),
    (facts.CHECKLESS, "The reference {token} is this invoice's OCR without check digits"),
    (facts.EDIT1, "The reference {token} differs from this invoice's by one sign"),
    (facts.EDIT2, "The reference {token} differs from this invoice's by two signs"),
    (facts.FEW_DIGITS, "The number {token} ends this invoice's number {number}"),
)


def reasons_of(candidate: Candidate, reading: Reading, payers: Payers) -> tuple[str, ...]:
    """The reasons for and against a candidate, the weightiest kinds first."""
    known, transfer = candidate.facts, reading.transfer
    found = _closed(candidate.invoices, known)
    found += _reference(candidate)
    found += _amount(candidate, transfer)
    found += _payer(candidate, reading, payers)
    if known & _ANY_PLAIN:
        found += [words for fact, words in _PLAIN if known & fact]
    if known & facts.ONLY_SUCH and not known & (facts.STRONG | facts.SHORT):
        found.append("The tenant owes this amount once only")
    if known & facts.NEAREST and known & (facts.DUE_CLOSE | facts.DUE_AHEAD | facts.DUE_PAST):
        found += _due(candidate, transfer)
    return tuple(found)


def _closed(invoices: tuple[Invoice, ...], known: int) -> list[str]:
    if known & facts.CLOSED:
        return ["already paid: nothing is owed on this invoice any more"]
    if known & facts.VOID:
        status = invoices[0].status.replace("_", " ")
        return [f"already paid or closed: this invoice is {status} and nothing is owed on it"]
    return []


def _reference(candidate: Candidate) -> list[str]:
    known, first = candidate.facts, candidate.invoices[0]
    token = candidate.token if candidate.token.isdigit() else _as_printed(candidate)
    if known & facts.ALL_NAMED:
        return [f"The references {token} are these invoices"]
    if known & facts.SOME_NAMED:
        return [f"The reference {token} is one of these invoices"]
    if known & facts.NUMBER and token == first.number:
        return [f"The reference {token} is this invoice's number"]
    for fact, words in _REFERENCE:
        if known & fact:
            return [words.format(token=token, number=first.number)]
    return []


def _as_printed(candidate: Candidate) -> str:
    """The tokens of a candidate, its invoices' numbers as the invoices print them."""
    printed = {key_of(invoice.number): invoice.number for invoice in candidate.invoices}
    return ", ".join(printed.get(each, each) for each in candidate.token.split(", "))


def _amount(candidate: Candidate, transfer: Transfer) -> list[str]:
    known, invoices = candidate.facts, candidate.invoices
    currency = invoices[0].currency
    if known & facts.FOREIGN:
        return [f"The invoice is in {currency}, the transfer in {transfer.currency}"]
    if known & facts.EXACT:
        if len(invoices) > 1:
            return [f"The {len(invoices)} invoices add up exactly to the amount"]
        was = "was" if known & (facts.CLOSED | facts.VOID) else "is"
        return [f"The amount is exactly what {was} owed"]
    owed = sum(invoice.due_minor for invoice in invoices)
    if known & (facts.CLOSED | facts.VOID):
        return [f"The amount is not what was owed: {units_text(owed, currency)} {currency}"]
    gap = f"{units_text(abs(owed - transfer.amount_minor), currency)} {currency}"
    if transfer.amount_minor > owed:
        words = f"The amount is {gap} more than is owed; the rest stays unapplied"
    elif known & facts.ROUNDED:
        words = f"The amount is rounded: {gap} less than is owed"
    elif known & (facts.FEE | facts.FIXED_FEE):
        words = f"The amount is {gap} short, as by a fee or the exchange"
    else:
        words = f"The amount is a part: {gap} would remain owed"
    return [words]


def _payer(candidate: Candidate, reading: Reading, payers: Payers) -> list[str]:
    invoice, transfer = candidate.invoices[0], reading.transfer
    found = []
    by_account, by_name = payers.times(reading.account, reading.core, invoice.tenant_id)
    who = transfer.counterparty_name or "This account"
    if by_account:
        found.append(f"{who} paid for this tenant from this account {_times(by_account)} before")
    elif by_name:
        found.append(f"{who} paid for this tenant {_times(by_name)} before")
    if candidate.facts & facts.SAME_NAME and not by_name:
        found.append(f"The payer is the tenant {invoice.tenant_name}")
    elif candidate.facts & (facts.NEAR_NAME | facts.LIKE_NAME) and not by_name:
        found.append(
            f"The payer {who} is called nearly like the tenant {invoice.tenant_name}"
            f" ({candidate.like:.0%} alike)"
        )
    if candidate.facts & facts.IN_TEXT:
        found.append(f"The text names the tenant {invoice.tenant_name}")
    return found


def _due(candidate: Candidate, transfer: Transfer) -> list[str]:
    due_on = candidate.invoices[0].due_on
    if due_on is None or len(candidate.invoices) > 1:
        return []
    late = (transfer.booked_on - due_on).days
    if late == 0:
        return ["It was due that very day"]
    side = "after" if late > 0 else "before"
    return [f"The transfer came {abs(late)} day{'s' if abs(late) > 1 else ''} {side} it was due"]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
