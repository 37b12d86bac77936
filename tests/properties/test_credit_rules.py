"""Notes over an invoice add up to it, whatever their sizes and order (REF.3)."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.credit_notes.rules import (
    Creditable,
    Credited,
    credit_amount,
    credit_lines,
    credit_whole,
    left_of,
)
from core.errors import BadInput
from core.money import round_half_up
from core.refunds.rules import Held, Part, parts_reopened, parts_with_note

AMOUNTS = st.lists(
    st.tuples(st.integers(1, 10**6), st.sampled_from([0, 6, 12, 25])), min_size=1, max_size=6
)


def an_invoice(amounts: list[tuple[int, int]]) -> list[Creditable]:
    return [
        Creditable(
            number, net + round_half_up(net * percent, 100), round_half_up(net * percent, 100)
        )
        for number, (net, percent) in enumerate(amounts, start=1)
    ]


def after(lines: list[Creditable], credited: list[Credited]) -> list[Creditable]:
    """The lines once a note over them was issued."""
    by_line = {each.line_id: each for each in credited}
    return [
        replace(
            line,
            credited_minor=line.credited_minor + by_line[line.line_id].total_minor,
            credited_tax_minor=line.credited_tax_minor + by_line[line.line_id].tax_minor,
        )
        if line.line_id in by_line
        else line
        for line in lines
    ]


@given(AMOUNTS, st.lists(st.integers(1, 10**6), max_size=6))
def test_notes_add_up_to_the_invoice(amounts: list[tuple[int, int]], wanted: list[int]) -> None:
    lines = an_invoice(amounts)
    net = tax = 0
    for amount in wanted:
        if amount >= left_of(lines):
            break
        credited = credit_amount(lines, amount, "EUR")
        assert sum(each.total_minor for each in credited) == amount
        assert all(0 <= each.tax_minor <= each.total_minor for each in credited)
        net += sum(each.net_minor for each in credited)
        tax += sum(each.tax_minor for each in credited)
        lines = after(lines, credited)
    last = credit_whole(lines, "EUR")
    assert net + sum(each.net_minor for each in last) == sum(
        line.total_minor - line.tax_minor for line in lines
    )
    assert tax + sum(each.tax_minor for each in last) == sum(line.tax_minor for line in lines)
    assert left_of(after(lines, last)) == 0


def test_more_than_is_left_is_refused() -> None:
    lines = [Creditable(1, 100, 20, 60, 12)]
    for amount in (0, -1, 41):
        with pytest.raises(BadInput):
            credit_amount(lines, amount, "EUR")
    with pytest.raises(BadInput, match="no line 2"):
        credit_lines(lines, {2: 5}, "EUR")
    with pytest.raises(BadInput, match=r"line 1, 0\.40 EUR can be credited, not 0\.41"):
        credit_lines(lines, {1: 41}, "EUR")
    with pytest.raises(BadInput):
        credit_whole([Creditable(1, 100, 20, 100, 20)], "EUR")


def test_a_line_that_gave_money_back_takes_no_share() -> None:
    lines = [Creditable(1, 100, 0), Creditable(2, -20, 0)]
    assert credit_amount(lines, 60, "EUR") == [Credited(1, 60, 0)]


@pytest.mark.parametrize(
    ("total_minor", "amount_minor", "words"),
    [
        (0, 1, "Nothing is left of the invoice to credit"),
        (100, 0, "1.00 EUR can be credited, not 0.00"),
        (100, 101, "1.00 EUR can be credited, not 1.01"),
    ],
)
def test_what_cannot_be_credited_is_told(total_minor: int, amount_minor: int, words: str) -> None:
    with pytest.raises(BadInput, match=f"^{words}$"):
        credit_amount([Creditable(1, total_minor, 0)], amount_minor, "EUR")


def test_a_note_over_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="gives something back"):
        credit_lines([Creditable(1, 100, 0)], {1: 0}, "EUR")


def test_a_whole_credit_takes_lines_that_gave_money_back_along() -> None:
    lines = [Creditable(1, 1000, 200), Creditable(2, -250, -50)]
    credited = credit_whole(lines, "EUR")
    assert [(each.net_minor, each.tax_minor) for each in credited] == [(800, 200), (-200, -50)]


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=5),
       st.integers(1, 2000))  # fmt: skip
def test_refunds_stay_within_what_each_invoice_holds(
    rooms: list[tuple[int, int]], amount: int
) -> None:
    held = [Held(number, *room) for number, room in enumerate(rooms)]
    notable = sum(each.notable_minor for each in held)
    if amount > notable:
        with pytest.raises(BadInput):
            parts_with_note(held, amount, "EUR")
        assume(amount <= notable)
    parts = parts_with_note(held, amount, "EUR")
    assert sum(part.amount_minor for part in parts) == amount
    for part in parts:
        assert 0 < part.amount_minor <= held[part.invoice_id].notable_minor


def test_reopening_takes_the_invoices_in_their_order() -> None:
    held = [Held(7, 60, 0), Held(8, 40, 0)]
    assert parts_reopened(held, 70, "EUR") == [Part(7, 60), Part(8, 10)]


@pytest.mark.parametrize("amount", [0, -1, 301])
def test_what_cannot_be_refunded_is_told_in_the_payments_currency(amount: int) -> None:
    held = [Held(1, 100, 100), Held(2, 200, 200)]
    for rule in (parts_with_note, parts_reopened):
        with pytest.raises(BadInput, match=r"^3\.00 EUR can be refunded, not -?\d+\.\d\d$"):
            rule(held, amount, "EUR")
        assert sum(part.amount_minor for part in rule(held, 300, "EUR")) == 300
