"""The facts that follow from dates and names alone, at the edges of each."""

from datetime import timedelta

import pytest

from core.matching import facts
from core.matching.candidates import age_of, date_facts, name_fact, with_products
from core.matching.sums import covering_sets
from tests.core.matching.making import DUE, an_invoice


@pytest.mark.parametrize(
    ("late", "fact"),
    [
        (36, facts.DUE_LONG_PAST), (35, facts.DUE_PAST), (6, facts.DUE_PAST),
        (5, facts.DUE_CLOSE), (0, facts.DUE_CLOSE), (-8, facts.DUE_CLOSE),
        (-9, facts.DUE_AHEAD), (-35, facts.DUE_AHEAD), (-36, facts.DUE_FAR),
    ],
)  # fmt: skip
def test_a_transfer_comes_about_the_day_an_invoice_is_due(late: int, fact: int) -> None:
    invoice = an_invoice(issued_on=DUE - timedelta(days=60))
    assert date_facts(DUE + timedelta(days=late), invoice) == fact


def test_a_transfer_before_the_issue_is_told_beside_its_day() -> None:
    invoice = an_invoice(issued_on=DUE - timedelta(days=3))
    before, then = DUE - timedelta(days=4), DUE - timedelta(days=3)
    assert date_facts(before, invoice) == facts.DUE_CLOSE | facts.BEFORE_ISSUE
    assert date_facts(then, invoice) == facts.DUE_CLOSE
    assert date_facts(before, an_invoice(issued_on=None)) == facts.DUE_CLOSE
    assert date_facts(before, an_invoice(due_on=None)) == 0


@pytest.mark.parametrize(
    ("like", "fact"),
    [
        (1.0, facts.SAME_NAME), (0.97, facts.SAME_NAME), (0.969, facts.NEAR_NAME),
        (0.85, facts.NEAR_NAME), (0.849, facts.LIKE_NAME), (0.65, facts.LIKE_NAME),
        (0.649, facts.UNLIKE_NAME), (0.0, facts.UNLIKE_NAME),
    ],
)  # fmt: skip
def test_names_are_alike_by_degrees(like: float, fact: int) -> None:
    assert name_fact(like) == fact


TENANT, REFERENCE = facts.SAME_NAME, facts.OCR


@pytest.mark.parametrize(
    ("found", "together"),
    [
        (facts.EXACT | TENANT, facts.TENANT_AND_AMOUNT),
        (facts.EXACT | facts.LIKE_NAME, 0),
        (facts.EXACT | REFERENCE, facts.REFERENCE_AND_AMOUNT),
        (TENANT | REFERENCE, facts.TENANT_AND_REFERENCE),
        *((TENANT | kind, facts.TENANT_AND_REFERENCE)
          for kind in (facts.EDIT1, facts.CHECKLESS, facts.ALL_NAMED, facts.SHORT)),
        (TENANT | facts.EDIT2, 0),
        (
            facts.EXACT | TENANT | REFERENCE,
            facts.TENANT_AND_AMOUNT | facts.REFERENCE_AND_AMOUNT | facts.TENANT_AND_REFERENCE,
        ),
        (facts.UNLIKE_NAME, facts.STRANGER),
        (facts.UNLIKE_NAME | facts.FEE, facts.STRANGER),
        *((facts.UNLIKE_NAME | known, 0)
          for known in (facts.IBAN_SEEN, REFERENCE, facts.EDIT2, facts.FEW_DIGITS,
                        facts.SOME_NAMED)),
        (facts.LIKE_NAME, 0),
        (0, 0),
    ],
)  # fmt: skip
def test_some_facts_weigh_together(found: int, together: int) -> None:
    assert with_products(found) == found | together


def test_the_oldest_is_due_first_and_one_never_due_is_older() -> None:
    late, soon = an_invoice("b", due_on=DUE), an_invoice("a", due_on=DUE + timedelta(days=1))
    never = an_invoice("z", due_on=None)
    assert sorted([soon, late, never], key=age_of) == [never, late, soon]
    assert age_of(never) == (0, "z")


def owed(*dues: int) -> list:
    return [
        an_invoice(str(place), due_minor=due, due_on=DUE + timedelta(days=place))
        for place, due in enumerate(dues)
    ]


def test_a_set_of_the_oldest_is_told_from_one_of_later_ones() -> None:
    [oldest] = covering_sets(30, owed(10, 20, 25))
    assert (oldest.oldest, oldest.alone) == (True, True)
    [later] = covering_sets(45, owed(10, 20, 25))
    assert (later.oldest, later.alone) == (False, True)


def test_all_that_is_owed_comes_before_smaller_sets_and_needs_more_than_five() -> None:
    six = owed(1, 2, 3, 4, 5, 6)
    assert covering_sets(21, six)[0].invoices == tuple(six)
    seven = owed(10, 10, 20, 30, 40, 50, 60)
    assert [len(each.invoices) for each in covering_sets(220, seven)] == [7]
    mixed = owed(5, 5, 5, 5, 5, -30, 15)
    found = covering_sets(10, mixed)
    assert found[0].invoices == tuple(mixed)
    assert len(found[1].invoices) == 2


def test_sets_have_five_invoices_at_most_unless_they_are_all() -> None:
    assert covering_sets(21, [*owed(1, 2, 3, 4, 5, 6), an_invoice("x", due_minor=1_000)]) == []
