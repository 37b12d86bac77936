"""What is suggested for a transfer, and what is never posted by itself (UNM.2, UNM.4)."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.matching.batch import TAKEN, suggest_all
from core.matching.book import MOST_CLOSED, Book
from core.matching.records import SETTLED, VOID
from tests.core.matching.making import DUE, a_transfer, an_invoice, confirmed

OTHERS = [
    an_invoice(
        f"o{place}",
        number=f"SAAS-INV-2026-{place:05d}",
        ocr=f"12610{place:05d}",
        tenant_id=f"u{place}",
        tenant_name=f"{name} AB",
        due_minor=20_000 + 7_919 * place,
    )
    for place, name in enumerate(("Berg Foto", "Delta Foods", "Eken Bygg", "Fjord Media"), 300)
]
OCR = "1260004208"


def first(book: Book, **said: object) -> tuple[tuple[str, ...], bool, str]:
    """Ids, auto and joined reasons of the first suggestion; empty when there is none."""
    found = book.suggest(a_transfer(**said))
    return (
        (found[0].invoice_ids, found[0].auto, "; ".join(found[0].reasons))
        if found
        else ((), False, "")
    )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"reference": OCR}, "The reference 1260004208 is this invoice's OCR"),
        ({"text": f"Faktura {OCR} tack"}, "this invoice's OCR"),
        ({"reference": OCR.zfill(25)}, "this invoice's OCR"),
        ({"reference": "1260 0042 08"}, "this invoice's OCR"),
        ({"text": "OCR1260004208"}, "this invoice's OCR"),
        ({"text": "saas-inv-2026-00042"}, "this invoice's number"),
        ({"text": "SAAS INV 2026 00042"}, "this invoice's number"),
        ({"text": "inv 202600042"}, "this invoice's number"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_whole_reference_with_the_exact_amount_is_posted_by_itself(
    said: dict[str, str], reason: str
) -> None:
    ids, auto, reasons = first(Book.of([*OTHERS, an_invoice()]), **said)
    assert (ids, auto) == (("i1",), True)
    assert reason in reasons
    assert "The amount is exactly what is owed" in reasons
    assert "The payer is the tenant Acme Logistik AB" in reasons


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"reference": "1260004280"}, "differs from this invoice's by one sign"),
        ({"reference": "126004208"}, "by one sign"),
        ({"reference": "126OOO42O8"}, "by one sign"),
        ({"reference": "12600042"}, "OCR without check digits"),
        ({"reference": OCR, "amount_minor": 123_000}, "20.00 SEK short, as by a fee"),
        ({"reference": OCR, "amount_minor": 124_950}, "rounded: 0.50 SEK less"),
        ({"reference": OCR, "amount_minor": 62_500}, "a part: 625.00 SEK would remain owed"),
        ({"reference": OCR, "amount_minor": 126_000}, "10.00 SEK more than is owed"),
        ({"counterparty_name": "ACME LOGISTIK AKTIEB"}, "called nearly like the tenant"),
        ({"counterparty_name": "Acme Logitsik"}, "called nearly like the tenant"),
        ({}, "The tenant owes this amount once only"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_less_than_certain_is_suggested_first_and_left_to_a_person(
    said: dict[str, object], reason: str
) -> None:
    ids, auto, reasons = first(Book.of([*OTHERS, an_invoice()]), **said)
    assert (ids, auto) == (("i1",), False)
    assert reason in reasons


@pytest.mark.parametrize("status", sorted(SETTLED | VOID))
def test_a_closed_invoice_is_only_ever_shown_as_already_paid(status: str) -> None:
    book = Book.of([*OTHERS, an_invoice(status=status)])
    found = book.suggest(a_transfer(reference=OCR))
    assert found[0].invoice_ids == ("i1",)
    assert found[0].reasons[0].startswith("already paid")
    assert not found[0].auto
    assert found[0].probability <= Decimal(str(MOST_CLOSED))


def test_a_draft_is_never_suggested() -> None:
    assert Book.of([an_invoice(status="draft")]).suggest(a_transfer(reference=OCR)) == []


@pytest.mark.parametrize(
    ("number", "ocr", "said"),
    [
        ("14", "", {"reference": "1814"}),
        ("1814", "", {"reference": "18141"}),
        ("INV-1814", "", {"reference": "91814"}),
        ("INV-1814", "", {"text": "181400 998141"}),
        ("INV-1", OCR, {"reference": "99" + OCR}),
        ("INV-1", OCR, {"reference": OCR + "77"}),
    ],
)
def test_a_number_inside_a_longer_one_is_no_reference(
    number: str, ocr: str, said: dict[str, str]
) -> None:
    book = Book.of([an_invoice(number=number, ocr=ocr)])
    stranger = {"counterparty_name": "Somebody Else", "amount_minor": 99_700}
    assert book.suggest(a_transfer(**said, **stranger)) == []
    _, auto, reasons = first(book, **said)
    assert not auto
    assert "is this invoice's" not in reasons


@pytest.mark.parametrize(
    "near_miss",
    [
        {"reference": "", "text": "October"},
        {"reference": f"{OCR} {OTHERS[0].ocr}"},
        {"reference": OCR, "text": f"instead of {OTHERS[1].number}"},
        {"reference": OCR, "counterparty_name": "Delta Foods AB"},
        {"reference": OCR, "currency": "EUR"},
        {"reference": OCR, "amount_minor": 124_999},
        {"reference": "77-2026-00042"},
        {"text": "SAAS-INV-2025-00042"},
        {"reference": OTHERS[2].ocr},
    ],
    ids=str,
)
def test_a_near_miss_is_never_posted_by_itself(near_miss: dict[str, object]) -> None:
    twin = an_invoice("twin", number="SAAS-INV-2026-00077", ocr="1260007707")
    book = Book.of([*OTHERS, an_invoice(), twin], confirmed())
    assert not any(each.auto for each in book.suggest(a_transfer(**near_miss)))


def test_the_same_reference_on_two_invoices_is_a_tie() -> None:
    book = Book.of([an_invoice("a"), an_invoice("b", tenant_id="t2")])
    found = book.suggest(a_transfer(reference=OCR))
    assert {each.invoice_ids for each in found[:2]} == {("a",), ("b",)}
    assert not any(each.auto for each in found)
    assert "The reference is borne by more than one invoice" in found[0].reasons


def test_another_invoices_reference_does_not_beat_payer_and_amount() -> None:
    ids, auto, reasons = first(Book.of([*OTHERS, an_invoice()]), reference=OTHERS[0].ocr)
    assert (ids, auto) == (("i1",), False)
    assert "The transfer also names another open invoice" in reasons


def test_a_stranger_with_a_strange_amount_gets_nothing() -> None:
    said = {"counterparty_name": "Skatteverket", "amount_minor": 4_711, "text": "refund 20261030"}
    assert Book.of([*OTHERS, an_invoice()]).suggest(a_transfer(**said)) == []


@pytest.mark.parametrize("amount", [0, -125_000])
def test_money_that_went_out_pays_no_invoice(amount: int) -> None:
    assert Book.of([an_invoice()]).suggest(a_transfer(reference=OCR, amount_minor=amount)) == []


def _three() -> list[object]:
    return [
        an_invoice("a", number="INV-5001", ocr="", due_minor=10_000),
        an_invoice("b", number="INV-5002", ocr="", due_minor=23_000),
        an_invoice("c", number="INV-5003", ocr="", due_minor=47_100),
    ]


def test_invoices_named_together_that_add_up_are_posted_by_themselves() -> None:
    ids, auto, reasons = first(Book.of(_three()), text="INV-5001, INV-5003", amount_minor=57_100)
    assert (ids, auto) == (("a", "c"), True)
    assert "The 2 invoices add up exactly to the amount" in reasons


def test_invoices_that_only_add_up_are_left_to_a_person() -> None:
    ids, auto, reasons = first(Book.of(_three()), amount_minor=80_100)
    assert (ids, auto) == (("a", "b", "c"), False)
    assert "It is all that the tenant owes" in reasons


def test_an_account_that_paid_three_times_is_enough_for_the_only_invoice_of_the_amount() -> None:
    said = {"counterparty_name": "", "counterparty_iban": "SE45 5000 0000 0583 9825 7466"}
    ids, auto, reasons = first(Book.of([*OTHERS, an_invoice()], confirmed(3)), **said)
    assert (ids, auto) == (("i1",), True)
    assert "paid for this tenant from this account 3 times before" in reasons
    assert not first(Book.of([*OTHERS, an_invoice()], confirmed(2)), **said)[1]


def test_an_account_alone_does_not_choose_between_equal_invoices() -> None:
    paid = an_invoice("p", number="INV-7", ocr="", status="paid", due_on=DUE - timedelta(days=20))
    said = {"counterparty_name": "", "counterparty_iban": "SE4550000000058398257466"}
    assert not first(Book.of([an_invoice(), paid], confirmed()), **said)[1]
    both = [an_invoice(), an_invoice("i2", number="INV-8", ocr="")]
    assert not first(Book.of(both, confirmed()), **said)[1]


def test_a_refusal_lowers_a_pair_and_fades() -> None:
    book = Book.of([an_invoice()])
    before = book.suggest(a_transfer())[0].probability
    book.decline(a_transfer(), "t1", date(2026, 10, 29))
    after = book.suggest(a_transfer())
    assert not after or after[0].probability < before / 2
    years_later = a_transfer(booked_on=date(2029, 10, 30))
    assert "declined" not in "; ".join(book.suggest(years_later)[0].reasons)


def test_a_confirmed_parent_is_known_by_name() -> None:
    book = Book.of([*OTHERS, an_invoice()])
    said = {"counterparty_name": "Moder Invest HB", "amount_minor": 125_000}
    before = book.suggest(a_transfer(**said))[0].probability
    for past in confirmed(1, counterparty_name="Moder Invest HB", counterparty_iban=""):
        book.learn(past)
    after = book.suggest(a_transfer(**said))[0]
    assert after.probability > before
    assert "Moder Invest HB paid for this tenant once before" in after.reasons


def test_an_invoice_put_again_is_the_newer_one() -> None:
    book = Book.of([*OTHERS, an_invoice()])
    book.put(an_invoice(status="paid"))
    assert len(book) == len(OTHERS) + 1
    assert not first(book, reference=OCR)[1]
    book.put(an_invoice(due_minor=60_000, status="partially_paid"))
    assert first(book, reference=OCR, amount_minor=60_000)[:2] == (("i1",), True)


def test_of_two_transfers_that_would_pay_an_invoice_the_earlier_is_posted() -> None:
    late = a_transfer(transfer_id="late", reference=OCR)
    soon = replace(late, transfer_id="soon", booked_on=date(2026, 10, 20))
    found = suggest_all(Book.of([an_invoice()]), [late, soon])
    assert [each[0].auto for each in found] == [False, True]
    assert found[0][0].reasons[-1] == TAKEN


@settings(max_examples=60, deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from(["", OCR, "1260004280", "INV-5001 INV-5002", OTHERS[1].ocr]),
    st.sampled_from([125_000, 33_000, 124_000, 61_000]),
)
def test_the_order_of_the_invoices_changes_nothing(
    chance: random.Random, reference: str, amount: int
) -> None:
    twins = [an_invoice(f"w{n}", number=f"X-90{n:02d}", ocr="", tenant_id="t9") for n in range(6)]
    invoices = [*OTHERS, an_invoice(), *_three(), *twins, an_invoice("z", status="paid")]
    said = a_transfer(reference=reference, amount_minor=amount)
    before = Book.of(invoices, confirmed()).suggest(said)
    chance.shuffle(invoices)
    assert Book.of(invoices, confirmed()).suggest(said) == before


@settings(max_examples=150, deadline=None)
@given(
    st.integers(10**3, 10**9),
    st.text("0123456789", min_size=0, max_size=4),
    st.text("0123456789", min_size=0, max_size=4),
)
def test_digits_around_a_number_make_it_another_one(number: int, before: str, after: str) -> None:
    book = Book.of([an_invoice(number=str(number), ocr="", tenant_name="", due_minor=1)])
    longer = f"{before}{number}{after}"
    same = longer.lstrip("0") == str(number)
    found = book.suggest(a_transfer(reference=longer, counterparty_name="", amount_minor=1))
    assert any(each.auto for each in found) <= same
    assert any("is this" in why or "of this" in why for s in found for why in s.reasons) == same


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(SETTLED | VOID)),
    st.sampled_from([OCR, "", "SAAS-INV-2026-00042"]),
    st.booleans(),
)
def test_nothing_closed_is_posted_by_itself(status: str, reference: str, known: bool) -> None:
    book = Book.of([*OTHERS, an_invoice(status=status)], confirmed() if known else [])
    iban = "SE4550000000058398257466"
    for each in book.suggest(a_transfer(reference=reference, counterparty_iban=iban)):
        assert not each.auto
        assert each.reasons[0].startswith("already paid")


def test_a_part_of_what_was_paid_leaves_nothing_owed() -> None:
    book = Book.of([*OTHERS, an_invoice(status="paid")])
    found = book.suggest(a_transfer(reference=OCR, amount_minor=62_500))
    assert "The amount is not what was owed: 1250.00 SEK" in found[0].reasons


def test_what_a_transfer_names_is_open_whole_and_in_its_currency() -> None:
    book = Book.of([
        *OTHERS,
        an_invoice(),
        an_invoice("paid", number="SAAS-INV-2026-00050", ocr="1260005007", status="paid"),
        an_invoice("krone", number="SAAS-INV-2026-00051", ocr="1260005106", currency="NOK"),
        an_invoice("part", number="1814", ocr="18143"),
    ])  # fmt: skip
    said = f"{OCR} and SAAS-INV-2026-00300, 1260005007, 1260005106, 77181455"
    assert book.named(a_transfer(text=said)) == ["i1", "o300"]
    assert book.named(a_transfer(text="thank you")) == []
