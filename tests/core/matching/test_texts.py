"""Reading references and names as banks print them (UNM.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.matching.names import Names
from core.matching.texts import (
    FIXED,
    JOINED,
    PIECE,
    WHOLE,
    account_of,
    alike,
    fold,
    name_of,
    written,
)


@pytest.mark.parametrize(
    ("field", "token", "how"),
    [
        ("2026000427", "2026000427", WHOLE),
        ("Faktura:2026000427.", "2026000427", WHOLE),
        ("OCR2026000427", "2026000427", WHOLE),
        ("INV1001", "1001", WHOLE),
        ("RF832026000427", "2026000427", WHOLE),
        ("RF83 2026 0004 27", "2026000427", JOINED),
        ("RF182026000427", "2026000427", PIECE),
        ("0000000002026000427", "2026000427", WHOLE),
        ("2026 0004 27", "2026000427", JOINED),
        ("SAAS-INV-2026-00042", "SAASINV202600042", JOINED),
        ("saas inv 2026/00042", "202600042", JOINED),
        ("2O26OOO427", "2026000427", FIXED),
        ("77-2026-1001", "1001", PIECE),
        ("X1001", "1001", PIECE),
        ("2026 0004 27 99", "2026000427", PIECE),
    ],
)
def test_a_token_is_read_with_how_it_stands(field: str, token: str, how: int) -> None:
    assert written(field).get(token) == how


@pytest.mark.parametrize("field", ["1814", "91814", "18-14", "INV14", "a14b"])
def test_fewer_than_four_digits_are_no_token(field: str) -> None:
    assert "14" not in written(field)


@given(st.from_regex(r"[0-9]{4,12}", fullmatch=True), st.text("0123456789", min_size=1, max_size=5))
def test_a_longer_number_never_yields_the_shorter(number: str, more: str) -> None:
    tokens = written(number + more)
    assert set(tokens) <= {number + more, (number + more).lstrip("0")}


@given(st.text(max_size=200))
def test_any_text_can_be_read(field: str) -> None:
    assert all(sum(c.isdigit() for c in token) >= 1 for token in written(field))
    assert name_of(field) == name_of(fold(field))


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Åkeri & Söner AB (publ)", "AKERI SONER"),
        ("Müller Maschinenbau GmbH & Co. KG", "MULLER MASCHINENBAU"),
        ("Øresund Logistik A/S", "ORESUND LOGISTIK"),
        ("Transportes Lda.", "TRANSPORTES"),
        ("Straße 12 S.A.", "STRASSE 12"),
        ("AB", "AB"),
        ("", ""),
    ],
)
def test_a_name_is_compared_without_legal_form_and_accents(name: str, core: str) -> None:
    assert name_of(name) == core


def test_names_cut_by_the_bank_are_alike_and_siblings_less() -> None:
    whole = name_of("Nordiska Fastighetsbolaget International AB")
    for length in (18, 27, 35):
        assert alike(name_of("NORDISKA FASTIGHETSBOLAGET INTERNATIONAL AB"[:length]), whole) > 0.95
    assert alike("ACME LOGITSIK", "ACME LOGISTIK") > 0.85
    assert alike("ACMELOGISTIK", "ACME LOGISTIK") > 0.95
    assert alike("DELTA FOODS", "DELTA MEDIA") < 0.75
    assert alike("", "ACME") == 0.0


def test_tenants_are_found_by_damaged_names_best_first() -> None:
    names = Names()
    for key, name in enumerate(("Acme Logistik AB", "Acme Foods AB", "Berg Logistik AB", "Zebra")):
        names.put(f"t{key}", name)
    assert names.find(names.core("ACME LOGISTIK"))[0] == ("t0", 1.0)
    assert names.find(names.core("Acme Logitsik Ltd"))[0][0] == "t0"
    assert names.find(names.core("Zebar"))[0][0] == "t3"
    assert names.find(names.core("Quite Unlike")) == ()
    assert names.within(["PAYMENT", "FOR", "ACME", "FOODS"]) == ["t1"]


def test_an_account_is_compared_without_blanks() -> None:
    assert account_of("se45 5000 0000") == "SE4550000000"
