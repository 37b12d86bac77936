"""The journal read back by a small reader of the test's own: sums are the trial balance's."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.errors import BadInput, NotAllowed
from core.ledger.checks import trial_balance
from core.ledger.exporting import Books, JournalRow, books, journal
from core.ledger.journal import post
from core.ledger.postings import Leg
from core.ledger.sie import EARLIER_RESULT, sie_file
from core.settings import Settings
from core.work import Office
from etl.journal import journal_csv
from tests.billing import JOB, a_tenant, an_invoice
from tests.builders import a_user, acting
from tests.closing import at, october

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def fields_of(line: str) -> Iterator[str]:
    """The fields of a line: quoted with escapes, braces, or plain."""
    place = 0
    while place < len(line):
        if line[place] == '"':
            found, place = "", place + 1
            while line[place] != '"':
                place += line[place] == "\\"
                found, place = found + line[place], place + 1
            yield found
            place += 1
        elif line[place] in " \t":
            place += 1
        else:
            end = min((line + " ").find(" ", place), len(line))
            yield line[place:end]
            place = end


def read(data: bytes) -> list[list[str]]:
    assert data.endswith(b"\r\n")
    return [list(fields_of(line)) for line in data.decode("cp437").splitlines()]


def minor(amount: str) -> int:
    whole, _, rest = amount.partition(".")
    assert len(rest) == 2
    return int(whole + rest)


def sums(lines: list[list[str]]) -> dict[str, int]:
    """The postings of a file by account; each verification must balance."""
    found: dict[str, int] = defaultdict(int)
    inside = 0
    for line in lines:
        if line == ["{"]:
            inside = 0
        elif line == ["}"]:
            assert inside == 0
        elif line[0] == "#TRANS":
            found[line[1]] += minor(line[3])
            inside += minor(line[3])
    return dict(found)


def marked(lines: list[list[str]], mark: str) -> dict[str, int]:
    return {line[2]: minor(line[3]) for line in lines if line[0] == mark}


def written(office: Office, since: date = FIRST, until: date = LAST) -> list[list[str]]:
    with office.work(JOB) as work:
        return read(sie_file(work.settings, books(work, since, until), work.today))


def test_the_file_s_sums_are_the_trial_balance_s(office: Office) -> None:
    october(office)
    lines = written(office)
    with office.work(JOB) as work:
        held = {row["code"]: row["amount_minor"] for row in trial_balance(work)}
    assert held
    assert sums(lines) == held
    assert marked(lines, "#UB") | marked(lines, "#RES") == held
    heads = {line[0]: line[1:] for line in lines}
    assert heads["#FLAGGA"] == ["0"]
    assert heads["#FORMAT"] == ["PC8"]
    assert heads["#SIETYP"] == ["4"]
    assert heads["#RAR"] == ["0", "20260101", "20261231"]
    assert heads["#VALUTA"] == ["EUR"]
    named = {line[1] for line in lines if line[0] == "#KONTO"}
    assert named == {line[1] for line in lines if line[0] == "#KTYP"} == set(held)


def test_a_new_year_opens_with_what_the_old_one_left(office: Office) -> None:
    october(office)
    at(office, datetime(2027, 2, 3, 12, tzinfo=UTC))
    an_invoice(office, a_tenant(office), 5_000)
    lines = written(office, date(2027, 1, 1), date(2027, 12, 31))
    opened, ended = marked(lines, "#IB"), marked(lines, "#UB")
    assert sum(opened.values()) == 0
    assert opened[EARLIER_RESULT[0]] == -10_000
    posted = sums(lines)
    assert ended == {code: opened.get(code, 0) + posted.get(code, 0) for code in ended}
    assert sum(ended.values()) + sum(marked(lines, "#RES").values()) == 0
    assert marked(lines, "#RES") == {"3010": -5_000}


def test_a_part_of_a_year_holds_verifications_alone(office: Office) -> None:
    october(office)
    lines = written(office, date(2026, 10, 1), date(2026, 10, 31))
    assert sums(lines)
    assert not {"#IB", "#UB", "#RES"} & {line[0] for line in lines}


def test_a_file_has_one_currency_and_one_year(office: Office) -> None:
    october(office)
    with office.work(JOB) as work:
        post(work, "payout", ("x", 1), [Leg("bank", 7), Leg("clearing_stripe", -7)], "SEK",
             work.today)  # fmt: skip
    with office.work(JOB) as work:
        with pytest.raises(BadInput, match="EUR, SEK"):
            books(work, FIRST, LAST)
        krona = read(sie_file(work.settings, books(work, FIRST, LAST, "SEK"), work.today))
        with pytest.raises(BadInput, match="one calendar year"):
            books(work, date(2025, 12, 1), LAST)
        with pytest.raises(BadInput, match="before it begins"):
            journal(work, LAST, FIRST)
    assert sums(krona) == {"1930": 7, "1581": -7}


def test_reading_the_journal_needs_the_permission(office: Office) -> None:
    with (
        pytest.raises(NotAllowed),
        office.work(acting(office, a_user(office, "analyst"))) as work,
    ):
        journal(work, FIRST, LAST)


def a_row(memo: str, amount_minor: int, currency: str = "EUR") -> JournalRow:
    return JournalRow(
        1, FIRST, FIRST, "payout", "payout", 1, memo, None, None, "1930", "Bank", "asset",
        currency, amount_minor,
    )  # fmt: skip


def a_file(rows: tuple[JournalRow, ...], currency: str = "EUR") -> bytes:
    held = Books(date(2026, 2, 1), LAST, 2026, currency, rows, (), ())
    return sie_file(Settings(_env_file=None), held, FIRST)


@given(some.text(max_size=60), some.integers(-(10**15), 10**15))
def test_any_text_and_amount_is_read_back(memo: str, amount_minor: int) -> None:
    rows = (a_row(memo, amount_minor), a_row(memo, -amount_minor))
    lines = read(a_file(rows))
    [told] = [line for line in lines if line[0] == "#VER"]
    assert len(told) == 6
    assert [minor(line[3]) for line in lines if line[0] == "#TRANS"] == [
        amount_minor, -amount_minor,
    ]  # fmt: skip


def test_swedish_letters_and_quotes_are_kept() -> None:
    [told] = [line for line in read(a_file((a_row('Åkeri "Ö"', 1),))) if line[0] == "#VER"]
    assert told[4].endswith('Åkeri "Ö"')


def test_whole_units_get_decimals_and_three_are_refused() -> None:
    assert b"#TRANS 1930 {} 500.00" in a_file((a_row("", 500, "JPY"),), "JPY")
    with pytest.raises(BadInput, match="two decimals"):
        a_file((), "KWD")


def test_the_csv_has_every_entry_and_no_formula(office: Office) -> None:
    october(office)
    with office.work(JOB) as work:
        post(work, "payout", ("x", 1), [Leg("bank", 7), Leg("clearing_stripe", -7)], "EUR",
             work.today, memo="=1+1")  # fmt: skip
    with office.work(JOB) as work:
        held = {row["code"]: row["amount_minor"] for row in trial_balance(work)}
        rows = list(csv.DictReader(io.StringIO(journal_csv(journal(work, FIRST, LAST)))))
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        found[row["account"]] += int(row["amount_minor"])
    assert found == held
    assert {row["memo"] for row in rows} >= {"'=1+1"}
    assert journal_csv([]).startswith("number,booked_on")
