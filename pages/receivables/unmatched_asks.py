"""The dialogs of the inbox: own amounts for one transfer, and all certain ones at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.actions import SHORTEST_REASON
from core.errors import BadInput, ChangedMeanwhile, NotFound, NotNow
from core.inbox.deciding import Share, assign_transfer
from core.inbox.listing import UnmatchedRow, certain, one_unmatched
from core.inbox.suggesting import Proposal
from core.invoices.listing import InvoiceRow, one_invoice
from core.office import office
from core.payments.models import Payment
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
from pages.receivables.asking import Ask, Values, carried_out, rehearsed
from pages.receivables.effects import Effect

ASSIGNED = "bank.transfer.assigned"
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
    """A transfer to split, and the tenants to choose from."""

    row: UnmatchedRow
    tenants: dict[int, str]


def split() -> Step:
    """The dialog that takes own amounts for one transfer."""
    return replace(_SPLIT, reason=_asks_reason())


def bulk() -> Step:
    """The dialog that assigns all certain transfers."""
    return replace(_BULK, reason=_asks_reason())


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
        return Splitting(row, tenant_names(work))


def _fields(form: Form, found: Splitting) -> Values:
    row = found.row
    amount = words.money(row.amount_minor, row.currency)
    effects.say(f"{amount} from {queue.payer(row)}", queue.message(row))
    offer = desk.chosen(row)
    tenant_id = _tenant(form, found, offer)
    with office().work(viewer.current_actor()) as work:
        owed = payment_asks.open_of(work, tenant_id, row.currency)
    usual: dict[int, int] = {}
    if offer and offer.tenant_id == tenant_id:
        usual = {each.id: each.part_minor for each in offer.invoices if each.part_minor}
    parts = payment_asks.parts_of(form, owed, usual)
    shares = tuple(Share(part.invoice_id, part.amount_minor) for part in parts)
    return {"shares": shares, "owed": owed}


def _tenant(form: Form, found: Splitting, offer: Proposal | None) -> int:
    """By the number of one of its invoices, or by its name."""
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
        number = form.words("number", "Or the number of an invoice of another tenant")
    if number:
        with office().work(viewer.current_actor()) as work:
            return one_invoice(work, number, None).tenant_id
    if not picked:
        raise BadInput("Choose the tenant")
    return int(picked)


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
    totals: dict[str, int] = {}
    body = []
    for row in found:
        assert row.best is not None
        totals[row.currency] = totals.get(row.currency, 0) + row.amount_minor
        body.append(
            [
                Cell(formats.day(row.booked_on)),
                Cell(queue.payer(row)),
                Cell(queue.numbers(row.best)),
                Cell(row.best.tenant_name),
                Cell(formats.percent(row.best.probability)),
                Cell(words.money(row.amount_minor, row.currency), tone="strong"),
            ]
        )
    tables.html(SUMMARY, body, label="Certain transfers")
    sums = ", ".join(words.money(minor, code) for code, minor in sorted(totals.items()))
    count = "1 transfer" if len(found) == 1 else f"{len(found)} transfers"
    st.html(f"<p><b>{count}, {sums}.</b> Each is posted by itself and can be undone by itself.</p>")


def _assign_all(found: Sequence[UnmatchedRow], reason: str, key: str) -> str:
    """Assign each in a transaction of its own; what is refused is said row by row."""
    reason, done, left = reason or desk.given_reason(), 0, []
    for row in found:
        assert row.best is not None
        shares = desk.shares_of(row.best)
        try:
            with office().work(viewer.current_actor()) as work:
                assign_transfer(work, row.id, shares, reason=reason, key=f"{key}-{row.id}")
        except (BadInput, ChangedMeanwhile, NotFound, NotNow) as problem:
            amount = words.money(row.amount_minor, row.currency)
            left.append(f"{amount} from {queue.payer(row)} was left: {problem}")
        else:
            done += 1
    st.session_state[desk.REFUSED] = left
    desk.decided(desk.Order("several", 0, "", key))
    told = "1 transfer is assigned" if done == 1 else f"{done or 'No'} transfers are assigned"
    return receipts.keep(told, ASSIGNED)


_SPLIT = Ask(
    "split-transfer", "Split the transfer", "Assign it", _seen, _fields, _foresee, _draw, _split,
    fresh=True,
).step()  # fmt: skip
_BULK = Step(
    "assign-certain", "Assign the certain ones", "Assign them all", _certain, _summary, _assign_all
)
