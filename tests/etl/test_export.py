"""Files of figures and lists: their heads, and what stands under them."""

from types import SimpleNamespace

from core.documents.listings import INVOICE_NAMES, PAYMENT_NAMES
from etl.export import as_frame, csv_text, records


def test_lines_of_several_kinds_stand_under_one_head() -> None:
    frame = as_frame([{"line": "a", "n": 1}, {"line": "b", "m": "x"}], ("line", "m", "k"))
    assert csv_text(frame) == "line,m,k,n\na,,,1\nb,x,,\n"


def test_no_lines_leave_the_head_alone() -> None:
    assert csv_text(as_frame([], ("line", "n"))) == "line,n\n"
    assert csv_text(records([], ("id", "name"))) == "id,name\n"


def test_a_shown_status_is_headed_status() -> None:
    late = SimpleNamespace(**dict.fromkeys(INVOICE_NAMES, ""), status="issued")
    late.shown_status = "overdue"
    [row] = records([late], INVOICE_NAMES).to_dicts()
    assert row["status"] == "overdue"
    assert len(row) == len(INVOICE_NAMES)


def test_heads_of_lists_are_words_of_the_field() -> None:
    heads = {*records([], INVOICE_NAMES).columns, *records([], PAYMENT_NAMES).columns}
    assert [head for head in heads if head.startswith(("shown", "_"))] == []
