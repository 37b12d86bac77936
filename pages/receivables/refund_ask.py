"""A refund in two steps: what it would do to invoices, books and fees, then the money (REF.1–2)."""

from dataclasses import dataclass

from core.credit_notes.queries import NoteFilters, NoteRow, credit_notes
from core.errors import BadInput, ChangedMeanwhile, NotNow
from core.gateways.registry import BY_HAND
from core.money import units_text
from core.office import office
from core.payments.detail import PaymentDetail
from core.refunds.actions import LIVE, Ask
from core.refunds.previews import RefundPreview, preview_refund
from core.refunds.run import execute
from core.settings import settings
from pages.admin import receipts
from pages.billing.form import Form
from pages.parts import formats, states, viewer, written
from pages.receivables import asking, effects, words
from pages.receivables.asking import Values, begin
from pages.receivables.payment_asks import payment_of

ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}
REFUNDABLE = ("captured", "partially_refunded")


@dataclass(frozen=True)
class Sheet:
    """A payment as it was seen, and the tenant's credit notes that left something."""

    found: PaymentDetail
    notes: list[NoteRow]


def rooms(sheet: Sheet) -> dict[str, int]:
    """The treatments there are for a payment, and how much can go back with each."""
    found, row = sheet.found, sheet.found.row
    if row.provider == "credit" or row.status not in REFUNDABLE:
        return {}
    if row.provider == "wallet":
        held = {"credit_note": found.refundable_minor}
    else:
        held = {
            "credit_note": found.refundable_minor,
            "reopen": found.reopenable_minor,
            "credit": row.credit_minor,
            "note": found.reopenable_minor if sheet.notes else 0,
        }
    return {name: minor for name, minor in held.items() if minor > 0}


def seen(subject: str) -> Sheet:
    """The payment a dialog is about."""
    with office().work(viewer.current_actor()) as work:
        found = payment_of(work, subject)
        wanted = NoteFilters(status="issued", tenant_id=found.row.tenant_id)
        notes = credit_notes(work, wanted, limit=500).rows
    held = [each for each in notes if each.left_minor and each.currency == found.row.currency]
    return Sheet(found, held)


def _fields(form: Form, sheet: Sheet) -> Values:
    row, held = sheet.found.row, rooms(sheet)
    if not held:
        raise NotNow("Nothing of this payment can go back")
    treatment = form.radio("treatment", "How", {name: words.TREATMENTS[name] for name in held})
    note, most = None, held[treatment]
    if treatment == "note":
        note = _note(form, sheet)
        most = min(most, note.left_minor)
    begin(form, f"amount-{treatment}", units_text(most, row.currency))
    told = f"At most {words.money(most, row.currency)}"
    amount = form.amount(f"amount-{treatment}", "Amount", row.currency, told)
    notify = row.provider != "wallet" and form.yes("notify", "Tell the tenant by e-mail")
    if not amount:
        raise BadInput("Give the amount that goes back")
    if amount > most:
        raise BadInput(f"{told} can go back this way")
    ask = Ask(row.id, amount, treatment, note.id if note else None, notify=notify)
    return {"ask": ask}


def _note(form: Form, sheet: Sheet) -> NoteRow:
    known = {str(each.id): each for each in sheet.notes}

    def title(given: str) -> str:
        each = known[given]
        return f"{each.number}, {words.money(each.left_minor, each.currency)} left"

    return known[form.choice("note", "Credit note", list(known), title)]


def _foresee(_sheet: Sheet, values: Values) -> RefundPreview:
    return preview_refund(office(), viewer.current_actor(), values["ask"])


def _draw(sheet: Sheet, _values: Values, effect: RefundPreview) -> None:
    effects.say(*_said(effect))
    for told in _earlier(sheet, effect):
        states.notice("warn", told)
    effects.changes(effect.invoices, effect.currency)
    for document in effect.written.credit_notes:
        written.document("Credit note", document)
    written.postings(effect.written.postings)


def _said(effect: RefundPreview) -> list[str]:
    """What happens, in sentences."""
    told = [_way(effect), effect.words]
    if effect.fee_minor:
        kept = words.money(effect.fee_minor, effect.currency)
        told.append(f"{words.PROVIDERS[effect.provider]} keeps its fee of {kept}.")
    if effect.credit_minor != effect.credit_after_minor:
        after = words.money(effect.credit_after_minor, effect.currency)
        told.append(f"Credit left on the payment afterwards: {after}.")
    return told


def _way(effect: RefundPreview) -> str:
    """How the money gets back."""
    back = words.money(effect.amount_minor, effect.currency)
    if effect.provider == "wallet":
        return f"{back} goes back to the tenant's wallet at once."
    if effect.provider in BY_HAND:
        return f"{back} goes back by a bank transfer that you make yourself; Saldo moves no money."
    return f"{back} goes back through {words.PROVIDERS[effect.provider]}."


def _earlier(sheet: Sheet, effect: RefundPreview) -> list[str]:
    """What went back of the payment before, and whether this repeats one of one's own."""
    zone = settings().billing_timezone
    told = [
        f"{words.money(each.amount_minor, effect.currency)} "
        + ("went back" if each.status == "succeeded" else "is on its way back since")
        + f" on {formats.instant(each.requested_at, zone)}."
        for each in effect.earlier
    ]
    if effect.nth == 1:
        return told
    viewing = viewer.current_viewer()
    own = [
        each
        for each in sheet.found.refunds
        if viewing and each.by == viewing.email and each.status in LIVE
        and each.amount_minor == effect.amount_minor
    ]  # fmt: skip
    when = f" on {formats.instant(own[-1].requested_at, zone)}" if own else " before"
    nth = ORDINALS.get(effect.nth, f"{effect.nth}th")
    return [
        *told,
        f"You refunded this amount of this payment{when}: this would be a {nth} refund.",
    ]


def _do(sheet: Sheet, values: Values, effect: RefundPreview, reason: str, key: str) -> str:
    ask: Ask = values["ask"]
    numbered = Ask(**{**vars(ask), "nth": effect.nth})
    actor = viewer.current_actor()
    refund = execute(office(), actor, numbered, reason=reason, key=key)
    if refund.status == "failed":
        raise ChangedMeanwhile(f"Nothing went back, it was refused: {refund.failure}")
    back = words.money(refund.amount_minor, refund.currency)
    who = sheet.found.row.tenant_name
    told = f"{back} went back to {who}"
    if refund.status == "pending":
        told = f"{back} to {who} is on its way; the gateway has not answered yet"
    event = "saas.wallet.refunded" if effect.provider == "wallet" else "refund.requested"
    return receipts.keep(told, event)


REFUND = asking.Ask(
    "refund",
    "Refund",
    "Refund it",
    seen,
    _fields,
    _foresee,
    _draw,
    _do,
    fresh=True,
    reason=True,
    needs="sys_finance",
).step()
