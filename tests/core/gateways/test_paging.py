"""Lists that change, repeat or break off while they are read are whole or refused (REC.1).

PayPal and Paystack number their pages and tell a total; Stripe tells the last row and whether there
is more. A list that is cut without a sign is found by the next reading and by its payouts, which
the tests of pulling show.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from core.gateways.http import Fields, Page, every_row
from core.gateways.port import GatewayUnsure
from core.gateways.stripe_wire import every

ON_A_PAGE = 2
Change = Callable[[list[int]], list[int]]


def numbered(rows: list[int], change: Change, total: int | None = None) -> list[int]:
    """A list of numbered pages, read while it changes after the first one."""

    def read(page: int) -> Page:
        now = rows if page == 1 else change(rows)
        shown = now[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
        found: dict[Any, Fields] = {row: {"id": row} for row in shown}
        return found, total or len(now)

    return [row["id"] for row in every_row("The list", read)]


def same(rows: list[int]) -> list[int]:
    return rows


@pytest.mark.parametrize(
    "change",
    [
        same,
        pytest.param(lambda rows: [*rows, 0], id="a row is added at the end"),
        pytest.param(lambda rows: [rows[1], rows[0], *rows[2:]], id="read rows change places"),
    ],
)
def test_a_numbered_list_is_read_whole_and_each_row_once(change: Change) -> None:
    found = numbered([5, 4, 3, 2, 1], change)
    assert found == [5, 4, 3, 2, 1, *([0] if len(change([5, 4, 3, 2, 1])) > 5 else [])]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        pytest.param(lambda rows: [6, *rows], "5 of 6", id="a row is added at the front"),
        pytest.param(lambda rows: rows[1:], "4 of 5", id="a row that was read goes"),
        pytest.param(lambda rows: rows[::-1], "3 of 5", id="the order turns round"),
        pytest.param(lambda rows: rows[:2] * 3, "2 of 6", id="the first page again and again"),
    ],
)
def test_a_numbered_list_that_may_have_lost_a_row_is_refused(change: Change, shown: str) -> None:
    with pytest.raises(GatewayUnsure, match=f"shows {shown} rows"):
        numbered([5, 4, 3, 2, 1], change)


def test_a_numbered_list_that_stops_a_page_early_is_refused() -> None:
    with pytest.raises(GatewayUnsure, match="shows 4 of 5 rows"):
        numbered([5, 4, 3, 2], same, total=5)


@dataclass
class Cursor:
    """Stripe's way: the newest first, on from the row named, perhaps changed after one page."""

    rows: list[int]
    change: Change = same
    stuck: bool = False
    asked: int = 0

    def __call__(self, params: dict[str, Any]) -> SimpleNamespace:
        self.asked += 1
        now = self.rows if self.asked == 1 else self.change(self.rows)
        after = params.get("starting_after")
        start = 0 if after is None or self.stuck else now.index(after) + 1
        page = now[start : start + ON_A_PAGE]
        more = self.stuck or start + ON_A_PAGE < len(now)
        return SimpleNamespace(data=[SimpleNamespace(id=row) for row in page], has_more=more)


def read(cursor: Cursor) -> list[int]:
    return [row.id for row in every(cursor, {})]


@pytest.mark.parametrize(
    "change",
    [
        same,
        pytest.param(lambda rows: [7, 6, *rows], id="rows are added at the front"),
        pytest.param(lambda rows: rows[1:], id="a row that was read goes"),
    ],
)
def test_a_list_with_a_cursor_is_read_whole_while_it_changes(change: Change) -> None:
    assert read(Cursor([5, 4, 3, 2, 1], change)) == [5, 4, 3, 2, 1]


def test_a_list_with_a_cursor_that_shows_one_page_again_and_again_is_refused() -> None:
    with pytest.raises(GatewayUnsure, match="breaks off although it says that there is more"):
        read(Cursor([5, 4, 3], stuck=True))


def test_a_list_with_a_cursor_that_has_more_and_shows_none_is_refused() -> None:
    with pytest.raises(GatewayUnsure, match="breaks off"):
        list(every(lambda _: SimpleNamespace(data=[], has_more=True), {}))
