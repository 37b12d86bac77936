"""The simulated bank's files say what they were made of, read as the product reads any file."""

from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from core.bank.files import statements_of
from core.bank.readers import read_bank_file
from core.bank.rules import TransferLine
from demo.bank_files import WIDTH, AccountDay, bgmax, camt053

DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
AMOUNTS = st.integers(1, 10**11)
WORD = st.text("ABCDEFGHKLMNOPQRSTUVWXYZÅÄÖåäöé0123456789", min_size=1, max_size=12)
WORDS = st.lists(WORD, unique=True, max_size=12).map(" ".join)
MARKED = st.lists(
    st.text("ABCÅäöé0123456789&<>'\"/.-", min_size=1, max_size=12), unique=True, max_size=6
).map(" ".join)
ACCOUNTS = st.sampled_from(["", "SE4550000000058398257466", "NG-0110-774210", "00123456789"])
OWN = ("SE4550000000058398257466", "US-0042-118820")


@st.composite
def lines_of_an_account(draw: st.DrawFn) -> tuple[TransferLine, ...]:
    amounts = draw(st.lists(AMOUNTS.flatmap(lambda n: st.sampled_from([n, -n])), max_size=6))
    return tuple(
        TransferLine(
            f"BK{place:08d}", amount, draw(WORD), draw(MARKED), draw(MARKED), draw(ACCOUNTS)
        )
        for place, amount in enumerate(amounts or [100])
    )


@st.composite
def giro_payments(draw: st.DrawFn) -> list[TransferLine]:
    giros = st.sampled_from(["", "54029681", "9912346"])
    reference = st.text("0123456789", max_size=25)
    name = st.text("ABCÅÄÖé&", min_size=1, max_size=35)
    return [
        TransferLine(f"{place:012d}", amount, draw(reference), draw(WORDS), draw(name), draw(giros))
        for place, amount in enumerate(draw(st.lists(AMOUNTS, min_size=1, max_size=6)), start=1)
    ]


@settings(max_examples=60)
@given(DAYS, st.lists(lines_of_an_account(), min_size=2, max_size=2), st.integers(-(10**9), 10**9))
def test_statements_are_read_as_they_were_written(
    on: date, lines: list[tuple[TransferLine, ...]], opening: int
) -> None:
    made = [
        AccountDay(account, currency, opening, each)
        for account, currency, each in zip(OWN, ("SEK", "USD"), lines, strict=True)
    ]
    read = statements_of(read_bank_file(camt053(on, made)), "day.xml")
    assert [(each.account, each.currency) for each in read] == list(
        zip(OWN, ("SEK", "USD"), strict=True)
    )
    for statement, day in zip(read, made, strict=True):
        assert statement.format == "camt.053"
        assert statement.foots
        assert statement.opening_minor == opening
        assert statement.closing_minor == opening + sum(each.amount_minor for each in day.lines)
        assert statement.lines == tuple(
            replace(each, booked_on=on, value_on=on, entry_ref=each.bank_ref) for each in day.lines
        )


@settings(max_examples=60)
@given(DAYS, giro_payments())
def test_a_deposit_is_read_as_it_was_written(on: date, lines: list[TransferLine]) -> None:
    data = bgmax(on, "5402-9681", "SEK", lines)
    assert {len(record) for record in data.split(b"\r\n") if record} == {WIDTH}
    (statement,) = statements_of(read_bank_file(data), "deposit.txt")
    assert (statement.account, statement.currency) == ("54029681", "SEK")
    assert (statement.format, statement.provider) == ("bgmax", "bankgirot")
    assert statement.foots
    assert statement.stated_difference_minor == 0
    assert statement.lines == tuple(
        replace(each, bank_ref=f"{on:%Y%m%d}/{each.bank_ref}", booked_on=on, value_on=on)
        for each in lines
    )


def test_words_stand_for_a_missing_reference() -> None:
    line = TransferLine("BK1", 12_500, "", "Faktura november", "NORRSKEN FRAKT AB")
    day = AccountDay(OWN[0], "SEK", 0, (line,))
    (statement,) = statements_of(read_bank_file(camt053(date(2026, 11, 20), [day])))
    assert statement.lines[0].reference == "Faktura november"
    assert statement.lines[0].text == "Faktura november"
