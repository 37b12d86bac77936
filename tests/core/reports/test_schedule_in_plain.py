"""Deferred revenue and platform fees against plain loops over the documents' own rows (CFO.2, FEE).

The examples of others name their source; amounts are in units of its currency, taken as EUR.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from sqlalchemy import text

from core.clock import SetClock
from core.invoices.actions import DraftInvoice, Fee, create_draft, issue_platform_fees, send_invoice
from core.invoices.rules import NewLine
from core.ledger.recognition import recognise_revenue
from core.payments.actions import record_payment
from core.reports.platform_fees import platform_fees
from core.reports.revenue_schedule import Schedule, revenue_schedule
from core.subscriptions.actions import cancel
from core.work import Office
from tests.billing import JOB, WHY, a_charge, a_subscription, a_tenant, pass_days, the_invoices
from tests.billing import the_plans as plans_of
from tests.builders import a_user, acting
from tests.inbox import finance

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
_LINES = """
select i.currency, i.issued_on, l.net_minor, l.service_start, l.service_end
from invoice_line l join invoice i on i.id = l.invoice_id
where i.status not in ('draft', 'cancelled') and l.service_start is not null
union all
select n.currency, n.issued_on, -l.net_minor, l.service_start, l.service_end
from credit_note_line l join credit_note n on n.id = l.credit_note_id
where n.status = 'issued' and n.refund_id is null and l.service_start is not null
"""
_FEES = """
select i.id, i.currency, i.total_minor, t.country,
  (select coalesce(sum(a.amount_minor), 0) from payment_allocation a where a.invoice_id = i.id)
    as paid_minor
from invoice i join tenant t on t.id = i.tenant_id
where i.issuer_type = 'platform' and i.status not in ('draft', 'cancelled')
"""


def rows(office: Office, question: str) -> Sequence[Any]:
    with office.work(JOB) as work:
        return work.session.execute(text(question)).all()


def schedule(office: Office, since: date = NOVEMBER) -> Schedule:
    with office.work(finance(office)) as work:
        return revenue_schedule(work, since, date(2028, 1, 1))


def unearned(line: Any, day: date) -> int:
    """What service from a day on is worth, counted day by day."""
    length = (line.service_end - line.service_start).days
    service = [line.service_start + timedelta(days=n) for n in range(length)]
    gone = sum(each < day for each in service)
    earned = (Decimal(abs(line.net_minor)) * gone / len(service)).quantize(
        Decimal(1), ROUND_HALF_UP
    )
    left: int = abs(line.net_minor) - int(earned)
    return left if line.net_minor > 0 else -left


def test_every_month_closes_with_what_the_days_ahead_are_worth(
    office: Office, clock: SetClock
) -> None:
    plans = plans_of(office)
    kept, left = a_tenant(office), a_tenant(office)
    a_subscription(office, kept, plans["growth"], "annual")
    gone = a_subscription(office, left, plans["pro"], "quarterly")
    a_subscription(office, a_tenant(office, "SE", "SEK"), plans["starter"])
    a_charge(office, the_invoices(office)[1])
    pass_days(clock, 14)
    with office.work(JOB) as work:
        recognise_revenue(work, NOVEMBER)
    a_subscription(office, a_tenant(office), plans["growth"], "semiannual")
    with office.work(finance(office)) as work:
        cancel(work, gone.id, "other", mode="now", credit_unused=True, reason=WHY)
    lines = rows(office, _LINES)
    assert any(line.net_minor < 0 for line in lines)
    found = schedule(office)
    assert found.open_from == DECEMBER
    for month in found.months:
        after = (month.month + timedelta(days=32)).replace(day=1)
        known = [
            line
            for line in lines
            if line.currency == month.currency and (month.planned or line.issued_on < after)
        ]
        assert month.closing_minor == sum(unearned(line, after) for line in known), month


def test_fees_by_country_are_the_sums_of_the_invoices_and_what_was_set_against_them(
    office: Office,
) -> None:
    one, two, other = a_tenant(office), a_tenant(office), a_tenant(office, "SE", "SEK")
    with office.work(JOB) as work:
        fees = tuple(Fee(each.id, 100_000, 7_777) for each in (one, two, other))
        first, second, _ = issue_platform_fees(work, date(2026, 10, 1), fees)
    billing = acting(office, a_user(office, "billing"))
    for tenant, number, paid in ((one, first, 3_000), (two, second, 7_777)):
        with office.work(billing) as work:
            record_payment(work, tenant.id, paid, "EUR", "bank_transfer", invoice_ids=(number,))
    expected: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows(office, _FEES):
        sums = (1, row.total_minor, row.paid_minor, row.total_minor - row.paid_minor)
        place = row.country, row.currency
        expected[place] = [held + more for held, more in zip(expected[place], sums, strict=True)]
    with office.work(finance(office)) as work:
        found = platform_fees(work, work.today, work.today, "country")
    assert expected == {
        (group.key, group.currency): [
            group.invoices, group.gross_minor, group.paid_minor, group.outstanding_minor,
        ]
        for group in found.groups
    }  # fmt: skip
    assert sum(group.paid_minor for group in found.groups) == 10_777


@pytest.mark.parametrize(
    ("net_minor", "start", "end", "earned"),
    [
        # docs.stripe.com/revenue-recognition/examples/subscriptions: 31 from 15 January is 17 in
        # January and 14 in February.
        (3_100, date(2027, 1, 15), date(2027, 2, 15), [1_700, 1_400]),
        # The same page: 365 for a year from 1 January is 31, 28 and 31 in its first months.
        (36_500, date(2027, 1, 1), date(2028, 1, 1), [3_100, 2_800, 3_100]),
        # docs.stripe.com/revenue-recognition/revenue-settings/examples, by day: 120 for four months
        # from 15 June is 16, 31, 31, 30 and 12.
        (12_000, date(2027, 6, 15), date(2027, 10, 13), [1_600, 3_100, 3_100, 3_000, 1_200]),
        # teamsubscript.notion.site, "Revenue recognition schedules", daily with proration: 12,000
        # for a year from 16 January is 526.03 and 920.55 at first and 493.15 at last.
        (1_200_000, date(2027, 1, 16), date(2028, 1, 16), [52_603, 92_055]),
    ],
    ids=["Stripe's month", "Stripe's year", "Stripe's four months", "Subscript's year"],
)
def test_published_examples_are_recognised_as_their_source_does(
    office: Office, net_minor: int, start: date, end: date, earned: list[int]
) -> None:
    line = NewLine("Service", net_minor, service_start=start, service_end=end)
    tenant = a_tenant(office)
    with office.work(JOB) as work:
        draft = create_draft(work, tenant.id, DraftInvoice((line,)))
    with office.work(JOB) as work:
        send_invoice(work, draft.id)
    found = [m.recognised_minor for m in schedule(office).months if m.month >= start.replace(day=1)]
    assert found[: len(earned)] == earned
    assert sum(found) == net_minor
    if net_minor == 1_200_000:
        assert found[12] == 49_315
