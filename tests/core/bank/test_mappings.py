"""Mappings of CSV files are kept by name, and who may not bill keeps none."""

from dataclasses import replace

import pytest

from core.bank.mappings import mapping_names, save_mapping, saved_mapping
from core.bank.readers.csv_mapping import CsvMapping
from core.errors import BadInput, NotAllowed, NotFound
from core.work import Office
from tests.builders import a_user, acting

MAPPING = CsvMapping(account="5402-9681", currency="SEK", booked_on="Datum", amount="Belopp")


def test_a_mapping_is_kept_and_replaced_by_name(office: Office) -> None:
    clerk = acting(office, a_user(office, "billing"))
    for mapping in (MAPPING, replace(MAPPING, texts=("Text",))):
        with office.work(clerk) as work:
            save_mapping(work, "  Our  bank ", mapping)
    with office.work(clerk) as work:
        assert [name for name, _ in mapping_names(work)] == ["Our bank"]
        assert saved_mapping(work, "Our bank").texts == ("Text",)
        with pytest.raises(NotFound):
            saved_mapping(work, "Other")


def test_a_mapping_needs_a_name_and_the_right(office: Office) -> None:
    with pytest.raises(BadInput), office.work(acting(office, a_user(office, "billing"))) as work:
        save_mapping(work, " ", MAPPING)
    with pytest.raises(NotAllowed), office.work(acting(office, a_user(office, "cfo"))) as work:
        save_mapping(work, "Our bank", MAPPING)
