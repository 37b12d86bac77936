"""What a transfer says: its reference tokens and the invoices they name (UNM.2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

from core.invoices.rules import valid_ocr
from core.matching import facts
from core.matching.names import Names
from core.matching.records import Invoice, Transfer
from core.matching.references import LEAST_NEAR, LONGEST_NEAR, MOST_BEARERS, References
from core.matching.texts import (
    FIXED,
    JOINED,
    PIECE,
    account_of,
    digits_of,
    few_digits,
    fold,
    key_of,
    last_digits,
    words_of,
    written,
)

SHORTEST_STRONG = 6
"""Digits from which a number of digits alone names an invoice strongly."""
LEAST_EDIT2 = 8
MOST_LONG = 4
_MONTHS = (
    "JANUARY JANUARI JANUAR JANVIER ENERO JAN TAMMIKUU",
    "FEBRUARY FEBRUARI FEBRUAR FEVRIER FEBRERO FEB HELMIKUU",
    "MARCH MARS MARZ MARTS MARZO MAART MAR MAALISKUU",
    "APRIL AVRIL ABRIL APR HUHTIKUU",
    "MAY MAJ MAI MAYO MEI TOUKOKUU",
    "JUNE JUNI JUIN JUNIO JUN KESAKUU",
    "JULY JULI JUILLET JULIO JUL HEINAKUU",
    "AUGUST AUGUSTI AOUT AGOSTO AUGUSTUS AUG ELOKUU",
    "SEPTEMBER SEPTEMBRE SEPTIEMBRE SEP SEPT SYYSKUU",
    "OCTOBER OKTOBER OCTOBRE OCTUBRE OCT OKT LOKAKUU",
    "NOVEMBER NOVEMBRE NOVIEMBRE NOV MARRASKUU",
    "DECEMBER DEZEMBER DESEMBER DECEMBRE DICIEMBRE DEC DEZ DES JOULUKUU",
)
_MONTH_OF = {word: place for place, words in enumerate(_MONTHS, 1) for word in words.split()}
_YEAR_MONTH = re.compile(r"(?<![0-9])20[0-9]{2}[-/.](0[1-9]|1[0-2])(?![0-9])")
_MONTH_YEAR = re.compile(r"(?<![0-9])(0?[1-9]|1[0-2])[-/.]20[0-9]{2}(?![0-9])")


@dataclass(slots=True)
class Hit:
    """An invoice that a token names: how (facts), and the token."""

    invoice: Invoice
    facts: int
    token: str


@dataclass(slots=True)
class Reading:
    """A transfer with its tokens read; the rest is read when it is asked for."""

    transfer: Transfer
    tokens: dict[str, int]
    core: str
    account: str
    hits: dict[str, Hit] = field(default_factory=dict)
    _long: list[str] | None = None
    _few: set[str] | None = None
    _months: set[int] | None = None
    _unknown: bool | None = None
    _said: str | None = None

    @property
    def long(self) -> list[str]:
        """Long tokens that name nothing, or an invoice of another amount: they may be mistyped."""
        if self._long is None:
            exact = self.transfer.amount_minor
            named = {hit.token for hit in self.hits.values() if hit.invoice.due_minor == exact}
            self._long = [
                token
                for token, how in self.tokens.items()
                if how != PIECE
                and token.isdigit()
                and LEAST_NEAR <= len(token) <= LONGEST_NEAR
                and token not in named
            ][:MOST_LONG]
        return self._long

    @property
    def few(self) -> set[str]:
        """Numbers of one to three digits that stand alone."""
        if self._few is None:
            self._few = few_digits(self._folded())
        return self._few

    @property
    def months(self) -> set[int]:
        """Months that the texts name."""
        if self._months is None:
            self._months = _months_in(self._folded())
        return self._months

    @property
    def unknown(self) -> bool:
        """True when there is a right OCR reference and nobody bears it."""
        if self._unknown is None:
            self._unknown = not self.hits and any(
                len(token) >= LEAST_EDIT2 and valid_ocr(token) for token in self.long
            )
        return self._unknown

    def words(self) -> list[str]:
        """The words of the free texts."""
        return words_of(self._folded())

    def _folded(self) -> str:
        if self._said is None:
            self._said = fold(f"{self.transfer.reference} {self.transfer.text}")
        return self._said


def read(transfer: Transfer, names: Names, references: References) -> Reading:
    """The tokens of a transfer and what they name."""
    tokens = written(transfer.reference) if transfer.reference else {}
    if transfer.text and transfer.text != transfer.reference:
        for token, how in written(transfer.text).items():
            if tokens.get(token, 9) > how:
                tokens[token] = how
    core = names.core(transfer.counterparty_name) if transfer.counterparty_name else ""
    account = account_of(transfer.counterparty_iban) if transfer.counterparty_iban else ""
    reading = Reading(transfer, tokens, core, account)
    if tokens:
        _find(reading, references)
    return reading


def loosely(reading: Reading, invoice: Invoice) -> tuple[int, str]:
    """How an invoice that no token names is nearly named: the fact, and the token."""
    long, few = reading.long, reading.few
    if not long and not few:
        return 0, ""
    best, by = 0, ""
    ocr, number = key_of(invoice.ocr), digits_of(invoice.number)
    for token in long:
        for key in (ocr, number):
            if abs(len(key) - len(token)) > 2 or len(key) < LEAST_NEAR:
                continue
            if key is ocr and token in {ocr[:-1], ocr[:-2]}:
                return facts.CHECKLESS, token
            away = OSA.distance(token, key, score_cutoff=2)
            if away <= 1:
                best, by = facts.EDIT1, token
            elif away == 2 and not best and min(len(token), len(key)) >= LEAST_EDIT2:
                best, by = facts.EDIT2, token
    if not best and few:
        last = last_digits(invoice.number).lstrip("0")
        if last and last in few:
            return facts.FEW_DIGITS, last
    return best, by


def nearly_named(reading: Reading, invoices: Sequence[Invoice], most: int) -> list[Invoice]:
    """Of many invoices those whose OCR is two strokes or less from a token that may be mistyped."""
    invoices = sorted(invoices, key=lambda invoice: invoice.invoice_id)
    references = [invoice.ocr for invoice in invoices]
    found: dict[int, None] = {}
    for token in reading.long:
        near = process.extract(
            token, references, scorer=OSA.distance, score_cutoff=2, limit=most, processor=None
        )
        found.update(dict.fromkeys(place for _, _, place in near))
    return [invoices[place] for place in sorted(found)]


def month_named(reading: Reading, invoice: Invoice) -> bool:
    """True when the text names the month in which an invoice was issued."""
    return invoice.issued_on is not None and invoice.issued_on.month in reading.months


def _find(reading: Reading, references: References) -> None:
    """Name invoices by tokens, the longest first; parts of a token that named one name no other."""
    tokens, hits = reading.tokens, reading.hits
    taken: list[str] = []
    for token in sorted(tokens, key=len, reverse=True) if len(tokens) > 1 else tokens:
        bearers = references.named(token)
        strong = bool(bearers)
        if not strong:
            bearers = references.ending(token)
        if not bearers or len(bearers) > MOST_BEARERS:
            continue
        absorbed = any(token in longer for longer in taken)
        for invoice in bearers:
            if absorbed and invoice.invoice_id not in hits:
                continue
            found = _how(token, tokens[token], invoice, strong=strong)
            found |= facts.SHARED if len(bearers) > 1 else 0
            known = hits.get(invoice.invoice_id)
            if known is None or _rank(found) < _rank(known.facts):
                hits[invoice.invoice_id] = Hit(invoice, found, token)
        if not absorbed:
            taken.append(token)


def _how(token: str, how: int, invoice: Invoice, *, strong: bool) -> int:
    """The facts of one token on one invoice."""
    if how == FIXED:
        return facts.EDIT1
    if not strong or (len(token) < SHORTEST_STRONG and token.isdigit()):
        found = facts.SHORT
    elif invoice.ocr == token or key_of(invoice.ocr).lstrip("0") == token.lstrip("0"):
        found = facts.OCR
    else:
        found = facts.NUMBER
    if how == PIECE:
        return found | facts.INSIDE
    return found | facts.PIECED if how == JOINED else found


def _rank(found: int) -> int:
    """Order of hits on one invoice: inside others last, then shared, then by kind."""
    kinds = (facts.OCR, facts.NUMBER, facts.SHORT, facts.EDIT1)
    kind = next(place for place, bit in enumerate(kinds) if found & bit)
    return 20 * bool(found & facts.INSIDE) + 10 * bool(found & facts.SHARED) + kind


def _months_in(text: str) -> set[int]:
    """The months that a folded text names."""
    found = {_MONTH_OF[word] for word in words_of(text) if word in _MONTH_OF}
    if "20" in text:
        for pattern in (_YEAR_MONTH, _MONTH_YEAR):
            found |= {int(month) for month in pattern.findall(text)}
    return found
