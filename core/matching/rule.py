"""When a suggestion may be posted without a person (UNM.4): probability and structure."""

from stdnum import luhn

from core.matching import facts
from core.matching.candidates import Candidate
from core.matching.reading import Reading
from core.matching.texts import digits_of

LEAST_PROBABILITY = 0.98
LEAST_CHECKED = 8
"""Digits of a reference whose check digit is trusted without the payer's name."""
LEAST_PIECED = 8

_NEVER = (
    facts.CLOSED
    | facts.VOID
    | facts.FOREIGN
    | facts.SHARED
    | facts.INSIDE
    | facts.OTHER
    | facts.OTHER_CLOSED
    | facts.OTHER_NAME
    | facts.IBAN_OTHER
    | facts.DECLINED
    | facts.SEVERAL_SETS
    | facts.EDIT1
    | facts.EDIT2
    | facts.CHECKLESS
    | facts.FEW_DIGITS
    | facts.UNKNOWN
)
_PAYER = facts.SAME_NAME | facts.NEAR_NAME | facts.IBAN_SEEN | facts.IBAN_OFTEN | facts.PAYER_SEEN
_SOME_PAYER = _PAYER | facts.LIKE_NAME | facts.IN_TEXT


def automatic(best: Candidate, probability: float, reading: Reading) -> bool:
    """True when the first suggestion may be posted by itself.

    Always: the exact amount, the probability, nothing that speaks against it. Then one of: the
    whole reference and the payer; a checked reference and a payer who is nobody else; the account
    of a payer that paid for this tenant alone, three times or more, its only such invoice, and no
    number that names nothing; all invoices of a sum named and the payer.
    """
    known = best.facts
    if not known & facts.EXACT or known & _NEVER or probability < LEAST_PROBABILITY:
        return False
    if len(best.invoices) > 1:
        named = known & facts.ALL_NAMED and known & _PAYER
        return bool(named and not _others_named(best, reading))
    if known & facts.STRONG:
        return _named_wholly(best)
    if _others_named(best, reading):
        return False
    return _named_shortly(best) if known & facts.SHORT else _known_payer(best, reading)


def _named_shortly(best: Candidate) -> bool:
    """True when four or five digits and the payer agree, and the digits are no mere year."""
    year = best.token.isdigit() and 1900 <= int(best.token) <= 2100
    return bool(
        best.facts & _PAYER
        and not best.facts & (facts.PIECED | facts.SHARED_NAME)
        and (not year or best.facts & facts.ONLY_SUCH)
    )


def _known_payer(best: Candidate, reading: Reading) -> bool:
    """True when a trusted account pays the only invoice that it can mean."""
    return bool(
        best.facts & facts.IBAN_OFTEN
        and best.facts & facts.ONLY_SUCH
        and not best.facts & (facts.IBAN_SHARED | facts.PAID_TWIN | facts.BEFORE_ISSUE)
        and not reading.long
    )


def _others_named(best: Candidate, reading: Reading) -> bool:
    return not reading.hits.keys() <= {invoice.invoice_id for invoice in best.invoices}


def _named_wholly(best: Candidate) -> bool:
    """True when the reference names the invoice beyond doubt, by itself or with its payer."""
    token = best.token
    if best.facts & facts.PIECED and len(digits_of(token)) < LEAST_PIECED:
        return False
    if best.facts & _SOME_PAYER:
        return True
    checked = token.isdigit() and len(token) >= LEAST_CHECKED and luhn.is_valid(token)
    return bool(best.facts & facts.OCR and checked)
