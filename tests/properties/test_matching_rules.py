"""Whatever a transfer says, nothing wrong is posted by itself (UNM.4)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.matching.abroad import GROUPS, abroad_cases, company, reference_of
from bench.matching.cases import cases
from bench.matching.world import Case, made_world
from core.invoices.rules import ocr_reference
from core.matching.book import Book
from core.matching.indexes import is_open
from core.matching.records import Assignment, Invoice, Transfer
from core.matching.texts import WHOLE, key_of, written
from core.matching.weighing import Weighing

DUE = date(2026, 10, 31)
AMOUNTS = st.sampled_from((9_900, 9_900, 12_500, 22_400, 40_000))
STATUSES = st.sampled_from(
    (
        "issued",
        "issued",
        "overdue",
        "partially_paid",
        "paid",
        "refunded",
        "cancelled",
        "written_off",
    )
)
NAMES = ("Acme Logistik AB", "Acme Logistic AB", "Björk & Söner Oy", "Delta Bygg AS")
SCHEMES = ("full", "plain", *GROUPS)


def _reference(scheme: str, sequence: int) -> str:
    if scheme == "full":
        return ocr_reference(sequence)
    return str(sequence) if scheme == "plain" else reference_of(scheme, 10_000, sequence)


@st.composite
def books(draw: st.DrawFn) -> list[Invoice]:
    """Few invoices with neighbouring numbers and equal amounts, of tenants with like names."""
    scheme = draw(st.sampled_from(SCHEMES))
    first = draw(st.sampled_from((1_001, 20_261, 260_042, 9_999_998)))
    style = draw(st.sampled_from(("{}", "INV-2026-{}", "F{}", "2026/{:07d}")))
    found = []
    for place in range(draw(st.integers(2, 6))):
        tenant = draw(st.integers(0, len(NAMES) - 1))
        number, due_on = first + place, DUE + timedelta(days=draw(st.integers(-60, 10)))
        found.append(
            Invoice(
                f"i{place}",
                style.format(number),
                _reference(scheme, number),
                f"t{tenant}",
                NAMES[tenant],
                draw(AMOUNTS),
                draw(st.sampled_from(("EUR", "EUR", "EUR", "SEK"))),
                due_on - timedelta(days=30),
                due_on,
                draw(STATUSES),
            )
        )
    return found


@st.composite
def transfers(draw: st.DrawFn, invoices: list[Invoice]) -> Transfer:
    """Money with the numbers of the book, whole, cut, mistyped or within others."""
    said = [draw(_words(draw(st.sampled_from(invoices)))) for _ in range(draw(st.integers(0, 2)))]
    payer = draw(st.sampled_from((*NAMES, "", "Somebody Else GmbH")))
    several = draw(st.lists(st.sampled_from(invoices), min_size=1, max_size=2, unique=True))
    return Transfer(
        "x1",
        DUE + timedelta(days=draw(st.integers(-20, 20))),
        sum(each.due_minor for each in several),
        "EUR",
        "" if draw(st.booleans()) else said[0] if said else "",
        draw(st.sampled_from((" ", ", ", "/", "-"))).join(said),
        payer,
        draw(st.sampled_from(("", "SE4550000000058398257466"))),
    )


def _words(invoice: Invoice) -> st.SearchStrategy[str]:
    """A reference of an invoice as people, banks and other people's numbers show it."""
    shown = st.sampled_from((invoice.ocr, invoice.number))
    digits = st.integers(1, 9_999).map(str)
    return st.one_of(
        shown,
        st.tuples(shown, digits).map("".join),
        st.tuples(digits, shown).map("".join),
        st.tuples(shown, st.integers(1, 6)).map(lambda pair: pair[0][: -pair[1]]),
        st.tuples(shown, st.integers(0, 9), st.integers(0, 9)).map(_mistyped),
        shown.map(lambda each: " ".join(each[at : at + 4] for at in range(0, len(each), 4))),
        st.sampled_from(("faktura oktober", "2026-10-31", "tel 070 123 45 67", "1001", "tack")),
    )


def _mistyped(given: tuple[str, int, int]) -> str:
    shown, at, digit = given
    place = at % len(shown)
    return shown[:place] + str(digit) + shown[place + 1 :]


def _confirmed(times: int) -> list[Assignment]:
    account = "SE4550000000058398257466"
    return [Assignment(NAMES[0], account, "t0", DUE - timedelta(days=90))] * times


@given(st.data(), books(), st.integers(0, 4))
@settings(max_examples=150, deadline=None)
def test_what_is_posted_is_open_exact_alone_and_contradicted_by_no_number(
    data: st.DataObject, invoices: list[Invoice], times: int
) -> None:
    transfer = data.draw(transfers(invoices))
    by_id = {each.invoice_id: each for each in invoices}
    found = Book.of(invoices, _confirmed(times)).suggest(transfer)
    assert not any(each.auto for each in found[1:])
    for first in (each for each in found[:1] if each.auto):
        paid = [by_id[key] for key in first.invoice_ids]
        assert all(is_open(each) and each.currency == transfer.currency for each in paid)
        assert sum(each.due_minor for each in paid) == transfer.amount_minor
        assert len({each.tenant_id for each in paid}) == 1
        said = {**written(transfer.text), **written(transfer.reference)}
        whole = {token for token, how in said.items() if how == WHOLE}
        for other in (each for each in invoices if each not in paid):
            assert not {key_of(other.ocr), key_of(other.number)} & whole


@given(books(), st.data())
@settings(max_examples=120, deadline=None)
def test_a_number_inside_a_longer_one_or_with_a_wrong_digit_posts_nothing(
    invoices: list[Invoice], data: st.DataObject
) -> None:
    invoice = data.draw(st.sampled_from(invoices))
    more = str(data.draw(st.integers(1, 99)))
    at, digit = data.draw(st.integers(0, 30)), data.draw(st.integers(0, 9))
    said = data.draw(
        st.sampled_from(
            (more + invoice.ocr, invoice.ocr + more, _mistyped((invoice.ocr, at, digit)))
        )
    )
    keys = {key_of(each.ocr).lstrip("0") for each in invoices}
    keys |= {key_of(each.number).lstrip("0") for each in invoices}
    assume(key_of(said).lstrip("0") not in keys)
    transfer = Transfer("x1", DUE, invoice.due_minor, invoice.currency, said, "", "")
    assert not any(each.auto for each in Book.of(invoices).suggest(transfer))


@given(books(), st.integers(0, 40), st.sampled_from(("", "SE4550000000058398257466")))
@settings(max_examples=80, deadline=None)
def test_of_two_equal_invoices_none_is_posted_without_a_number(
    invoices: list[Invoice], apart: int, account: str
) -> None:
    one = replace(
        invoices[0],
        tenant_id="t0",
        tenant_name=NAMES[0],
        due_minor=9_900,
        currency="EUR",
        status="issued",
    )
    due_on = (one.due_on or DUE) - timedelta(days=apart)
    twin = replace(one, invoice_id="twin", number="Z-77", ocr="5550101017", due_on=due_on)
    transfer = Transfer("x1", DUE, 9_900, "EUR", "", "faktura", NAMES[0], account)
    found = Book.of([one, *invoices[1:], twin], _confirmed(4)).suggest(transfer)
    assert not any(each.auto for each in found)


def _companies() -> list[tuple[list[Invoice], list[Assignment], list[Case]]]:
    world = made_world(4_321, 1_500)
    made = company(9, "kid10", 800)
    return [
        (world.invoices, world.history, cases(world, 400)),
        (made.invoices, made.history, abroad_cases(made, 400)),
    ]


@pytest.mark.parametrize("company_", _companies(), ids=["simulated", "abroad"])
def test_the_short_way_gives_what_weighing_everything_does(
    company_: tuple[list[Invoice], list[Assignment], list[Case]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is decided by its reference alone stays first and without a rival among all others."""
    invoices, history, asked = company_
    book = Book.of(invoices, history)
    short = [book.suggest(case.transfer) for case in asked]
    monkeypatch.setattr(Weighing, "_sure", lambda _: None)
    for case, quick in zip(asked, short, strict=True):
        whole = book.suggest(case.transfer)
        assert [each.invoice_ids for each in quick[:1]] == [each.invoice_ids for each in whole[:1]]
        for one, other in zip(quick[:1], whole[:1], strict=True):
            assert one.auto or not other.auto
            assert not one.auto or other.probability > 0.9
