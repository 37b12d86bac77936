"""The book of invoices that transfers are matched with (UNM.2, UNM.4).

    book = Book.of(invoices, history)
    book.suggest(transfer)      # at most five suggestions, best first
    book.put(invoice)           # new, or changed: paid, cancelled, partly paid
    book.learn(assignment)      # a person assigned money of this payer to this tenant
    book.decline(transfer, tenant_id, today)

Pure: no database, no clock; the same invoices in any order give the same answer. Loaded once, a
transfer takes microseconds, also with a million invoices.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from core.matching import facts
from core.matching.amounts import Limits, Tolerances
from core.matching.candidates import Candidate
from core.matching.indexes import Indexes, is_open
from core.matching.payers import Payers
from core.matching.reading import Reading, read
from core.matching.reasons import reasons_of
from core.matching.records import Assignment, Invoice, Suggestion, Transfer
from core.matching.rule import automatic
from core.matching.scoring import Model, decimal_of, shipped_model
from core.matching.weighing import Weighing

MOST_SUGGESTIONS = 5
LEAST_SHOWN = 0.02
"""A less probable invoice is not suggested."""
MOST_CLOSED = 0.8
"""The highest probability of an invoice on which nothing is owed; the payer may mean another."""


class Book:
    """Invoices open and closed, and what was decided about payers."""

    def __init__(self, model: Model | None = None, within: Tolerances | None = None) -> None:
        self._model = model or shipped_model()
        self._within = within or Tolerances()
        self._limits: dict[str, Limits] = {}
        self._indexes = Indexes()
        self._payers = Payers(self._indexes.names)

    @classmethod
    def of(
        cls,
        invoices: Iterable[Invoice],
        history: Iterable[Assignment] = (),
        model: Model | None = None,
        within: Tolerances | None = None,
    ) -> "Book":
        """A book of these invoices that has learnt from past assignments."""
        book = cls(model, within)
        with no_collecting():
            for invoice in invoices:
                book.put(invoice)
            for past in history:
                book.learn(past)
        return book

    def __len__(self) -> int:
        return len(self._indexes)

    def put(self, invoice: Invoice) -> None:
        """Add an invoice or replace the one of its id."""
        self._indexes.put(invoice)

    def learn(self, past: Assignment) -> None:
        """Let a person's assignment count for this payer and tenant."""
        self._payers.learn(past)

    def decline(self, transfer: Transfer, tenant_id: str, on: date) -> None:
        """Let a person's refusal count against this payer and tenant, less with time."""
        self._payers.decline(transfer, tenant_id, on)

    def suggest(self, transfer: Transfer, most: int = MOST_SUGGESTIONS) -> list[Suggestion]:
        """The likeliest invoices of a transfer, best first; empty when nothing fits.

        Money that went out (an amount of zero or less) gets none.
        """
        if transfer.amount_minor <= 0:
            return []
        reading = self._read(transfer)
        candidates = self._scored(reading)
        return [
            Suggestion(
                _ids(each.invoices),
                decimal_of(probability),
                reasons_of(each, reading, self._payers),
                place == 0 and automatic(each, probability, reading),
            )
            for place, (each, probability) in enumerate(self._probable(candidates, most))
        ]

    def named(self, transfer: Transfer) -> list[str]:
        """The open invoices in its currency whose OCR or number a transfer says whole, by id."""
        return sorted(
            key
            for key, hit in self._read(transfer).hits.items()
            if hit.facts & facts.STRONG
            and not hit.facts & (facts.INSIDE | facts.SHARED)
            and is_open(hit.invoice)
            and hit.invoice.currency == transfer.currency
        )

    def weigh(self, transfer: Transfer) -> list[Candidate]:
        """All candidates with facts and share before calibration, best first: for fitting."""
        return self._scored(self._read(transfer))

    def _read(self, transfer: Transfer) -> Reading:
        return read(transfer, self._indexes.names, self._indexes.references)

    def _scored(self, reading: Reading) -> list[Candidate]:
        currency = reading.transfer.currency
        within = self._limits.get(currency)
        if within is None:
            within = self._limits[currency] = self._within.of(currency)
        candidates = Weighing(self._indexes, self._payers, within, reading).candidates()
        if len(candidates) == 1:
            candidates[0].share = self._model.alone(candidates[0].facts)
            return candidates
        shares = self._model.shares([each.facts for each in candidates])
        for each, share in zip(candidates, shares, strict=True):
            each.share = share
        return sorted(candidates, key=_rank)

    def _probable(self, candidates: list[Candidate], most: int) -> list[tuple[Candidate, float]]:
        """The best candidates with their probabilities, which together stay below 1."""
        left = 1.0
        found: list[tuple[Candidate, float]] = []
        for each in candidates[:most]:
            probability = min(self._model.calibrated(each.share), left)
            if each.facts & (facts.CLOSED | facts.VOID):
                probability = min(probability, MOST_CLOSED)
            if probability < LEAST_SHOWN:
                break
            left -= probability
            found.append((each, probability))
        return sorted(found, key=lambda pair: -pair[1]) if len(found) > 1 else found


def _rank(each: Candidate) -> tuple[float, int, int, tuple[str, ...]]:
    """The likelier first; of equals the fewer and older invoices, then the lower id."""
    invoices = each.invoices
    first = invoices[0].due_on
    return (
        -round(each.share, 9),
        len(invoices),
        first.toordinal() if first else 0,
        _ids(invoices),
    )


def _ids(invoices: tuple[Invoice, ...]) -> tuple[str, ...]:
    if len(invoices) == 1:
        return (invoices[0].invoice_id,)
    return tuple([invoice.invoice_id for invoice in invoices])


@contextmanager
def no_collecting() -> Iterator[None]:
    """Without looking for cycles, which the book does not make: it would double the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
