"""A company's past comes over from Stripe whole, once, and into books that agree with it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from bench._stripe_company import Company, a_company, put
from core.backfill.models import ImportObject, ImportRun
from core.charging.models import ChargeAttempt
from core.clock import SetClock
from core.dunning.models import DunningCase
from core.dunning.run import run_dunning
from core.errors import NotNow
from core.gateways.port import GatewayUnsure
from core.gateways.simulator.faults import order
from core.invoices.models import Invoice
from core.ledger.models import AccountingEntry, LedgerTransaction
from core.notifications.models import Notification
from core.payments.models import Payment, PaymentAllocation
from core.settings import Settings
from core.subscriptions.models import PlanHistory, Subscription
from core.subscriptions.run import run_lifecycle
from core.tenants.models import Tenant
from core.work import Office
from etl.figures.metrics import metrics
from etl.pipeline import sync
from etl.warehouse import Warehouse
from tests.core.backfill.bringing import (
    ROBOT,
    Account,
    brought,
    differing,
    history_at,
    is_whole,
    rows,
    seen,
)
from tests.core.backfill.conftest import TODAY
from tests.killing import Moment, survives

MOST_DEATHS = 15
WRITTEN = (
    *(AccountingEntry, Invoice, LedgerTransaction, Payment, PaymentAllocation, PlanHistory),
    *(Subscription, Tenant),
)


def test_everything_comes_over_and_the_books_hold(
    office: Office, account: Account, company: Company
) -> None:
    brought(office, account(company))
    is_whole(office, company)


def test_the_dashboard_shows_what_the_contracts_add_up_to(
    office: Office, account: Account, company: Company, settings: Settings, database_url: str
) -> None:
    brought(office, account(company))
    sync(settings, database_url, now=office.clock.now())
    told = metrics(Warehouse(settings), date(2026, 11, 1), months=10)
    for month in told["months"]:
        first = date.fromisoformat(f"{month['month']}-01")
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        day = min(last, TODAY)
        paying = [each for each in company.contracts if each.monthly_on(day)]
        assert month["mrr"]["minor"] == sum(each.monthly_on(day) for each in paying)
        assert month["customers"] == len(paying)
        billed = [
            each["subtotal"]
            for each in company.objects["invoices"]
            if _month(each["created"]) == month["month"]
        ]
        assert month["gross_revenue"]["minor"] == sum(billed)
    assert any(month["mrr"]["minor"] for month in told["months"])


def _month(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m}"


def test_twice_adds_nothing(office: Office, account: Account, company: Company) -> None:
    history = account(company)
    brought(office, history)
    before = rows(office, *WRITTEN)
    brought(office, history)
    assert rows(office, *WRITTEN) == before
    is_whole(office, company)


def test_what_is_new_at_stripe_is_added_to_what_was_there(
    office: Office, simulator: Engine, account: Account, clock: SetClock
) -> None:
    brought(office, account(a_company(6, 4, TODAY)))
    clock.advance(timedelta(days=20))
    later = a_company(6, 4, TODAY + timedelta(days=20))
    with simulator.begin() as connection:
        connection.exec_driver_sql("delete from simulator.subscriptions")
        put(connection, later)
    state = brought(office, history_at(simulator))
    assert (state.state, state.refused) == ("done", [])
    assert {each.kind: each.loaded for each in state.counts}["invoices"] > 0
    assert differing(office) == {}


@pytest.mark.parametrize(
    ("moment", "nth"), [("before_commit", 17), ("after_commit", 19), ("statement", 79)]
)
def test_killed_anywhere_it_goes_on_and_nothing_is_double_or_lost(
    office: Office, account: Account, database_url: str, moment: Moment, nth: int
) -> None:
    company = a_company(4, 4, TODAY)
    account(company)
    deaths = 0
    while not survives(
        office, database_url, lambda at: brought(at, history_at(at.engine)), moment, nth
    ):
        deaths += 1
        assert deaths < MOST_DEATHS
        assert differing(office) == {}
    assert deaths > 1
    is_whole(office, company)


def test_too_many_requests_are_waited_for_as_long_as_stripe_asks(
    office: Office, simulator: Engine, account: Account, company: Company
) -> None:
    history, waits = account(company), []
    history.sleep = waits.append
    with simulator.begin() as connection:
        order(connection, "too_many", calls=3, path="/v1/invoices", delay_ms=7_000)
        order(connection, "too_many", calls=1, path="/v1/charges")
        order(connection, "error_before", calls=1, path="/v1/refunds")
    brought(office, history)
    is_whole(office, company)
    assert [int(each) for each in waits[:3]] == [7, 7, 7]
    assert len(waits) == 4  # the library itself tries again after a 500


def test_an_account_that_stays_silent_stops_the_import_where_it_is(
    office: Office, simulator: Engine, account: Account, company: Company
) -> None:
    history = account(company)
    with simulator.begin() as connection:
        order(connection, "too_many", calls=8, path="/v1/invoices")
    with pytest.raises(GatewayUnsure, match="8 tries"):
        brought(office, history)
    stopped = seen(office)
    assert (stopped.state, stopped.place) == ("reading", "invoices")
    assert "go on later" in stopped.problem
    brought(office, history)
    is_whole(office, company)
    assert rows(office, ImportRun) == {"import_run": 1}


def test_another_account_is_not_mixed_into_the_company(
    office: Office, account: Account, company: Company
) -> None:
    history = account(company)
    brought(office, history)
    history.whoami = lambda: ("acct_other", "test")
    with pytest.raises(NotNow, match="acct_simulator"):
        brought(office, history)


def test_an_import_begun_with_test_keys_does_not_go_on_with_live_ones(
    office: Office, simulator: Engine, account: Account, company: Company
) -> None:
    history = account(company)
    with simulator.begin() as connection:
        order(connection, "too_many", calls=8, path="/v1/invoices")
    with pytest.raises(GatewayUnsure):
        brought(office, history)
    name, _ = history.whoami()
    history.whoami = lambda: (name, "live")
    with pytest.raises(NotNow, match=r"in test mode; the keys are .* in live mode"):
        brought(office, history)


def test_history_is_neither_charged_nor_reminded_of_nor_told(
    office: Office, account: Account, company: Company, clock: SetClock
) -> None:
    for each in company.objects["invoices"][-6:]:
        each |= {"status": "open", "amount_paid": 0, "amount_remaining": each["total"]}
        each["status_transitions"] = each["status_transitions"] | {"paid_at": None}
        company.objects["invoice_payments"] = [
            paid for paid in company.objects["invoice_payments"] if paid["invoice"] != each["id"]
        ]
    brought(office, account(company))
    clock.advance(timedelta(days=60))
    assert run_dunning(office).changes == ()
    assert run_lifecycle(office).changes == ()
    assert rows(office, DunningCase, ChargeAttempt, Notification) == {
        "dunning_case": 0,
        "charge_attempt": 0,
        "notification": 0,
    }
    with office.work(ROBOT) as work:
        still_open = work.session.scalars(select(Invoice).where(Invoice.status == "issued")).all()
    assert len(still_open) == 6


def test_each_object_is_kept_with_what_became_of_it(
    office: Office, account: Account, company: Company
) -> None:
    brought(office, account(company))
    with office.work(ROBOT) as work:
        found = work.session.scalars(
            select(ImportObject).where(ImportObject.kind == "charges")
        ).all()
        numbers = set(work.session.scalars(select(Payment.id)))
    assert {each.record_id for each in found} == numbers
    assert {each.state for each in found} == {"loaded"}
