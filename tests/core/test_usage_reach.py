"""Which subscriptions the run of usage invoices looks at."""

from datetime import timedelta

import pytest

from core.clock import SetClock
from core.subscriptions.actions import cancel
from core.subscriptions.models import Subscription
from core.usage.invoicing import ended_periods, with_usage_prices
from core.usage.running import run_usage_invoices
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, pass_days, the_plans
from tests.builders import a_user, acting
from tests.usage import a_price, an_event, per_unit, taken_in


@pytest.mark.parametrize("cycle", ["monthly", "quarterly"])
def test_the_run_looks_at_every_subscription_with_an_ended_period(
    office: Office, clock: SetClock, cycle: str
) -> None:
    plans = the_plans(office)
    a_price(office, plans["growth"], per_unit("3"))
    kept, gone = (a_subscription(office, a_tenant(office), plans["growth"], cycle) for _ in "ab")
    passed_over = 0
    for day in range(75):
        if day % 9 == 0:
            taken_in(office, an_event(office, kept.tenant_id, f"kept-{day}"))
            taken_in(office, an_event(office, gone.tenant_id, f"gone-{day}"))
        if day == 17:
            with office.work(acting(office, a_user(office, "sys_finance"))) as work:
                cancel(work, gone.id, "other", mode="now", reason=WHY)
        if day in (12, 33, 61):
            run_usage_invoices(office)
        passed_over += _passed_over(office, (kept.id, gone.id))
        pass_days(clock, 1)
    assert passed_over > 50


def _passed_over(office: Office, numbers: tuple[int, ...]) -> int:
    """How many the run leaves out today; on no day one whose period has ended."""
    with office.work(JOB) as work:
        for ahead in (0, 1, 8, 16, 33):
            day = work.today + timedelta(days=ahead)
            ended = {
                number
                for number in numbers
                if ended_periods(work, work.session.get_one(Subscription, number), day)
            }
            assert ended <= set(with_usage_prices(work, day)), day
        return len(set(numbers) - set(with_usage_prices(work, work.today)))
