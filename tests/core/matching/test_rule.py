"""What may be posted without a person: every condition of the rule, one at a time."""

from datetime import date

import pytest

from core.matching import facts
from core.matching.candidates import Candidate
from core.matching.reading import Hit, Reading
from core.matching.records import Transfer
from core.matching.rule import LEAST_PROBABILITY, automatic
from tests.core.matching.making import an_invoice

CHECKED = "1260004203"
"""Ten digits with a right check digit."""
TRANSFER = Transfer("t", date(2026, 11, 20), 10_000, "EUR")
NEVER = [
    "closed",
    "void",
    "foreign",
    "shared",
    "inside",
    "other",
    "other_closed",
    "other_name",
    "iban_other",
    "declined",
    "several_sets",
    "edit1",
    "edit2",
    "checkless",
    "few_digits",
    "unknown",
]


def may(known: int, token: str = CHECKED, probability: float = 0.99, **named: object) -> bool:
    """Whether the rule lets one invoice with these facts go by itself."""
    best = Candidate((an_invoice("a"),), known, token)
    return automatic(best, probability, reading(**named))


def reading(hits: tuple[str, ...] = (), tokens: tuple[str, ...] = ()) -> Reading:
    found = Reading(TRANSFER, dict.fromkeys(tokens, 0), "", "")
    found.hits = {key: Hit(an_invoice(key), facts.OCR, key) for key in hits}
    return found


def test_a_whole_reference_and_its_payer() -> None:
    for payer in (facts.SAME_NAME, facts.LIKE_NAME, facts.IN_TEXT, facts.IBAN_SEEN):
        assert may(facts.EXACT | facts.OCR | payer, "SAAS77")
        assert may(facts.EXACT | facts.NUMBER | payer, "SAAS77")
    assert not may(facts.OCR | facts.SAME_NAME)
    assert not may(facts.EXACT | facts.OCR | facts.SAME_NAME, probability=LEAST_PROBABILITY - 1e-9)
    assert may(facts.EXACT | facts.OCR | facts.SAME_NAME, probability=LEAST_PROBABILITY)


@pytest.mark.parametrize("name", NEVER)
def test_what_speaks_against_it_stops_it(name: str) -> None:
    assert not may(facts.EXACT | facts.OCR | facts.SAME_NAME | facts.BY_NAME[name])


@pytest.mark.parametrize(
    ("kind", "token", "goes"),
    [
        (facts.OCR, CHECKED, True),
        (facts.OCR, "12600045", True),
        (facts.OCR, "1260009", False),
        (facts.OCR, CHECKED[:-1] + "8", False),
        (facts.OCR, "SAAS12600077", False),
        (facts.NUMBER, CHECKED, False),
    ],
)
def test_a_stranger_needs_a_reference_with_a_right_check_digit(
    kind: int, token: str, goes: bool
) -> None:
    assert may(facts.EXACT | kind, token) is goes


def test_a_pieced_reference_is_long() -> None:
    pieced = facts.EXACT | facts.OCR | facts.PIECED | facts.SAME_NAME
    assert may(pieced, "12345678")
    assert not may(pieced, "1234567")


@pytest.mark.parametrize(
    ("extra", "token", "goes"),
    [
        (facts.SAME_NAME, "4711", True),
        (facts.IBAN_SEEN, "4711", True),
        (facts.LIKE_NAME, "4711", False),
        (0, "4711", False),
        (facts.SAME_NAME | facts.PIECED, "4711", False),
        (facts.SAME_NAME | facts.SHARED_NAME, "4711", False),
        (facts.SAME_NAME, "AB47", True),
        *((facts.SAME_NAME, str(year), False) for year in (1900, 2026, 2100)),
        *((facts.SAME_NAME, str(number), True) for number in (1899, 2101)),
        (facts.SAME_NAME | facts.ONLY_SUCH, "2026", True),
    ],
)
def test_a_short_reference_needs_its_payer_and_is_no_year(
    extra: int, token: str, goes: bool
) -> None:
    assert may(facts.EXACT | facts.SHORT | extra, token, hits=("a",)) is goes


def test_a_short_reference_beside_another_invoice_is_for_a_person() -> None:
    short = facts.EXACT | facts.SHORT | facts.SAME_NAME
    assert not may(short, "4711", hits=("a", "b"))


@pytest.mark.parametrize(
    ("extra", "goes"),
    [
        (facts.ONLY_SUCH, True),
        (0, False),
        (facts.ONLY_SUCH | facts.IBAN_SHARED, False),
        (facts.ONLY_SUCH | facts.PAID_TWIN, False),
        (facts.ONLY_SUCH | facts.BEFORE_ISSUE, False),
    ],
)
def test_a_trusted_account_pays_the_only_invoice_it_can_mean(extra: int, goes: bool) -> None:
    assert may(facts.EXACT | facts.IBAN_OFTEN | extra) is goes
    assert not may(facts.EXACT | facts.IBAN_SEEN | extra)
    assert not may(facts.EXACT | facts.IBAN_OFTEN | extra, tokens=("99887766",))
    assert not may(facts.EXACT | facts.IBAN_OFTEN | extra, hits=("b",))


def test_several_invoices_are_all_named_and_by_their_payer() -> None:
    both = (an_invoice("a"), an_invoice("b"))
    all_named = facts.EXACT | facts.TWO | facts.ALL_NAMED | facts.SAME_NAME

    def goes(known: int, *hits: str) -> bool:
        return automatic(Candidate(both, known), 0.99, reading(hits))

    assert goes(all_named, "a", "b")
    assert not goes(all_named, "a", "b", "c")
    assert not goes(all_named & ~facts.ALL_NAMED, "a", "b")
    assert not goes(all_named & ~facts.SAME_NAME, "a", "b")
    assert not goes((all_named & ~facts.SAME_NAME) | facts.LIKE_NAME, "a", "b")
