"""Writing a draft: its lines with price, discount and tax, and what they add up to (INV.2–3)."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import streamlit as st

from core.errors import BadInput
from core.invoices.actions import WRITTEN, DraftInvoice, create_draft, edit_draft
from core.invoices.detail import InvoiceDetail, InvoiceLineRow, invoice_detail
from core.invoices.models import Invoice
from core.invoices.rules import NewLine, Tax
from core.money import units_text
from core.office import office
from core.rehearsal import Document, Line
from core.settings import settings
from core.subscriptions.detail import tenant_names, tenant_page
from core.typed import typed_minor, typed_number
from core.work import Work
from pages.admin import receipts
from pages.billing.form import Form
from pages.parts import confirm, viewer, written
from pages.receivables import words
from pages.receivables.asking import Ask, Values, carried_out, rehearsed

MOST_LINES = 50
LONGEST_NOTE = 500
ROWS = "draft-lines"
WIDTHS = (4.4, 1.3, 1.9, 1.8, 2.7, 2.1, 0.6)
TITLES = ("Description", "Quantity", "Unit price", "Discount", "Tax", "Price", "")
TAXES = {
    "own": "By country",
    "25 standard": "25%",
    "12 reduced": "12%, reduced",
    "6 reduced": "6%, reduced",
    "0 zero": "0%, zero rate",
    "0 reverse_charge": "0%, reverse charge",
    "0 exempt": "0%, exempt",
    "0 outside": "0%, outside the scope",
}
PRICES = {False: "Plus tax", True: "With tax"}
TITLE = '<p class="muted" style="margin: 0; font-size: .8125rem">{}</p>'


@dataclass(frozen=True)
class Sheet:
    """A draft as it was seen, or none yet; and the tenants to write one for."""

    found: InvoiceDetail | None
    tenants: dict[int, str]

    @property
    def name(self) -> str:
        """What the form's fields are called after."""
        return "edit" if self.found else "new"


def _seen_new(_subject: str) -> Sheet:
    with office().work(viewer.current_actor()) as work:
        return Sheet(None, tenant_names(work))


def _seen(subject: str) -> Sheet:
    with office().work(viewer.current_actor()) as work:
        return Sheet(invoice_detail(work, subject), {})


def _fields(form: Form, sheet: Sheet) -> Values:
    left, right = st.columns(2)
    tenant_id = 0
    if sheet.found is None:
        with left:
            names = {str(number): name for number, name in sheet.tenants.items()}
            chosen = form.choice(
                "tenant", "Tenant", ["", *names], lambda given: names.get(given, "Choose a tenant")
            )
        tenant_id = int(chosen or 0)
    with right if sheet.found is None else left:
        usual = sheet.found.row.type if sheet.found else WRITTEN[0]
        kind = form.choice("type", "Type", WRITTEN, words.TYPES.__getitem__, usual)
    if sheet.found is None and not tenant_id:
        raise BadInput("Choose the tenant")
    currency = sheet.found.row.currency if sheet.found else _currency(tenant_id)
    lines = _lines(sheet.found, currency)
    off, days = _terms(sheet.found, currency)
    note = st.text_area(
        "Note on the invoice",
        sheet.found.note if sheet.found else "",
        key=f"{sheet.name}-note",
        max_chars=LONGEST_NOTE,
        height=68,
    )
    rounding = sheet.found.rounding if sheet.found else "line"
    draft = DraftInvoice(lines, kind, days, rounding, note=note or "", **off)
    return {"tenant_id": tenant_id, "draft": draft}


def _terms(found: InvoiceDetail | None, currency: str) -> tuple[dict[str, Any], int | None]:
    """The discount on the whole, and the days until it is due, None for the usual terms."""
    left, right, _ = st.columns((1, 1, 2))
    usual = units_text(found.discount_minor, currency) if found and found.discount_minor else ""
    whole = left.text_input(
        "Discount on the whole", usual, key="draft-whole", max_chars=20, placeholder="10% or 5"
    )
    days = right.number_input(
        "Due after days", 0, 3650, found.due_days if found else None, key="draft-days",
        placeholder=str(settings().payment_terms_days),
    )  # fmt: skip
    return _discount(str(whole).strip(), "The discount on the whole", currency), days


def _discount(text: str, what: str, currency: str) -> dict[str, Any]:
    """A discount as a draft takes it, from `10%` or an amount in units."""
    if text.endswith("%"):
        return {"discount_percent": _decimal(text.removesuffix("%"), what)}
    return {"discount_minor": typed_minor(text or "0", currency)}


def _currency(tenant_id: int) -> str:
    with office().work(viewer.current_actor()) as work:
        return tenant_page(work, tenant_id).tenant.currency


def _lines(found: InvoiceDetail | None, currency: str) -> tuple[NewLine, ...]:
    """The lines as the fields have them. Raises BadInput naming the line that is wrong."""
    written = dict(enumerate(found.lines, start=1)) if found else {}
    numbers = _numbers(list(written) or [1])
    titles = st.columns(WIDTHS)
    for column, title in zip(titles, TITLES, strict=True):
        code = f" ({currency})" if title == "Unit price" else ""
        column.html(TITLE.format(f"{title}{code}"))
    given = [
        (number, _row(number, _begin(written.get(number), currency), len(numbers) > 1))
        for number in numbers
    ]
    st.button(
        "Add a line",
        key="draft-add",
        on_click=_add,
        args=(numbers,),
        disabled=len(numbers) >= MOST_LINES,
    )
    return tuple(
        _line(place, fields, written.get(number), currency)
        for place, (number, fields) in enumerate(given, start=1)
    )


def _numbers(first: list[int]) -> list[int]:
    """The lines of the open dialog by number, which stays theirs when others go."""
    opened = st.session_state[confirm.JOB]["key"]
    held: tuple[str, list[int]] | None = st.session_state.get(ROWS)
    if held is None or held[0] != opened:
        held = st.session_state[ROWS] = (opened, first)
    return held[1]


def _row(number: int, begin: dict[str, Any], may_go: bool) -> dict[str, Any]:
    """The fields of a line, which begin with what was written."""
    boxes = st.columns(WIDTHS, vertical_alignment="center")

    def typed(place: int, name: str, example: str = "") -> str:
        given = boxes[place].text_input(
            f"{TITLES[place]} of line {number}",
            begin.get(name, ""),
            key=f"draft-{name}-{number}",
            max_chars=200 if name == "description" else 20,
            placeholder=example,
            label_visibility="collapsed",
        )
        return str(given).strip()

    fields: dict[str, Any] = {
        "description": typed(0, "description", "What is billed"),
        "quantity": typed(1, "quantity", "1"),
        "unit": typed(2, "unit", "100.00"),
        "discount": typed(3, "discount", "10% or 5"),
    }
    usual = str(begin.get("tax", "own"))
    taxes = list(dict.fromkeys([*TAXES, usual]))
    fields["tax"] = boxes[4].selectbox(
        f"Tax of line {number}",
        taxes,
        taxes.index(usual),
        key=f"draft-tax-{number}",
        format_func=_tax_title,
        label_visibility="collapsed",
    )
    fields["inclusive"] = boxes[5].selectbox(
        f"Price of line {number}",
        list(PRICES),
        int(bool(begin.get("inclusive"))),
        key=f"draft-inclusive-{number}",
        format_func=PRICES.__getitem__,
        label_visibility="collapsed",
    )
    boxes[6].button(
        "✕", key=f"draft-remove-{number}", on_click=_remove, args=(number,),
        disabled=not may_go, help=f"Remove line {number}", type="tertiary",
    )  # fmt: skip
    return fields


def _begin(line: InvoiceLineRow | None, currency: str) -> dict[str, Any]:
    if line is None:
        return {}
    return {
        "description": line.description,
        "quantity": f"{line.quantity.normalize():f}",
        "unit": units_text(line.unit_minor, currency),
        "discount": units_text(line.own_discount_minor, currency)
        if line.own_discount_minor
        else "",
        "tax": f"{line.tax_percent.normalize():f} {line.tax_category}",
        "inclusive": line.tax_inclusive,
    }


def _tax_title(given: str) -> str:
    if given in TAXES:
        return TAXES[given]
    percent, _, category = given.partition(" ")
    return words.tax(Decimal(percent), category)


def _line(
    place: int, given: dict[str, Any], written: InvoiceLineRow | None, currency: str
) -> NewLine:
    if not given["description"] or not given["unit"]:
        raise BadInput(f"Line {place} needs a description and a unit price")
    tax = None
    if given["tax"] != "own":
        percent, _, category = given["tax"].partition(" ")
        tax = Tax(Decimal(percent), category)
    line = NewLine(
        given["description"],
        typed_minor(given["unit"], currency),
        _decimal(given["quantity"] or "1", f"The quantity of line {place}"),
        tax=tax,
        tax_inclusive=given["inclusive"],
    )
    if written:
        line = replace(
            line,
            plan_id=written.plan_id,
            service_start=written.service_start,
            service_end=written.service_end,
        )
    return replace(line, **_discount(given["discount"], f"The discount of line {place}", currency))


def _decimal(text: str, what: str) -> Decimal:
    try:
        return typed_number(text)
    except BadInput as problem:
        raise BadInput(f"{what}: {problem}") from problem


def _add(numbers: list[int]) -> None:
    numbers.append(max(numbers) + 1)


def _remove(number: int) -> None:
    _, numbers = st.session_state[ROWS]
    if number in numbers:
        numbers.remove(number)


def _foresee(sheet: Sheet, values: Values) -> Document:
    def do(work: Work) -> Invoice:
        return _write(work, sheet, values, None)

    return rehearsed(do, lambda _work, made: _document(made))[1]


def _write(work: Work, sheet: Sheet, values: Values, key: str | None) -> Invoice:
    draft: DraftInvoice = values["draft"]
    if sheet.found is None:
        return create_draft(work, values["tenant_id"], draft, key=key)
    row = sheet.found.row
    return edit_draft(work, row.id, draft, seen_total_minor=row.total_minor, key=key)


def _document(made: Invoice) -> Document:
    """A draft as it stands, in plain values."""
    return Document(
        made.type, made.reason, made.currency, made.net_minor, made.tax_minor, made.total_minor,
        0, made.created_at.date(),
        [
            Line(
                line.description, line.quantity, line.unit_minor, line.net_minor,
                line.tax_percent, line.tax_minor, line.total_minor, None, None,
            )
            for line in made.lines
        ],
    )  # fmt: skip


def _draw(_sheet: Sheet, _values: Values, effect: Document) -> None:
    written.document("Invoice", effect)
    st.html('<p class="muted">It is a draft until it is sent: no number, nothing in the books.</p>')


def _do(sheet: Sheet, values: Values, effect: Document, _reason: str, key: str) -> str:
    made = carried_out(lambda work: _write(work, sheet, values, key))
    total = words.money(effect.total_minor, effect.currency)
    if sheet.found is None:
        tenant = sheet.tenants[made.tenant_id]
        told = f"A draft over {total} for {tenant} is written"
        return receipts.keep(told, "billing.invoice.drafted")
    return receipts.keep(f"The draft is changed, its total is {total}", "billing.invoice.edited")


NEW = Ask(
    "new-invoice",
    "New invoice",
    "Save the draft",
    _seen_new,
    _fields,
    _foresee,
    _draw,
    _do,
    needs="saas.invoices.manage",
).step()
EDIT = Ask(
    "edit-invoice",
    "Edit the draft",
    "Save the draft",
    _seen,
    _fields,
    _foresee,
    _draw,
    _do,
    needs="saas.invoices.manage",
).step()
