"""The European Central Bank's documents: read whole and exactly, or refused with what is wrong."""

import socket
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.errors import BadInput
from core.planning import ecb
from core.planning.ecb import DAILY, Published, RatesRefused, RatesUnavailable
from core.settings import Settings
from tests.rates import Peer, a_peer, document, enclosed

TODAY = date(2026, 11, 20)
YESTERDAY = date(2026, 11, 19)
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]><Envelope><Cube>&a11;</Cube></Envelope>"
).encode()


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with a_peer() as running:
        running.publish({TODAY: {"SEK": "11.3595"}})
        yield running


def one(rate: str, code: str = "SEK", on: str = "2026-11-20") -> bytes:
    """A document of one rate."""
    return enclosed(
        f'<Cube><Cube time="{on}"><Cube currency="{code}" rate="{rate}"/></Cube></Cube>'
    )


def test_units_for_one_euro_are_kept_as_euro_for_one_unit() -> None:
    days = ecb.days_of(
        document({TODAY: {"SEK": "11.3595", "IDR": "17487.21"}, YESTERDAY: {"SEK": "8"}}), TODAY
    )
    assert days == (
        Published(YESTERDAY, {"SEK": Decimal("0.1250000000")}),
        Published(TODAY, {"SEK": Decimal("0.0880320437"), "IDR": Decimal("0.0000571847")}),
    )


def test_a_tie_is_rounded_away_from_zero() -> None:
    assert Decimal(1) / 2048 == Decimal("0.00048828125")
    assert ecb.inverse(Decimal(2048)) == Decimal("0.0004882813")


@given(st.decimals("0.000000001", "999999999.999999999", places=9))
def test_the_inverse_has_ten_places_and_is_the_nearest_of_them(units: Decimal) -> None:
    with localcontext() as exact:
        exact.prec = 80
        nearest = (1 / units).quantize(Decimal("1e-10"), ROUND_HALF_UP)
        assert ecb.inverse(units) == nearest
        assert abs(ecb.inverse(units) * units - 1) <= units * Decimal("0.5e-10")
    assert ecb.inverse(units).as_tuple().exponent == -10
    assert 0 < ecb.inverse(units) < 10**10


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (b"", "the XML is broken"),
        (document({TODAY: {"SEK": "11"}})[:-20], "the XML is broken"),
        (b"<!DOCTYPE html><html><body>Moved</body></html>", "document type"),
        (b"<html><body>Maintenance</body></html>", "begins with 'html', not with Envelope"),
        (LAUGHS, "document type or entities"),
        (enclosed("<Cube/>"), "holds no day"),
        (enclosed("<Cube><Cube/></Cube>"), "Line 2: '' is not a day"),
        (enclosed('<Cube><Cube time="2026-11-20"/></Cube>'), "2026-11-20 has no rates"),
        (one("11", on="2026-13-01"), "'2026-13-01' is not a day"),
        (one("11", on="20261120"), "'20261120' is not a day"),
        (one("11", on="2026-11-21"), "2026-11-21 has not come"),
        (one("11", code="kr"), "'kr' is not a currency"),
        (one("0"), "'0' is not a rate of SEK"),
        (one("0.000"), "'0.000' is not a rate of SEK"),
        (one("-11.3"), "'-11.3' is not a rate of SEK"),
        (one("NaN"), "'NaN' is not a rate of SEK"),
        (one("Infinity"), "'Infinity' is not a rate of SEK"),
        (one("1e5"), "'1e5' is not a rate of SEK"),
        (one("11,36"), "'11,36' is not a rate of SEK"),
        (one("١١"), "is not a rate of SEK"),
        (one("1" * 5_000), "'1111111111111111111111111111111111111111' is not a rate"),
        (one("N/A"), "'N/A' is not a rate of SEK"),
        (
            enclosed(
                '<Cube><Cube time="2026-11-20"><Cube currency="SEK" rate="11"/></Cube>'
                '<Cube time="2026-11-20"><Cube currency="SEK" rate="11"/></Cube></Cube>'
            ),
            "2026-11-20 comes twice",
        ),
        (
            enclosed(
                '<Cube><Cube time="2026-11-20"><Cube currency="SEK" rate="11"/>\n'
                '<Cube currency="SEK" rate="12"/></Cube></Cube>'
            ),
            "Line 3: SEK comes twice on 2026-11-20",
        ),
    ],
)  # fmt: skip
def test_a_document_that_is_not_as_it_should_be_says_what_is_wrong(
    broken: bytes, words: str
) -> None:
    with pytest.raises(BadInput, match=words.replace("(", r"\(")) as refused:
        ecb.days_of(broken, TODAY)
    assert len(str(refused.value)) < 300


def test_a_document_is_read_from_where_the_setting_says(peer: Peer) -> None:
    for folder in (peer.url, peer.url + "/"):
        (day,) = ecb.read(folder, DAILY, TODAY)
        assert day == Published(TODAY, {"SEK": Decimal("0.0880320437")})
    assert peer.asked == [DAILY, DAILY]


def test_what_is_refused_names_the_address(peer: Peer) -> None:
    peer.documents[DAILY] = b"<html/>"
    with pytest.raises(RatesRefused, match=rf"{peer.url}/{DAILY}: It begins with 'html'"):
        ecb.read(peer.url, DAILY, TODAY)


@pytest.mark.parametrize("status", [500, 503, 404, 301, 204])
def test_another_answer_than_a_document_is_none(peer: Peer, status: int) -> None:
    peer.status = status
    with pytest.raises(RatesUnavailable, match=f"answered HTTP {status}"):
        ecb.read(peer.url, DAILY, TODAY)


def test_an_answer_cut_short_is_none(peer: Peer) -> None:
    peer.missing_bytes = 10
    with pytest.raises(RatesUnavailable, match="was lost"):
        ecb.read(peer.url, DAILY, TODAY)


def test_a_mute_server_is_not_waited_for(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.mute = True
    monkeypatch.setattr(ecb, "ANSWERS_WITHIN_SECONDS", 0.1)
    with pytest.raises(RatesUnavailable, match="did not answer in time"):
        ecb.read(peer.url, DAILY, TODAY)


def test_an_answer_that_drips_is_not_waited_for(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ecb, "READ_WITHIN_SECONDS", -1)
    with pytest.raises(RatesUnavailable, match="did not answer in time"):
        ecb.read(peer.url, DAILY, TODAY)


def test_an_answer_beyond_the_limit_is_not_read_on(peer: Peer) -> None:
    peer.documents[DAILY] = b" " * (ecb.MOST_BYTES + 1)
    with pytest.raises(RatesRefused, match="more than 1,048,576 bytes"):
        ecb.read(peer.url, DAILY, TODAY)


def test_a_port_where_nobody_listens_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(RatesUnavailable, match="was lost: ConnectError"):
        ecb.read(f"http://127.0.0.1:{port}", DAILY, TODAY)


@pytest.mark.parametrize(
    "address",
    [
        "http://www.ecb.europa.eu/stats/eurofxref",
        "ftp://mirror.example.com",
        "https://somebody:secret@mirror.example.com/rates",
        "https://mirror.example.com/rates?day=",
        "eurofxref",
    ],
)
def test_an_address_that_could_be_tampered_with_stops_the_start(address: str) -> None:
    with pytest.raises(ValidationError, match="SALDO_FX_URL"):
        Settings(_env_file=None, SALDO_FX_URL=address)
