"""Tenants as a list: found by name, country and what they subscribe to; a tenant sees itself."""

import pytest

from core.errors import BadInput, NotAllowed
from core.subscriptions.models import Subscription
from core.tenants.actions import NewTenant, create_tenant
from core.tenants.queries import TenantFilters, countries, tenants
from core.work import Office
from tests.billing import JOB, a_subscription, a_tenant, the_plans
from tests.builders import a_user, acting


def names(office: Office, **wanted: str) -> list[str]:
    with office.work(JOB) as work:
        found = tenants(work, TenantFilters(**wanted))
    assert found.count == len(found.rows)
    return [row.name for row in found.rows]


def test_tenants_are_found_by_name_country_and_subscription(office: Office) -> None:
    plans, runs, ended = the_plans(office), a_tenant(office), a_tenant(office, "SE", "SEK")
    a_subscription(office, runs, plans["growth"])
    gone = a_subscription(office, ended, plans["growth"])
    with office.work(JOB) as work:
        row = work.session.get_one(Subscription, gone.id)
        row.status, row.ended_on = "cancelled", work.today
        create_tenant(work, NewTenant("Änglamark_AB", "SE", "SEK", external_id="X-1"))
    with office.work(JOB) as work:
        rows = {row.id: row for row in tenants(work).rows}
        assert countries(work) == ["DE", "SE"]
    assert (rows[runs.id].plan_name, rows[runs.id].status) == ("Growth", "active")
    assert rows[ended.id].status == "cancelled"
    assert names(office, text="änglamark_") == ["Änglamark_AB"]
    assert names(office, text="glamark%") == []
    assert names(office, text="X-1") == ["Änglamark_AB"]
    assert len(names(office, text=str(runs.id))) == 1
    assert len(names(office, country="SE")) == 2
    assert len(names(office, currency="EUR")) == 1
    for state, count in (("subscribed", 1), ("former", 1), ("none", 1)):
        assert len(names(office, state=state)) == count


def test_pages_of_the_list_hold_each_tenant_once(office: Office) -> None:
    for _ in range(3):
        a_tenant(office)
    with office.work(JOB) as work:
        pages = [tenants(work, order="newest", limit=2, offset=at) for at in (0, 2)]
    assert [page.count for page in pages] == [3, 3]
    assert len({row.id for page in pages for row in page.rows}) == 3


def test_a_tenants_people_see_their_own_and_others_none(office: Office) -> None:
    mine, _ = a_tenant(office), a_tenant(office)
    with office.work(acting(office, a_user(office, "org_user", tenant_id=mine.id))) as work:
        assert [row.id for row in tenants(work).rows] == [mine.id]
    analyst = acting(office, a_user(office, "analyst"))
    with pytest.raises(NotAllowed), office.work(analyst) as work:
        tenants(work)


def test_unknown_orders_and_states_are_refused(office: Office) -> None:
    with office.work(JOB) as work:
        with pytest.raises(BadInput, match="name, newest"):
            tenants(work, order="size")
        with pytest.raises(BadInput, match="subscribed, former, none"):
            tenants(work, TenantFilters(state="lost"))
