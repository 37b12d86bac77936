"""What an organisation's own people see of their subscription, and the switch they have (SUB.3)."""

import pytest

from core.access.authority import Actor
from core.audit.queries import search
from core.errors import NotAllowed, NotFound, NotNow
from core.plans.models import Plan
from core.subscriptions.actions import cancel
from core.subscriptions.models import Subscription
from core.subscriptions.own import own_subscription, own_subscriptions, set_own_auto_renew
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, the_plans
from tests.builders import a_user, acting
from tests.wallets import a_financier


def one_of(office: Office, tenant: Tenant, role: str = "org_admin") -> Actor:
    return acting(office, a_user(office, role, tenant_id=tenant.id), fresh=False)


def switched(office: Office, who: Actor, number: int, on: bool, key: str | None = None) -> None:
    with office.work(who) as work:
        set_own_auto_renew(work, number, on, key=key)


def the_one(office: Office, number: int) -> Subscription:
    with office.work(JOB) as work:
        return work.session.get_one(Subscription, number)


@pytest.fixture
def subscription(office: Office) -> Subscription:
    return a_subscription(office, a_tenant(office), the_plans(office)["growth"])


@pytest.fixture
def owner(office: Office, subscription: Subscription) -> Actor:
    user = a_user(office, "org_admin", tenant_id=subscription.tenant_id)
    return acting(office, user, fresh=False)


def test_the_switch_is_kept_with_who_and_why(
    office: Office, subscription: Subscription, owner: Actor
) -> None:
    switched(office, owner, subscription.id, False)
    assert not the_one(office, subscription.id).auto_renew
    with office.work(owner) as work:
        newest = own_subscription(work).detail.history[0]
    assert (newest.kind, newest.reason) == (
        "renewal_changed",
        "Switched off by the organisation",
    )
    with office.work(JOB) as work:
        [told] = search(work, event_type="saas.subscription.own_renewal_set")
    assert told.payload["auto_renew"] is False
    switched(office, owner, subscription.id, True)
    assert the_one(office, subscription.id).auto_renew


def test_the_same_key_again_changes_nothing(
    office: Office, subscription: Subscription, owner: Actor
) -> None:
    for _ in range(2):
        switched(office, owner, subscription.id, False, key="switch-0001")
    assert not the_one(office, subscription.id).auto_renew


def test_switching_to_what_it_is_already_is_refused(
    office: Office, subscription: Subscription, owner: Actor
) -> None:
    with pytest.raises(NotNow, match="active and renews by itself"):
        switched(office, owner, subscription.id, True)


def test_a_cancelled_one_does_not_renew_again(
    office: Office, subscription: Subscription, owner: Actor
) -> None:
    with office.work(a_financier(office)) as work:
        cancel(work, subscription.id, "other", mode="now", reason=WHY)
    with pytest.raises(NotNow, match="cancelled"):
        switched(office, owner, subscription.id, False)


def test_anothers_subscription_is_not_found_and_stays(
    office: Office, subscription: Subscription
) -> None:
    stranger = one_of(office, a_tenant(office))
    with pytest.raises(NotFound, match="There is no subscription"):
        switched(office, stranger, subscription.id, False)
    with office.work(stranger) as work, pytest.raises(NotFound, match="no subscription"):
        own_subscription(work)
    assert the_one(office, subscription.id).auto_renew


def test_who_only_reads_may_look_but_not_switch(office: Office, subscription: Subscription) -> None:
    with office.work(JOB) as work:
        tenant = work.session.get_one(Tenant, subscription.tenant_id)
    reader = one_of(office, tenant, "org_user")
    with office.work(reader) as work:
        assert own_subscription(work).detail.row.id == subscription.id
    with pytest.raises(NotAllowed):
        switched(office, reader, subscription.id, False)


def test_the_platforms_people_switch_with_their_own_action(
    office: Office, subscription: Subscription
) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    with pytest.raises(NotAllowed, match="organisation's own users"):
        switched(office, boss, subscription.id, False)


def test_the_next_renewal_comes_with_its_amount(
    office: Office, subscription: Subscription, owner: Actor
) -> None:
    with office.work(owner) as work:
        ahead = own_subscription(work).renewal
    assert ahead is not None
    # Growth costs 79.00 a month, and Germany's 0 % or more of tax is on top of that.
    assert ahead.expected_minor >= 7_900
    assert ahead.outcome == "renews"


def test_the_running_one_stands_before_those_that_ended(
    office: Office, subscription: Subscription, owner: Actor
) -> None:
    with office.work(a_financier(office)) as work:
        cancel(work, subscription.id, "other", mode="now", reason=WHY)
    with office.work(JOB) as work:
        tenant = work.session.get_one(Tenant, subscription.tenant_id)
        plan = work.session.get_one(Plan, subscription.plan_id)
    running = a_subscription(office, tenant, plan)
    with office.work(owner) as work:
        assert [row.id for row in own_subscriptions(work)] == [running.id, subscription.id]
        assert own_subscription(work, subscription.id).renewal is None
