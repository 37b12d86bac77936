"""A file of transfers against one book: each invoice is posted by itself at most once."""

from collections.abc import Sequence
from dataclasses import replace

from core.matching.book import Book, no_collecting
from core.matching.records import Suggestion, Transfer

TAKEN = "An earlier transfer of the file pays this invoice by itself already"


def suggest_all(book: Book, transfers: Sequence[Transfer]) -> list[list[Suggestion]]:
    """The suggestions of every transfer, in the order given.

    Of several transfers that would be posted to an invoice the earliest is; the others keep their
    suggestions and say why a person has to look.
    """
    with no_collecting():
        found = [book.suggest(transfer) for transfer in transfers]
    taken: set[str] = set()
    order = sorted(
        range(len(transfers)), key=lambda at: (transfers[at].booked_on, transfers[at].transfer_id)
    )
    for at in order:
        if not found[at] or not found[at][0].auto:
            continue
        first = found[at][0]
        if taken.isdisjoint(first.invoice_ids):
            taken.update(first.invoice_ids)
        else:
            found[at][0] = replace(first, auto=False, reasons=(*first.reasons, TAKEN))
    return found
