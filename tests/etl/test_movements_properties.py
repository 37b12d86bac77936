"""Random histories against an independent calculation, day by day in plain Python."""

import tempfile
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as run_with
from hypothesis import strategies as st

from core.settings import Settings
from etl import figures
from etl.days import last_day, next_month
from etl.warehouse import Warehouse
from tests.etl.books import Books
from tests.etl.plain import FIRST, MONTHS, Plain, books_of, tenants


def _published(books: Books, folder: str) -> Warehouse:
    return books.published(Settings(_env_file=None, SALDO_HOME=Path(folder)))


def _agree(answer: dict[str, Any], plain: dict[str, int]) -> None:
    for name in ("start", "end", "new", "expansion", "reactivation"):
        assert answer[name]["minor"] == plain[name], name
    for name in ("contraction", "churn"):
        assert answer[name]["minor"] == -plain[name], name
    assert abs(answer["fx"]["minor"] - plain["fx"]) <= plain["terms"]


@run_with(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tenants)
def test_movements_of_every_month_equal_the_plain_calculation(drawn: Any) -> None:
    books = books_of(drawn)
    plain = Plain(books)
    with tempfile.TemporaryDirectory() as folder:
        wh = _published(books, folder)
        answers = figures.movements(wh, MONTHS[0], MONTHS[-1])
        for month, answer in zip(MONTHS, answers, strict=True):
            _agree(answer, plain.month(month, last_day(month)))


@run_with(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tenants, st.integers(0, 119))
def test_movements_as_of_any_day_equal_the_plain_calculation(drawn: Any, later: int) -> None:
    books = books_of(drawn)
    as_of = FIRST + timedelta(days=later)
    month = as_of.replace(day=1)
    with tempfile.TemporaryDirectory() as folder:
        wh = _published(books, folder)
        [answer] = figures.movements(wh, month, month, as_of=as_of)
        assert answer["partial"] == (as_of + timedelta(days=1) != next_month(month))
        _agree(answer, Plain(books).month(month, as_of))


@run_with(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(tenants, st.sampled_from(("EUR", "SEK", "JPY")))
def test_months_meet_and_groups_add_up_in_any_currency(drawn: Any, currency: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wh = _published(books_of(drawn), folder)
        for by in ("plan", "country", "tenant"):
            answers = figures.movements(wh, MONTHS[0], MONTHS[-1], currency=currency, group_by=by)
            for answer in answers:
                signed = {
                    name: value["minor"]
                    for name, value in answer.items()
                    if isinstance(value, dict) and name != "groups"
                }
                assert signed["end"] == (
                    signed["start"]
                    + signed["new"]
                    + signed["expansion"]
                    + signed["reactivation"]
                    - signed["contraction"]
                    - signed["churn"]
                    + signed["fx"]
                )
                for name, total in signed.items():
                    assert total == sum(
                        group[name]["minor"] for group in answer["groups"].values()
                    ), (by, name)
            for earlier, later in pairwise(answers):
                assert earlier["end"] == later["start"]
