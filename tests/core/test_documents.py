"""Documents without a database: what a sheet says, how it is set, and the code that pays it."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import segno
import typst
from pydantic import ValidationError
from segno.helpers import make_epc_qr

from core.documents import rendering
from core.documents.home import home_currency
from core.documents.qr import epc, payment_code, using_qr
from core.documents.records import (
    CREDIT_NOTE,
    INVOICE,
    Buyer,
    HomeTax,
    Line,
    Record,
    Seller,
    tax_rates,
)
from core.documents.rendering import Rendered
from core.documents.sheets import sheet
from core.documents.storing import as_rendered, file_name
from core.documents.wording import WORDS, Wording
from core.errors import CheckFailed
from core.settings import Settings
from tests.core.documents import pages

SELLER = Seller(
    name="Saldo Demo AB",
    address="Sveavägen 44\n111 34 Stockholm",
    tax_id="SE556677889901",
    registration="556677-8899",
    email="billing@saldo.example",
    bankgiro="5050-1055",
    iban="SE35 5000 0000 0549 1000 0003",
    bic="ESSESESS",
)
BUYER = Buyer("Rheinfeld GmbH", "1017", "Industriestraße 12\n50667 Köln", "DE", "DE123456789")
PLAN = Line(
    description="Growth",
    net_minor=123_450,
    tax_percent=Decimal(25),
    tax_category="standard",
    tax_minor=30_863,
    quantity=Decimal(1),
    unit_minor=123_450,
    service_start=date(2026, 11, 1),
    service_end=date(2026, 12, 1),
)
SETTINGS = Settings(_env_file=None)


def a_record(*lines: Line, **changed: object) -> Record:
    lines = lines or (PLAN,)
    net, tax = sum(line.net_minor for line in lines), sum(line.tax_minor for line in lines)
    record = Record(
        kind=INVOICE,
        source_id=1,
        tenant_id=7,
        status="issued",
        number="SAAS-INV-2026-00042",
        currency="EUR",
        net_minor=net,
        tax_minor=tax,
        total_minor=net + tax,
        issued_on=date(2026, 11, 20),
        due_on=date(2026, 12, 20),
        seller=SELLER,
        buyer=BUYER,
        lines=lines,
        reference="1260004260",
    )
    return replace(record, **changed)


def a_note(**changed: object) -> Record:
    line = replace(PLAN, quantity=None, unit_minor=None)
    facts = {"kind": CREDIT_NOTE, "number": "SAAS-CN-2026-00003", "due_on": None, "reference": ""}
    return a_record(line, **{**facts, **changed})


def made(record: Record) -> Rendered:
    return as_rendered(record, date(2026, 11, 20), SETTINGS)


def test_an_invoice_states_number_parties_lines_tax_totals_and_how_to_pay() -> None:
    (text,) = pages(made(a_record()).pdf)
    for words in (
        "SAAS-INV-2026-00042",
        "Saldo Demo AB",
        "Rheinfeld GmbH",
        "50667 Köln",
        "Germany",
        "VAT no. DE123456789",
        "20 Nov 2026",
        "20 Dec 2026",
        "1 Nov 2026 – 30 Nov 2026",
        "Standard 25%",
        "1,234.50",
        "308.63",
        "EUR 1,543.13",
        "1260004260",
        "SE35 5000 0000 0549 1000 0003",
        "ESSESESS",
        "Page 1/1",
    ):
        assert words in text


def test_a_swedish_invoice_says_it_all_in_swedish() -> None:
    buyer = replace(BUYER, language="sv", country="SE")
    (text,) = pages(made(a_record(currency="SEK", buyer=buyer)).pdf)
    for words in (
        "Faktura",
        "Förfallodag",
        "2026-12-20",
        "Sverige",
        "1 543,13 SEK",
        "OCR-nummer",
        "Bankgiro 5050-1055",
        "Normal 25 %",
        "Sida 1/1",
    ):
        assert words in text
    assert "Invoice" not in text


def test_both_languages_have_the_same_words_and_gaps_and_others_are_written_in_english() -> None:
    gaps = {
        language: {key: re.findall(r"{\w+}", words) for key, words in texts.items()}
        for language, texts in WORDS.items()
    }
    assert gaps["en"] == gaps["sv"]
    assert Wording("de").language == "en"


def test_a_credit_note_names_its_invoice_and_asks_for_no_payment() -> None:
    note = a_note(credited_number="SAAS-INV-2026-00042", settles="invoice")
    (text,) = pages(made(note).pdf)
    for words in ("Credit note", "Credits invoice SAAS-INV-2026-00042", "Total credited"):
        assert words in text
    assert "set off against invoice SAAS-INV-2026-00042" in text
    assert "IBAN" not in text
    assert "Quantity" not in text


@pytest.mark.parametrize(
    ("settles", "words"), [("balance", "kept as your credit"), ("refund", "is paid back to you")]
)
def test_a_credit_note_says_what_becomes_of_its_amount(settles: str, words: str) -> None:
    assert any(words in note for note in sheet(a_note(settles=settles)).notes)


@pytest.mark.parametrize(
    ("category", "words"),
    [
        ("reverse_charge", "the customer accounts for the VAT"),
        ("outside", "Outside the scope of EU VAT"),
        ("exempt", "Exempt from VAT"),
    ],
)
def test_the_reason_of_a_missing_tax_stands_on_the_document(category: str, words: str) -> None:
    line = replace(PLAN, tax_percent=Decimal(0), tax_minor=0, tax_category=category)
    assert any(words in note for note in sheet(a_record(line)).notes)
    assert not sheet(a_record()).notes


def test_tax_is_listed_by_category_and_rate_in_the_order_of_the_lines() -> None:
    reduced = replace(PLAN, tax_percent=Decimal(6), tax_category="reduced", tax_minor=7_407)
    found = tax_rates((PLAN, reduced, PLAN))
    # Twice 1 234.50 with 308.63 each; once 1 234.50 with 74.07.
    assert [(r.category, r.net_minor, r.tax_minor) for r in found] == [
        ("standard", 246_900, 61_726),
        ("reduced", 123_450, 7_407),
    ]


def test_a_discount_has_a_column_only_where_there_is_one() -> None:
    cut = replace(PLAN, discount_minor=5_000, net_minor=118_450)
    shown = sheet(a_record(PLAN, cut, discount_minor=1_000))
    assert "Discount" in shown.headings
    assert [row.figures[2] for row in shown.rows] == ["–", "−50.00"]
    assert "The discounts include EUR\u00a010.00 off the whole invoice." in shown.notes
    assert "Discount" not in sheet(a_record()).headings


def test_a_price_that_holds_its_tax_says_so() -> None:
    (row,) = sheet(a_record(replace(PLAN, tax_inclusive=True))).rows
    assert "The unit price includes VAT" in row.details


def test_two_hundred_lines_flow_over_pages_that_repeat_the_header() -> None:
    lines = tuple(replace(PLAN, description=f"Line {n} of many") for n in range(200))
    found = pages(made(a_record(*lines)).pdf)
    assert len(found) > 3
    for place, text in enumerate(found, start=1):
        assert f"Page {place}/{len(found)}" in text
        assert "Description Quantity Unit price" in text
    assert all(f"Line {n} of many" in "".join(found) for n in range(200))
    assert "Amount due" in found[-1]


@pytest.mark.parametrize(
    "name", ["شركة النور للتجارة", "山田太郎", "王伟", "김민수", "Łódź Καλά Привет", "Åsa Öberg"]
)
def test_names_of_many_scripts_meet_the_standard(name: str) -> None:
    done = made(a_record(buyer=replace(BUYER, name=name)))
    assert (done.standard, done.warnings) == ("a-3b", ())
    assert b"pdfaid:part" in done.pdf


def test_a_character_no_font_has_gives_a_plain_document_and_a_warning() -> None:
    done = made(a_record(buyer=replace(BUYER, name="บริษัท")))
    assert done.standard is None
    assert "ร" in done.warnings[0]
    assert "SAAS-INV-2026-00042" in pages(done.pdf)[0]
    assert b"pdfaid:part" not in done.pdf


def test_any_other_error_of_a_template_is_raised() -> None:
    with pytest.raises(typst.TypstError):
        rendering.render("document.typ", {"title": "x"}, date(2026, 11, 20), SETTINGS)


def test_the_same_record_gives_the_same_bytes_and_another_day_others() -> None:
    first = made(a_record())
    assert made(a_record()).pdf == first.pdf
    assert as_rendered(a_record(), date(2026, 11, 21), SETTINGS).pdf != first.pdf


def test_what_people_typed_is_printed_and_never_run() -> None:
    sly = '#read("/etc/passwd") $x$ *bold* \\ <b> {{ }}'
    (text,) = pages(made(a_record(replace(PLAN, description=sly))).pdf)
    assert '#read("/etc/passwd") $x$ *bold* \\ <b> {{ }}' in text


def test_control_characters_and_turned_reading_order_are_left_out() -> None:
    done = made(a_record(replace(PLAN, description="pay\x07\x00 \u202e99.00\u202c now")))
    assert done.standard == "a-3b"
    assert "pay 99.00 now" in pages(done.pdf)[0]


def test_a_very_long_word_is_broken_and_shown_whole() -> None:
    word = "".join(chr(ord("a") + n % 26) for n in range(400))
    (text,) = pages(made(a_record(replace(PLAN, description=word))).pdf)
    assert word in re.sub(r"[\s\u200b]", "", text)


def test_a_draft_is_marked_and_neither_numbered_nor_payable() -> None:
    record = a_record(status="draft", number=None, issued_on=None, due_on=None, reference="")
    done = made(record)
    assert "Draft" in sheet(record).mark
    assert "IBAN" not in pages(done.pdf)[0]
    assert payment_code(record) == ""


def test_an_invoice_over_nothing_asks_for_nothing() -> None:
    free = replace(PLAN, net_minor=0, tax_minor=0, unit_minor=0)
    shown = sheet(a_record(free))
    assert (shown.payment, shown.payment_note, shown.qr) == ((), "Nothing is to be paid.", "")


def test_what_was_paid_on_its_day_is_not_asked_for_again() -> None:
    shown = sheet(a_record(settled_minor=154_313))
    assert shown.payment == (("Paid on the invoice date", "EUR\u00a01,543.13"),)
    assert (shown.payment_note, shown.qr) == ("Nothing is to be paid.", "")
    assert shown.total[0] == "Total"
    assert "IBAN" not in pages(made(a_record(settled_minor=154_313)).pdf)[0]


def test_what_is_left_after_a_part_was_paid_is_asked_for() -> None:
    record = a_record(settled_minor=54_313)
    assert dict(sheet(record).payment)["Amount due"] == "EUR\u00a01,000.00"
    assert payment_code(record) == payment_code(a_record(total_minor=100_000))


def test_what_a_card_pays_is_not_asked_for_by_transfer() -> None:
    shown = sheet(a_record(by_card=True))
    assert (shown.payment, shown.qr) == ((), "")
    assert "charged to your card" in shown.payment_note
    assert shown.total[0] == "Amount due"


def test_tax_stands_in_the_currency_of_the_issuer_too() -> None:
    home = HomeTax("SEK", 339_493, Decimal("11.0000"), date(2026, 11, 20))
    (text,) = pages(made(a_record(home=home)).pdf)
    assert "VAT in SEK" in text
    assert "3,394.93" in text
    assert "1 EUR = 11 SEK, the rate of 20 Nov 2026." in text


def test_a_document_without_lines_still_states_its_totals() -> None:
    record = replace(a_record(), lines=())
    assert "EUR 1,543.13" in pages(made(record).pdf)[0]


def test_the_code_for_euro_is_that_of_the_payments_council() -> None:
    expected = make_epc_qr(
        name="Saldo Demo AB",
        iban="SE3550000000054910000003",
        bic="ESSESESS",
        amount=Decimal("1543.13"),
        text="1260004260",
    )
    assert epc(a_record()) == expected
    assert payment_code(a_record()) == expected.svg_inline(border=2, omitsize=True)


def test_an_amount_the_payments_council_does_not_allow_has_no_code() -> None:
    assert payment_code(a_record(total_minor=100_000_000_000)) == ""


def test_the_code_for_kronor_is_the_invoice_as_json() -> None:
    record = a_record(currency="SEK", seller=replace(SELLER, name='Saldo "Demo" AB'))
    assert using_qr(record) == (
        '{"uqr":1,"tp":1,"nme":"Saldo \\"Demo\\" AB","cc":"SE","cid":"556677-8899",'
        '"iref":"1260004260","idt":"20261120","ddt":"20261220","cur":"SEK","pt":"BG",'
        '"acc":"5050-1055","due":1543.13,"vh":308.63,"vm":0.00,"vl":0.00}'
    )
    drawn = segno.make_qr(using_qr(record), error="m").svg_inline(border=2, omitsize=True)
    assert payment_code(record) == drawn


@pytest.mark.parametrize(
    "changed",
    [{"currency": "USD"}, {"seller": Seller("Saldo Demo AB")}, {"kind": CREDIT_NOTE}],
    ids=["another currency", "no account", "a credit note"],
)
def test_where_no_code_applies_there_is_none(changed: dict[str, object]) -> None:
    assert payment_code(a_record(**changed)) == ""


def test_figures_too_wide_for_the_page_are_set_smaller() -> None:
    huge = replace(PLAN, net_minor=9 * 10**15, unit_minor=9 * 10**15, discount_minor=9 * 10**15)
    points = [sheet(a_record(line)).line_points for line in (PLAN, huge)]
    assert points[0] == 9
    assert points[1] < 9


def test_a_logo_of_the_settings_is_used_and_a_missing_one_stops_the_start(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><path d="M0 0h4"/></svg>'
    )
    own = Settings(_env_file=None, SALDO_LOGO_PATH=logo)
    assert as_rendered(a_record(), date(2026, 11, 20), own).pdf != made(a_record()).pdf
    logo.write_bytes(b"<" * (rendering.LARGEST_LOGO + 1))
    with pytest.raises(CheckFailed, match="larger than"):
        as_rendered(a_record(), date(2026, 11, 20), own)
    with pytest.raises(ValidationError, match="is not a file"):
        Settings(_env_file=None, SALDO_LOGO_PATH=tmp_path / "none.svg")
    with pytest.raises(ValidationError, match="is not a folder"):
        Settings(_env_file=None, SALDO_FONTS_PATH=logo)


@pytest.mark.parametrize(
    ("number", "name"),
    [("SAAS-INV-2026-00042", "SAAS-INV-2026-00042.pdf"), ('../a"b/ć\r\n1', "a-b-1.pdf")],
)
def test_a_file_is_named_after_its_number_in_plain_characters(number: str, name: str) -> None:
    assert file_name(number) == name


@pytest.mark.parametrize(
    ("number", "currency"), [("SE556677889901", "SEK"), ("de123", "EUR"), ("", None), ("XX1", None)]
)
def test_the_issuers_currency_is_that_of_its_vat_number(number: str, currency: str | None) -> None:
    assert home_currency(number) == currency
