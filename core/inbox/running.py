"""Posting certain transfers without a person, while that is switched on (UNM.4)."""

from dataclasses import dataclass

from sqlalchemy import text

from core.access.authority import system
from core.errors import BadInput, ChangedMeanwhile, NotFound, NotNow
from core.inbox.choosing import chosen
from core.inbox.deciding import auto_assign_transfer
from core.inbox.standing import standing_book, transfer_of
from core.matching.batch import suggest_all
from core.work import Office, Work

_WAITING = text("""
-- Open transfers that no person ever decided; one row each; minor units.
select u.id as unmatched_id, b.id, b.booked_on, b.amount_minor, b.currency, b.reference, b.text,
  b.counterparty_name, b.counterparty_account
from unmatched_bank_transfer u join bank_transfer b on b.id = u.bank_transfer_id
where u.status = 'open' and u.undone_at is null order by b.booked_on, b.id
""")


@dataclass(frozen=True)
class AutoAssigned:
    """What a run did: payment by transfer, and how many were left to a person."""

    enabled: bool
    assigned: dict[int, int]
    left: int


def run_auto_assign(office: Office) -> AutoAssigned:
    """Post the certain transfers, each in a transaction of its own; nothing while switched off.

    Whoever decides one of them meanwhile wins; it is then left alone.
    """
    with office.work(system("auto-assign")) as work:
        choice = chosen(work)
        if choice is None or not choice.enabled:
            return AutoAssigned(False, {}, 0)
        certain, waiting = _certain(work, float(choice.least_probability))
    assigned: dict[int, int] = {}
    for unmatched_id, invoice_ids in certain:
        try:
            with office.work(system("auto-assign")) as work:
                assigned[unmatched_id] = auto_assign_transfer(work, unmatched_id, invoice_ids).id
        except (BadInput, ChangedMeanwhile, NotFound, NotNow):
            continue
    return AutoAssigned(True, assigned, waiting - len(assigned))


def _certain(work: Work, least: float) -> tuple[list[tuple[int, tuple[int, ...]]], int]:
    rows = work.session.execute(_WAITING).all()
    with standing_book(work).of(work) as book:
        found = suggest_all(book, [transfer_of(row) for row in rows])
    return [
        (row.unmatched_id, tuple(int(one) for one in offers[0].invoice_ids))
        for row, offers in zip(rows, found, strict=True)
        if offers and offers[0].auto and offers[0].probability >= least
    ], len(rows)
