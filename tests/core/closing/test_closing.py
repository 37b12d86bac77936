"""Closing in order, the checklist, reopening, what was kept, and what later facts change."""

import psycopg
import pytest
from sqlalchemy import text

from core.closing.actions import NotInOrder, close_month, explain_item, reopen_month
from core.closing.checklist import CopySeen, Item
from core.closing.rules import Figure, canonical, hash_over
from core.closing.viewing import checked_month, months, restated, to_close, verify_month
from core.errors import (
    BadInput,
    ChangedMeanwhile,
    FreshAuthNeeded,
    NotAllowed,
    NotFound,
    NotNow,
    ReasonNeeded,
)
from core.inbox.deciding import ignore_transfer
from core.inbox.undoing import undo_decision
from core.ledger.recognition import recognise_revenue
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, the_plans
from tests.builders import a_user, acting
from tests.closing import IN_OCTOBER, NOVEMBER, OCTOBER, SEEN, at, close, copied, holding, october
from tests.conftest import NOON
from tests.inbox import finance, waiting


def items(office: Office, copy: CopySeen = SEEN) -> dict[str, Item]:
    with office.work(JOB) as work:
        return {item.name: item for item in checked_month(work, OCTOBER, copy)}


def explained(office: Office, item: str, finding: str) -> None:
    with office.work(finance(office)) as work:
        explain_item(work, OCTOBER, item, finding, SEEN, reason=WHY)


def test_a_month_in_order_is_closed_with_every_figure(office: Office) -> None:
    october(office)
    assert {item.state for item in items(office).values()} == {"green"}
    closed = close(office)
    with office.work(JOB) as work:
        row = next(row for row in months(work) if row.month == OCTOBER)
        assert (row.state, row.figures, row.sha256) == ("closed", closed.figures, closed.sha256)
        assert verify_month(work, OCTOBER).intact
        found = {(each.figure, each.group): each for each in restated(work, OCTOBER, copied())}
        assert to_close(work) == NOVEMBER
    assert found["balance.1510", "EUR"].closed == {"minor": 10_000, "currency": "EUR"}
    assert not any(each.changed for each in found.values())


def test_later_facts_show_as_restatements(office: Office) -> None:
    october(office)
    close(office)
    with office.work(JOB) as work:
        changed = [each for each in restated(work, OCTOBER, copied(650)) if each.changed]
    [mrr] = changed
    assert (mrr.figure, mrr.closed["minor"], mrr.now["minor"]) == ("metrics.mrr", 500, 650)


def test_a_figure_that_came_or_went_is_a_restatement(office: Office) -> None:
    october(office)
    close(office)
    other = Figure.of("metrics.mrr", "plan:new", 1)
    with office.work(JOB) as work:
        found = restated(work, OCTOBER, holding(other))
    changed = {
        (each.group, each.closed is None, each.now is None) for each in found if each.changed
    }
    assert changed == {("plan:new", True, False), ("", False, True)}


def test_months_are_closed_once_in_order_and_when_over(office: Office) -> None:
    october(office)
    with pytest.raises(BadInput, match="not over"):
        close(office, NOVEMBER)
    close(office)
    with pytest.raises(NotNow, match="closed already"):
        close(office)
    at(office, NOON.replace(year=2027, month=2))
    with pytest.raises(NotNow, match="2026-11 comes first"):
        close(office, OCTOBER.replace(month=12))


@pytest.mark.parametrize(
    ("roles", "fresh", "reason", "refusal"),
    [
        (("cfo",), True, WHY, NotAllowed),
        (("sys_finance",), False, WHY, FreshAuthNeeded),
        (("sys_finance",), True, "short", ReasonNeeded),
    ],
    ids=["a reader", "not fresh", "no reason"],
)
def test_who_may_close(
    office: Office, roles: tuple[str, ...], fresh: bool, reason: str, refusal: type[Exception]
) -> None:
    october(office)
    actor = acting(office, a_user(office, *roles), fresh=fresh)
    with pytest.raises(refusal), office.work(actor) as work:
        close_month(work, OCTOBER, copied(), reason=reason)


def test_a_copy_of_before_the_month_was_over_is_not_explained(office: Office) -> None:
    october(office)
    old = CopySeen(OCTOBER.replace(day=31), NOON)
    assert items(office, old)["copy"].state == "red"
    assert items(office, CopySeen())["copy"].state == "red"
    with pytest.raises(NotNow, match="not explained"), office.work(finance(office)) as work:
        explain_item(work, OCTOBER, "copy", items(office, old)["copy"].finding, old, reason=WHY)


def test_a_copy_older_than_the_month_s_last_posting_is_red(office: Office) -> None:
    october(office)
    before = CopySeen(NOON.date(), NOON.replace(day=9, month=10))
    assert "after the copy was made" in items(office, before)["copy"].finding


def test_a_posting_that_was_committed_while_the_copy_was_made_is_red(office: Office) -> None:
    october(office)
    with office.work(JOB) as work:
        held = work.session.scalar(text("select count(*) from ledger_transaction"))
    whole = CopySeen(NOON.date(), NOON, {OCTOBER: held, NOVEMBER: 3})
    lacking = CopySeen(NOON.date(), NOON, {OCTOBER: held - 1, NOVEMBER: 3})
    assert items(office, whole)["copy"].state == "green"
    assert "after the copy was made" in items(office, lacking)["copy"].finding


def test_revenue_that_is_not_posted_is_red_until_it_is(office: Office) -> None:
    at(office, IN_OCTOBER)
    served(office)
    at(office, NOON)
    assert items(office)["recognition"].state == "red"
    with office.work(JOB) as work:
        recognise_revenue(work, OCTOBER)
    assert items(office)["recognition"].state == "green"


def served(office: Office) -> None:
    """An invoice for service from October on."""
    a_subscription(office, a_tenant(office), the_plans(office)["starter"], "annual")


def test_an_open_transfer_refuses_the_close_until_it_is_explained(office: Office) -> None:
    october(office)
    waiting(office, 700, booked_on=OCTOBER.replace(day=30))
    finding = items(office)["inbox"].finding
    assert finding == "Not decided: 1 for 7.00 EUR"
    with pytest.raises(NotInOrder, match="Unmatched payments"):
        close(office)
    explained(office, "inbox", finding)
    assert items(office)["inbox"].state == "explained"
    close(office)
    kept = items(office)["inbox"]
    assert (kept.state, kept.explanation) == ("explained", WHY)


def test_a_transfer_whose_assignment_was_undone_is_not_decided(office: Office) -> None:
    october(office)
    number = waiting(office, 700, booked_on=OCTOBER)
    with office.work(finance(office)) as work:
        ignore_transfer(work, number, reason=WHY)
    assert items(office)["inbox"].state == "green"
    with office.work(finance(office)) as work:
        undo_decision(work, number, reason=WHY)
    assert items(office)["inbox"].finding == "Not decided: 1 for 7.00 EUR"


def test_an_explanation_holds_for_its_finding_alone(office: Office) -> None:
    october(office)
    waiting(office, 700, booked_on=OCTOBER)
    finding = items(office)["inbox"].finding
    explained(office, "inbox", finding)
    waiting(office, 300, "ANOTHER", bank_ref="W2", booked_on=OCTOBER)
    assert items(office)["inbox"].state == "red"
    with pytest.raises(ChangedMeanwhile):
        explained(office, "inbox", finding)
    with pytest.raises(NotNow):
        explained(office, "drafts", items(office)["drafts"].finding)
    with pytest.raises(NotFound):
        explained(office, "weather", "rain")


def test_the_last_month_is_reopened_and_closed_again(office: Office) -> None:
    october(office)
    first = close(office)
    with office.work(finance(office)) as work:
        reopen_month(work, OCTOBER, reason=WHY)
    with pytest.raises(NotNow), office.work(finance(office)) as work:
        reopen_month(work, OCTOBER, reason=WHY)
    with office.work(JOB) as work:
        assert (months(work)[0].state, months(work)[0].reopened) == ("open", 1)
        with pytest.raises(NotFound):
            verify_month(work, OCTOBER)
    assert close(office).id != first.id


def test_only_the_last_month_is_reopened(office: Office) -> None:
    october(office)
    close(office)
    at(office, NOON.replace(month=12))
    with office.work(JOB) as work:
        recognise_revenue(work, NOVEMBER)
    today = holding(at=office.clock.now())
    with office.work(finance(office)) as work:
        close_month(work, NOVEMBER, today, reason=WHY)
    with pytest.raises(NotNow, match="Reopen 2026-11 first"), office.work(finance(office)) as work:
        reopen_month(work, OCTOBER, reason=WHY)


@pytest.mark.parametrize(
    "change",
    [
        """update closed_figure set value = '{"currency":"EUR","minor":999}'
           where figure = 'metrics.mrr'""",
        "delete from closed_figure where figure = 'metrics.mrr'",
        "update closed_month set checklist = '[]'",
    ],
    ids=["a value", "a figure gone", "the checklist"],
)
def test_what_was_changed_behind_the_guards_is_found(
    office: Office, database_url: str, change: str
) -> None:
    october(office)
    close(office)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(database_url) as db:
        db.execute(change)
    with psycopg.connect(database_url) as db:
        for table in ("closed_figure", "closed_month"):
            db.execute(f"alter table {table} disable trigger user")
        db.execute(change)
        for table in ("closed_figure", "closed_month"):
            db.execute(f"alter table {table} enable trigger user")
    with office.work(JOB) as work:
        assert not verify_month(work, OCTOBER).intact


def test_hashes_made_to_fit_are_found_by_the_audit_log(office: Office, database_url: str) -> None:
    october(office)
    close(office)
    with psycopg.connect(database_url) as db:
        for table in ("closed_figure", "closed_month"):
            db.execute(f"alter table {table} disable trigger user")
        db.execute("delete from closed_figure")
        db.execute("update closed_month set figures = 0, checklist = '[]', sha256 = %s", [_empty()])
    with office.work(JOB) as work:
        assert verify_month(work, OCTOBER).wrong == ("the hash that the audit log holds",)


def _empty() -> str:
    return hash_over(OCTOBER, [], [])


def test_canonical_json_has_one_spelling() -> None:
    assert canonical({"b": 1, "a": "é"}) == canonical({"a": "é", "b": 1}) == '{"a":"é","b":1}'


def test_a_replayed_close_answers_with_the_first(office: Office) -> None:
    october(office)
    actor = finance(office)
    made = []
    for minor in (500, 650):
        with office.work(actor) as work:
            made.append(close_month(work, OCTOBER, copied(minor), reason=WHY, key="close-october"))
    assert made[0].id == made[1].id
    with office.work(JOB) as work:
        assert work.session.scalar(text("select count(*) from closed_month")) == 1
