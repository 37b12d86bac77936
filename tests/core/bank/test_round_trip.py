"""What is written into a file is what is read out of it, to the minor unit."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bank.readers import read_bank_file
from core.bank.readers.model import Transaction
from tests.core.bank.making import IBAN, OTHER_IBAN, Made, bgmax, camt, mt940

AMOUNTS = st.integers(1, 10**12).flatmap(lambda n: st.sampled_from([n, -n]))
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
WORDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=12)
TRANSFERS = st.lists(
    st.builds(Made, amount_minor=AMOUNTS, reference=WORDS, booked_on=DAYS, name=WORDS),
    min_size=1,
    max_size=8,
)


def told(read: Transaction) -> tuple[int, str, str, str, date]:
    return (
        read.signed_minor,
        read.reference,
        read.counterparty_name,
        read.counterparty_iban,
        read.booked_on,
    )


def meant(made: Made) -> tuple[int, str, str, str, date]:
    return made.amount_minor, made.reference, made.name, OTHER_IBAN, made.booked_on


@settings(max_examples=60, deadline=None)
@given(TRANSFERS, st.integers(-(10**12), 10**12))
@pytest.mark.parametrize("write", [camt, mt940], ids=["camt.053", "MT940"])
def test_a_statement_is_read_as_it_was_written(write, transfers, opening) -> None:  # type: ignore[no-untyped-def]
    (statement,) = read_bank_file(write(*transfers, opening_minor=opening)).statements
    assert [told(each) for each in statement.transactions] == [meant(each) for each in transfers]
    assert (statement.account, statement.currency) == (IBAN, "EUR")
    closing = opening + sum(each.amount_minor for each in transfers)
    assert (statement.opening_minor, statement.closing_minor) == (opening, closing)
    assert (statement.foots, statement.difference_minor) == (True, 0)
    ids = [each.bank_id for each in statement.transactions]
    assert len(set(ids)) == len(ids)


@settings(max_examples=60, deadline=None)
@given(TRANSFERS, st.integers(-(10**6), 10**6).filter(bool))
@pytest.mark.parametrize("write", [camt, mt940], ids=["camt.053", "MT940"])
def test_a_wrong_closing_balance_never_foots(write, transfers, wrong) -> None:  # type: ignore[no-untyped-def]
    closing = sum(each.amount_minor for each in transfers) + wrong
    (statement,) = read_bank_file(write(*transfers, closing_minor=closing)).statements
    assert (statement.foots, statement.difference_minor) == (False, wrong)


@settings(max_examples=60, deadline=None)
@given(TRANSFERS)
def test_a_deposit_is_read_as_it_was_written(transfers: list[Made]) -> None:
    kept = [each for each in transfers if sum(t.amount_minor for t in transfers) >= 0] or [Made(5)]
    (statement,) = read_bank_file(bgmax(*kept)).statements
    assert [each.signed_minor for each in statement.transactions] == [
        each.amount_minor for each in kept
    ]
    assert [each.reference for each in statement.transactions] == [each.reference for each in kept]
    assert (statement.account, statement.foots) == ("54029681", True)


@settings(max_examples=40, deadline=None)
@given(DAYS, st.integers(-20, 20))
def test_entry_days_over_new_year_get_the_right_year(value_on: date, apart: int) -> None:
    booked_on = value_on + timedelta(days=apart)
    file = (
        f":20:A\n:25:{IBAN}\n:28C:1/1\n:60F:C260101EUR0,\n"
        f":61:{value_on:%y%m%d}{booked_on:%m%d}C1,NTRFNONREF\n:62F:C260101EUR1,\n"
    )
    (read,) = read_bank_file(file.encode()).statements[0].transactions
    assert (read.value_on, read.booked_on) == (value_on, booked_on)
