"""Which invoices bear a reference: whole tokens, and tokens one stroke away (UNM.2)."""

from stdnum import luhn

from core.matching.records import Invoice
from core.matching.texts import FEWEST_DIGITS, digits_of, key_of, last_digits

LEAST_NEAR = 6
"""Digits a token needs before a wrong one is looked for."""
LONGEST_NEAR = 25
MOST_NEAR = 40
MOST_BEARERS = 12
"""Invoices of one key that are looked at; a key with more says nothing."""

_DIGITS = "0123456789"

Bearers = Invoice | list[Invoice]


class References:
    """Invoices by OCR reference, number, the digits of the number and its last group."""

    def __init__(self) -> None:
        self._whole: dict[str, Bearers] = {}
        self._last: dict[str, Bearers] = {}
        self._lengths: set[int] = set()

    def put(self, invoice: Invoice) -> None:
        """Index an invoice under all its keys."""
        for key in keys_of(invoice):
            _put(self._whole, key, invoice)
            self._lengths.add(len(key))
        last = _last_key(invoice)
        if last:
            _put(self._last, last, invoice)

    def remove(self, invoice: Invoice) -> None:
        """Forget an invoice."""
        for key in keys_of(invoice):
            _remove(self._whole, key, invoice)
        last = _last_key(invoice)
        if last:
            _remove(self._last, last, invoice)

    def named(self, token: str) -> tuple[Invoice, ...]:
        """Invoices whose OCR, number or digits of the number are this token."""
        found = self._whole.get(token)
        if found is None:
            return ()
        return (found,) if isinstance(found, Invoice) else tuple(found)

    def ending(self, token: str) -> tuple[Invoice, ...]:
        """Invoices whose number's last group of four digits or more is this token."""
        found = self._last.get(token.lstrip("0")) if token.isdigit() else None
        if found is None:
            return ()
        return (found,) if isinstance(found, Invoice) else tuple(found)

    def completed(self, token: str) -> tuple[Invoice, ...]:
        """Invoices whose OCR is this number with its check digits, which the payer left out."""
        if not token.isdigit() or len(token) < 5 or len(token) > LONGEST_NEAR - 2:
            return ()
        with_length = token + str((len(token) + 2) % 10)
        return (
            *self.named(with_length + luhn.calc_check_digit(with_length)),
            *self.named(token + luhn.calc_check_digit(token)),
        )

    def near(self, token: str) -> list[Invoice]:
        """Invoices whose key is one digit away: wrong, missing, too many, or two swapped."""
        if not (token.isdigit() and LEAST_NEAR <= len(token) <= LONGEST_NEAR):
            return []
        found: dict[str, Invoice] = {}
        for other in self._whole.keys() & _one_away(token, self._lengths):
            bearers = self.named(other)
            if len(bearers) <= MOST_BEARERS:
                found.update((invoice.invoice_id, invoice) for invoice in bearers)
        return [found[key] for key in sorted(found)[:MOST_NEAR]]


def keys_of(invoice: Invoice) -> set[str]:
    """The tokens that name an invoice wholly."""
    number = key_of(invoice.number)
    keys = {key_of(invoice.ocr), number}
    if not number.isdigit():
        keys.add(digits_of(number))
    keys |= {key.lstrip("0") for key in keys if key[:1] == "0"}
    return {key for key in keys if _names(key)}


def _names(key: str) -> bool:
    """True for a token long enough to name an invoice; with letters five characters will do."""
    if key.isdigit():
        return len(key) >= FEWEST_DIGITS
    return len(key) > FEWEST_DIGITS and not key.isalpha()


def _last_key(invoice: Invoice) -> str:
    """The last of several groups of a number, if it has four digits with its zeros."""
    last = last_digits(invoice.number)
    return last.lstrip("0") if len(last) >= FEWEST_DIGITS and last != invoice.number else ""


def _one_away(token: str, lengths: set[int]) -> set[str]:
    """The token with one digit more, one less, one changed, or two neighbours swapped.

    Only tokens of a length that any key has.
    """
    cuts = [(token[:place], token[place:]) for place in range(len(token) + 1)]
    away: set[str] = set()
    if len(token) + 1 in lengths:
        away.update([before + digit + after for before, after in cuts for digit in _DIGITS])
    if len(token) in lengths:
        ones = [(before, after[1:]) for before, after in cuts[:-1]]
        away.update([before + digit + after for before, after in ones for digit in _DIGITS])
        away.update([b + after[1] + after[0] + after[2:] for b, after in cuts[:-2]])
    if len(token) - 1 in lengths:
        away.update([before + after[1:] for before, after in cuts[:-1]])
    away.discard(token)
    return away


def _put(index: dict[str, Bearers], key: str, invoice: Invoice) -> None:
    known = index.get(key)
    if known is None:
        index[key] = invoice
    elif isinstance(known, Invoice):
        index[key] = [known, invoice]
    else:
        known.append(invoice)


def _remove(index: dict[str, Bearers], key: str, invoice: Invoice) -> None:
    known = index.get(key)
    if isinstance(known, list):
        known[:] = [each for each in known if each.invoice_id != invoice.invoice_id]
        if not known:
            del index[key]
    elif known is not None:
        del index[key]
