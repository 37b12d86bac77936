"""The platform-fee report: what the platform itself invoiced, by tenant, plan and country."""

from datetime import date, timedelta

import pytest

from core.errors import BadInput
from core.invoices.actions import Fee, issue_platform_fees, void_invoice
from core.invoices.models import Invoice
from core.payments.actions import record_payment
from core.reports.platform_fees import FILE_COLUMNS, FeeReport, as_lines, platform_fees
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, an_invoice, the_plans
from tests.builders import a_user, acting
from tests.inbox import finance

TODAY = date(2026, 11, 20)
MONTH = date(2026, 10, 1)


def _report(office: Office, group_by: str = "tenant", since: date = TODAY) -> FeeReport:
    with office.work(finance(office)) as work:
        return platform_fees(work, since, TODAY, group_by)


def _fees(office: Office, *asked: tuple[Tenant, int]) -> list[int]:
    with office.work(JOB) as work:
        given = tuple(Fee(tenant.id, 100 * amount, amount) for tenant, amount in asked)
        return list(issue_platform_fees(work, MONTH, given))


def _amounts(report: FeeReport) -> list[tuple[str, str, int, int, int, int]]:
    return [
        (g.key, g.currency, g.invoices, g.gross_minor, g.paid_minor, g.outstanding_minor)
        for g in report.groups
    ]


def test_gross_paid_and_outstanding_by_tenant_plan_and_country(office: Office) -> None:
    plans = the_plans(office)
    one, two, other = a_tenant(office), a_tenant(office), a_tenant(office, "SE", "SEK")
    a_subscription(office, one, plans["growth"])
    first, _, third = _fees(office, (one, 10_000), (two, 5_000), (other, 8_000))
    an_invoice(office, one, 99_000)
    with office.work(JOB) as work:
        gross = {n: work.session.get_one(Invoice, n).total_minor for n in (first, third)}
    with office.work(acting(office, a_user(office, "billing"))) as work:
        record_payment(work, one.id, 4_000, "EUR", "bank_transfer", invoice_ids=(first,))
    found = _report(office)
    assert found.totals[0].currency == "EUR"
    assert found.totals[0].gross_minor == sum(
        row.gross_minor for row in found.invoices if row.currency == "EUR"
    )
    paid = next(row for row in found.invoices if row.id == first)
    assert (paid.gross_minor, paid.paid_minor, paid.outstanding_minor) == (
        gross[first], 4_000, gross[first] - 4_000,
    )  # fmt: skip
    assert paid.gross_minor == paid.net_minor + paid.tax_minor
    assert (paid.plan, paid.country) == ("Growth", "DE")
    by_plan = {(g.key, g.currency): g.invoices for g in _report(office, "plan").groups}
    assert by_plan == {("Growth", "EUR"): 1, ("none", "EUR"): 1, ("none", "SEK"): 1}
    by_country = _amounts(_report(office, "country"))
    assert [(each[0], each[1], each[2]) for each in by_country] == [
        ("DE", "EUR", 2), ("SE", "SEK", 1),
    ]  # fmt: skip
    assert by_country[1][3] == gross[third]


def test_a_voided_fee_is_left_out_and_the_window_counts(office: Office) -> None:
    tenant = a_tenant(office)
    (number,) = _fees(office, (tenant, 10_000))
    assert _report(office).totals[0].invoices == 1
    later = TODAY + timedelta(days=1)
    with office.work(finance(office)) as work:
        assert platform_fees(work, later, later).invoices == ()
    with office.work(acting(office, a_user(office, "billing"))) as work:
        void_invoice(work, number, reason=WHY)
    assert _report(office) == FeeReport(TODAY, TODAY, "tenant", (), (), ())


def test_the_file_holds_the_same_payload(office: Office) -> None:
    _fees(office, (a_tenant(office), 10_000))
    found = _report(office, "country")
    lines = as_lines(found)
    assert [line["line"] for line in lines] == ["total", "country", "invoice"]
    assert len({line["gross_minor"] for line in lines}) == 1
    assert {name for line in lines for name in line} == set(FILE_COLUMNS)


def test_an_unknown_grouping_is_refused(office: Office) -> None:
    with pytest.raises(BadInput, match="tenant, plan, country"):
        _report(office, "colour")
