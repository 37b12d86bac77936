"""Which column of a file is which field: proposed by its headings, remembered from before (IMP)."""

import csv
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.actions import action
from core.errors import BadInput
from core.imports.kinds import KINDS
from core.imports.models import ImportMapping
from core.imports.reading import FileRefused, Problem, Reading, opened
from core.work import Work

LONGEST_HEADINGS = 4_000
_BETWEEN = "\x1f"
_ALSO = {
    "tenant_id": ("customer_id", "customer", "account_id", "tenant", "organisation_id"),
    "name": ("customer_name", "company", "tenant_name"),
    "country": ("country_code",),
    "email": ("billing_email", "e_mail"),
    "signed_up_on": ("signed_up", "created", "created_at", "signup_date"),
    "subscription_id": ("subscription", "contract_id"),
    "plan": ("plan_name", "product"),
    "started_on": ("start", "start_date", "started"),
    "ended_on": ("end", "end_date", "ended"),
    "cancelled_on": ("canceled_on", "cancelled", "canceled_at"),
    "invoice_id": ("invoice", "id"),
    "number": ("invoice_number", "invoice_no"),
    "issued_on": ("date", "invoice_date", "issue_date"),
    "due_on": ("due_date",),
    "amount_minor": ("amount", "total", "gross"),
    "tax_minor": ("tax", "vat"),
    "price_minor": ("price", "amount"),
    "balance_minor": ("balance",),
    "paid_on": ("date", "payment_date"),
    "payment_id": ("payment", "transaction_id", "id"),
    "rate_to_eur": ("rate",),
}
"""What else a field is called in files people bring."""


@dataclass(frozen=True)
class Sheet:
    """The headings of a file and its first rows, as they stand."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sheet_of(data: bytes, most_rows: int) -> Sheet:
    """The first rows of a file. Raises FileRefused when it cannot be read at all."""
    reader = opened(data)
    try:
        found = [
            tuple(cell.strip() for cell in row)
            for row, _ in zip(reader, range(most_rows + 1), strict=False)
        ]
    except csv.Error as problem:
        raise FileRefused([Problem(reader.line_num, "", f"broken CSV: {problem}")]) from problem
    if not found:
        raise FileRefused([Problem(1, "", "the file is empty")])
    return Sheet(found[0], tuple(found[1:]))


def propose(kind: str, headings: Sequence[str]) -> dict[str, str]:
    """A column for each field whose name, or another word for it, stands among the headings."""
    plain = {_plain(heading): heading for heading in reversed(headings)}
    found: dict[str, str] = {}
    for field in _fields(kind):
        words = (field, field.removesuffix("_minor"), *_ALSO.get(field, ()))
        column = next((plain[word] for word in words if word in plain), None)
        if column is not None and column not in found.values():
            found[field] = column
    return found


def remembered(work: Work, kind: str, headings: Sequence[str]) -> Reading | None:
    """How the last file with these headings was read. Needs `billing.write`."""
    work.require("billing.write")
    kept = work.session.scalar(
        select(ImportMapping.reading).where(
            ImportMapping.kind == kind, ImportMapping.headings == _BETWEEN.join(headings)
        )
    )
    if kept is None:
        return None
    fields = set(_fields(kind))
    columns = {name: str(column) for name, column in kept["columns"].items() if name in fields}
    return Reading(columns, kept["date_format"], bool(kept["units"]))


@action("import.mapping.kept", needs="billing.write")
def keep_mapping(work: Work, kind: str, headings: tuple[str, ...], reading: Reading) -> None:
    """Remember how a file was read. Raises BadInput for headings that are too long to be some."""
    joined = _BETWEEN.join(headings)
    if kind not in KINDS or len(joined) > LONGEST_HEADINGS or "\x00" in joined:
        raise BadInput("These headings cannot be remembered")
    values = {
        "kind": kind,
        "headings": joined,
        "reading": asdict(reading),
        "changed_at": work.now,
        "changed_by": work.actor.user_id,
    }
    work.session.execute(
        insert(ImportMapping)
        .values(values)
        .on_conflict_do_update(index_elements=["kind", "headings"], set_=values)
    )
    work.tell(kind=kind, columns=len(reading.columns))


def _fields(kind: str) -> list[str]:
    return [field.name for field in KINDS[kind]]


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", heading.lower()).strip("_")
