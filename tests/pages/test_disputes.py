"""Disputes as a page: what to answer first, days left, one with its postings (PAY.8)."""

from datetime import date

import pytest

from core.access.authority import system
from core.payments.dispute_listing import DisputeFilters, DisputeListRow, disputes
from core.payments.disputes import decide_dispute
from core.work import Office
from etl.export import csv_text
from pages.receivables import dispute_rows, lists
from tests.billing import JOB, a_tenant
from tests.core.test_dispute_listing import a_dispute
from tests.core.test_disputed_recharges import a_disputed_recharge
from tests.pages.administering import Visit, visitor, words


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    return visitor(office, monkeypatch, "receivables/disputes.py")


def listed(office: Office) -> list[DisputeListRow]:
    with office.work(JOB) as work:
        return disputes(work).rows


def row(days_left: int | None, due: date | None = date(2026, 12, 1)) -> DisputeListRow:
    return DisputeListRow(
        1, 2, None, None, 3, "Fjord AB", "stripe", "dp_1", "needs_response", "fraudulent",
        "EUR", 5_000, 2_000, 0, date(2026, 11, 20), due, None, days_left, [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("left", "text", "tone"),
    [
        (-1, "1 Dec 2026, 1 day over", "bad"),
        (0, "1 Dec 2026, today", "bad"),
        (3, "1 Dec 2026, 3 days left", "bad"),
        (4, "1 Dec 2026, 4 days left", ""),
        (None, "1 Dec 2026", "muted"),
    ],
)
def test_days_left_stand_out_when_they_are_few(left: int | None, text: str, tone: str) -> None:
    cell = dispute_rows.answer_by(row(left))
    assert (cell.text, cell.tone) == (text, tone)


def test_a_dispute_without_a_day_to_answer_has_a_dash() -> None:
    assert dispute_rows.answer_by(row(None, None)).text == "–"


def test_a_payment_without_an_invoice_is_named_by_its_id() -> None:
    assert dispute_rows.payment(row(1)).text == "Payment 2"


def test_a_disputed_recharge_opens_its_invoice_and_shows_what_left_the_wallet(
    office: Office, visit: Visit
) -> None:
    opened = a_disputed_recharge(office, a_tenant(office, "SE", "SEK"))
    [found] = [row for row in listed(office) if row.wallet_transaction_id]
    link = f'href="/invoice?invoice={found.recharge_invoice_id}"'
    shown = words(visit("billing"))
    assert link in shown
    assert "/payment?payment" not in shown
    one = words(visit("billing", dispute=str(opened.id)))
    for part in (link, "<dt>Recharge</dt>", "Prepaid wallets", "500.00", "200.00"):
        assert part in one


def test_list_shows_what_each_costs_and_opens_its_payment(office: Office, visit: Visit) -> None:
    opened = a_dispute(office, days=2)
    shown = words(visit("billing"))
    for part in ("1 dispute", "2 days left", "20.00", "Fraudulent", "Needs an answer"):
        assert part in shown
    assert f'href="/payment?payment={opened.payment_id}"' in shown
    assert f'href="/disputes?dispute={opened.id}"' in shown


@pytest.mark.parametrize("wanted", [{"status": "won"}, {"text": "dp_2"}])
def test_address_filters_the_list(office: Office, visit: Visit, wanted: dict[str, str]) -> None:
    a_dispute(office, "dp_1", 2)
    won = a_dispute(office, "dp_2", 6)
    with office.work(JOB) as work:
        decide_dispute(work, won.id, won=True)
    shown = words(visit("cfo", **wanted))
    assert "6 days left" not in shown
    assert "2 days left" not in shown
    assert "1 dispute<" in shown


def test_no_dispute_says_that_they_arrive_by_themselves(visit: Visit) -> None:
    assert "arrive from the gateways by themselves" in words(visit("billing"))


def test_one_shows_its_postings_and_until_when_to_answer(office: Office, visit: Visit) -> None:
    opened = a_dispute(office)
    shown = words(visit("billing", dispute=str(opened.id)))
    for part in ("Opened: amount and fee withdrawn", "Disputed payments", "waits for evidence"):
        assert part in shown


def test_a_decided_one_asks_for_nothing(office: Office, visit: Visit) -> None:
    lost = a_dispute(office)
    with office.work(JOB) as work:
        decide_dispute(work, lost.id, won=False)
    shown = words(visit("billing", dispute=str(lost.id)))
    assert "Lost: a bad debt" in shown
    assert "<dt>Decided</dt>" in shown
    assert "waits for evidence" not in shown


def test_an_unknown_one_is_told_so(visit: Visit) -> None:
    assert "There is no such dispute" in words(visit("billing", dispute="999"))


def test_the_file_holds_every_row(office: Office) -> None:
    a_dispute(office, "dp_1", 2)
    a_dispute(office, "dp_2", 3)
    listed = lists.Listed(
        "disputes", "Disputes", dispute_rows.COLUMNS,
        lambda most: dispute_rows.read(
            system("test"), DisputeFilters(), "evidence", descending=False, most=most
        ),
        dispute_rows.row_of, dispute_rows.FILED, date(2026, 11, 20),
    )  # fmt: skip
    text = csv_text(lists.frame(listed))
    assert text.index("dp_1") < text.index("dp_2")
    assert "days_left" in text.splitlines()[0]


def test_analysts_are_refused_by_core_behind_the_page(office: Office, visit: Visit) -> None:
    opened = a_dispute(office)
    for address in ({}, {"dispute": str(opened.id)}):
        test = visit("analyst", **address)
        assert test.exception
        assert "Rheinfeld" not in words(test)
