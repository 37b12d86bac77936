"""The dialogs of the inbox: own amounts for one transfer; several assigned or undone at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.actions import SHORTEST_REASON
from core.errors import BadInput, ChangedMeanwhile, NotFound, NotNow
from core.inbox.deciding import Share, assign_transfer
from core.inbox.listing import (
    UnmatchedFilters,
    UnmatchedRow,
    certain,
    named_invoices,
    one_unmatched,
    unmatched,
)
from core.inbox.several import Several, assign_several, undo_several
from core.inbox.suggesting import Beside, Proposal
from core.invoices.listing import InvoiceRow, one_invoice
from core.office import office
from core.payments.models import Payment
from core.payments.rules import Part, spread
from core.subscriptions.detail import tenant_names
from core.work import Work
from pages.admin import receipts
from pages.billing import look
from pages.billing.form import Form
from pages.parts import formats, states, tables, url, viewer
from pages.parts.confirm import Step
from pages.parts.tables import Cell, Column
from pages.receivables import effects, payment_asks, words
from pages.receivables import unmatched_desk as desk
from pages.receivables import unmatched_queue as queue
from pages.receivables.asking import Ask, Values, begin, carried_out, rehearsed
from pages.receivables.effects import Effect

ASSIGNED, UNDONE = "bank.transfer.assigned", "bank.transfer.undone"
MOST_UNDONE = 50
"""Automatic postings offered in one dialog, the latest ones."""
SUMMARY = (
    Column("Transfer", words=True),
    Column("Payer", words=True),
    Column("Invoice", words=True),
    Column("Tenant", words=True),
    Column("Probability"),
    Column("Amount"),
)


@dataclass(frozen=True)
class Splitting:
    """A transfer to split, the tenants to choose from, and the open invoices that it names."""

    row: UnmatchedRow
    tenants: dict[int, str]
    named: list[Beside]


def split() -> Step:
    """The dialog that takes own amounts for one transfer."""
    return replace(_SPLIT, reason=_asks_reason())


def bulk() -> Step:
    """The dialog that assigns all certain transfers."""
    return replace(_BULK, reason=_asks_reason())


def undoing() -> Step:
    """The dialog that takes back automatic postings."""
    return replace(_UNDO, reason=_asks_reason())


def refused() -> None:
    """What the last run over the certain transfers was refused; said until the next decision."""
    for told in st.session_state.get(desk.REFUSED, ()):
        states.notice("bad", told)


def _asks_reason() -> bool:
    """True while the page holds no reason that is long enough."""
    return len(desk.given_reason()) < SHORTEST_REASON


def _seen(subject: str) -> Splitting:
    try:
        number = url.positive(subject)
    except ValueError:
        raise NotFound("There is no such transfer") from None
    with office().work(viewer.current_actor()) as work:
        row = one_unmatched(work, number)
        if row.status != "open":
            raise ChangedMeanwhile("Somebody else has already decided this transfer")
        return Splitting(row, tenant_names(work), named_invoices(work, number))


def _fields(form: Form, found: Splitting) -> Values:
    row = found.row
    amount = words.money(row.amount_minor, row.currency)
    effects.say(f"{amount} from {queue.payer(row)}", queue.message(row))
    offer = desk.chosen(row)
    others = _of_others(found, offer)
    begin(form, "number", " ".join(each.number for each in others))
    tenant_ids = _tenants(form, found, offer)
    with office().work(viewer.current_actor()) as work:
        owed = [
            each
            for tenant_id in tenant_ids
            for each in payment_asks.open_of(work, tenant_id, row.currency)
        ]
    usual: dict[int, int] = {}
    if offer and offer.tenant_id in tenant_ids:
        usual = {each.id: each.part_minor for each in offer.invoices if each.part_minor}
    left = row.amount_minor - sum(usual.values())
    for part in spread(max(left, 0), [Part(each.id, each.due_minor) for each in others]):
        usual[part.invoice_id] = part.amount_minor
    parts = payment_asks.parts_of(form, owed, usual)
    shares = tuple(Share(part.invoice_id, part.amount_minor) for part in parts)
    return {"shares": shares, "owed": owed}


def _of_others(found: Splitting, offer: Proposal | None) -> list[Beside]:
    """The invoices that the transfer names beside those of the chosen suggestion."""
    if offer is None:
        return found.named
    chosen = {each.id for each in offer.invoices}
    if not chosen & {each.id for each in found.named}:
        return []
    return [each for each in found.named if each.tenant_id != offer.tenant_id]


def _tenants(form: Form, found: Splitting, offer: Proposal | None) -> list[int]:
    """By name, and by the numbers of invoices of others that the transfer pays as well."""
    names = {str(number): name for number, name in found.tenants.items()}
    left, right = st.columns(2)
    with left:
        picked = form.choice(
            "tenant",
            "Tenant",
            ["", *names],
            lambda given: names.get(given, "Choose a tenant"),
            str(offer.tenant_id) if offer else None,
        )
    with right:
        numbers = form.words("number", "And invoices of other tenants, by number")
    chosen = [int(picked)] if picked else []
    with office().work(viewer.current_actor()) as work:
        chosen += [
            one_invoice(work, number, None).tenant_id
            for number in numbers.replace(",", " ").split()
        ]
    if not chosen:
        raise BadInput("Choose the tenant")
    return list(dict.fromkeys(chosen))


def _assign(work: Work, found: Splitting, values: Values, reason: str, key: str | None) -> Payment:
    return assign_transfer(work, found.row.id, values["shares"], reason=reason, key=key)


def _foresee(found: Splitting, values: Values) -> Effect:
    owed: list[InvoiceRow] = values["owed"]

    def read(work: Work, made: Payment) -> payment_asks.Moved:
        work.session.flush()  # what the assignment changed is read with queries
        return payment_asks.moved(work, made, owed)

    written, told = rehearsed(lambda work: _assign(work, found, values, "", None), read)
    return Effect(found.row.currency, written, *told)


def _draw(_found: Splitting, _values: Values, effect: Effect) -> None:
    effects.draw(effect)


def _split(found: Splitting, values: Values, effect: Effect, reason: str, key: str) -> str:
    reason = reason or desk.given_reason()
    carried_out(lambda work: _assign(work, found, values, reason, key))
    amount = words.money(found.row.amount_minor, found.row.currency)
    numbers = " and ".join(each.number or "" for each in effect.changes[:3])
    told = f"{amount} is on {numbers}"
    desk.decided(desk.Order("assign", found.row.id, told, key, values["shares"]))
    return receipts.keep(told, ASSIGNED)


def _certain(_subject: str) -> list[UnmatchedRow]:
    with office().work(viewer.current_actor()) as work:
        found = certain(work)
    if not found:
        raise NotNow("No transfer is certain any more")
    return found


def _summary(found: Sequence[UnmatchedRow]) -> None:
    look.wide_dialog()
    look.long_words()
    totals: dict[str, int] = {}
    body = []
    for row in found:
        assert row.best is not None
        totals[row.currency] = totals.get(row.currency, 0) + row.amount_minor
        body.append(
            [
                Cell(formats.day(row.booked_on)),
                Cell(queue.payer(row), tone="wrap"),
                Cell(queue.numbers(row.best), tone="wrap"),
                Cell(row.best.tenant_name, tone="wrap"),
                Cell(formats.percent(row.best.probability)),
                Cell(words.money(row.amount_minor, row.currency), tone="strong"),
            ]
        )
    tables.html(SUMMARY, body, label="Certain transfers", folds=True)
    sums = ", ".join(words.money(minor, code) for code, minor in sorted(totals.items()))
    count = "1 transfer" if len(found) == 1 else f"{len(found)} transfers"
    st.html(f"<p><b>{count}, {sums}.</b> Each is posted by itself and can be undone by itself.</p>")


def _assign_all(found: Sequence[UnmatchedRow], reason: str, key: str) -> str:
    """Assign each in a transaction of its own; what is refused is said row by row."""
    wanted = [(row.id, desk.shares_of(row.best)) for row in found if row.best]
    actor, why = viewer.current_actor(), reason or desk.given_reason()
    done = assign_several(office(), actor, wanted, reason=why, key=key)
    return _told(done, found, "assigned", key)


def _told(done: Several, found: Sequence[UnmatchedRow], verb: str, key: str) -> str:
    """The receipt of a decision on several; what was left is said row by row."""
    st.session_state[desk.REFUSED] = [
        f"{words.money(row.amount_minor, row.currency)} from {queue.payer(row)} was left: {why}"
        for row in found
        if (why := done.left.get(row.id))
    ]
    desk.decided(desk.Order("several", 0, "", key))
    count = len(done.done)
    told = f"1 transfer is {verb}" if count == 1 else f"{count or 'No'} transfers are {verb}"
    return receipts.keep(told, ASSIGNED if verb == "assigned" else UNDONE)


def _automatic(_subject: str) -> list[UnmatchedRow]:
    with office().work(viewer.current_actor()) as work:
        wanted = UnmatchedFilters(status=None, automatic=True)
        found = unmatched(work, wanted, sort="decided", limit=MOST_UNDONE).rows
    if not found:
        raise NotNow("Nothing was posted automatically")
    return found


def _pick(found: Sequence[UnmatchedRow]) -> None:
    look.wide_dialog()
    st.html("<p>Those you tick wait in the inbox again, and their invoices are owed again.</p>")
    for row in found:
        amount = words.money(row.amount_minor, row.currency)
        where = f"{', '.join(row.invoice_numbers)} of {row.tenant_name}"
        when = formats.day(row.booked_on)
        st.checkbox(f"{amount} from {queue.payer(row)}, {when}, on {where}", key=_picked(row.id))


def _picked(unmatched_id: int) -> str:
    return f"undo-picked-{unmatched_id}"


def _undo_picked(found: Sequence[UnmatchedRow], reason: str, key: str) -> str:
    chosen = [row for row in found if st.session_state.get(_picked(row.id))]
    if not chosen:
        raise BadInput("Tick one transfer at least")
    actor, why = viewer.current_actor(), reason or desk.given_reason()
    done = undo_several(office(), actor, [row.id for row in chosen], reason=why, key=key)
    return _told(done, chosen, "undone", key)


_SPLIT = Ask(
    "split-transfer", "Split the transfer", "Assign it", _seen, _fields, _foresee, _draw, _split,
    fresh=True,
).step()  # fmt: skip
_BULK = Step(
    "assign-certain", "Assign the certain ones", "Assign them all", _certain, _summary, _assign_all
)
_UNDO = Step(
    "undo-automatic", "Undo automatic postings", "Undo those ticked", _automatic, _pick,
    _undo_picked,
)  # fmt: skip
