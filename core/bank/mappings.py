"""Saved mappings of CSV files: how each bank's export reads, by a name (UNM.1)."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.actions import action
from core.bank.models import BankCsvMapping
from core.bank.readers.csv_mapping import CsvMapping, from_values
from core.errors import BadInput, NotFound
from core.work import Work

LONGEST_NAME = 80
MOST_MAPPINGS = 200


@action("bank.mapping.saved", needs="bank.import")
def save_mapping(work: Work, name: str, mapping: CsvMapping) -> None:
    """Keep a mapping under a name; one that has the name is replaced. Raises BadInput."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or "\x00" in name:
        raise BadInput(f"A mapping's name has 1 to {LONGEST_NAME} characters")
    values = {
        "name": name,
        "mapping": asdict(mapping),
        "changed_at": work.now,
        "changed_by": work.actor.user_id,
    }
    work.session.execute(
        insert(BankCsvMapping)
        .values(values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )
    work.tell(name=name)


def mapping_names(work: Work) -> list[tuple[str, datetime]]:
    """Names of the saved mappings, and when each was changed. Needs billing.read."""
    work.require("billing.read")
    rows = work.session.execute(
        select(BankCsvMapping.name, BankCsvMapping.changed_at)
        .order_by(BankCsvMapping.name)
        .limit(MOST_MAPPINGS)
    ).all()
    return [(name, changed_at) for name, changed_at in rows]


def saved_mapping(work: Work, name: str) -> CsvMapping:
    """The mapping of a name. Needs billing.read; raises NotFound."""
    work.require("billing.read")
    found = work.session.scalar(select(BankCsvMapping.mapping).where(BankCsvMapping.name == name))
    if found is None:
        raise NotFound(f"There is no mapping {name!r}")
    return from_values(found)
