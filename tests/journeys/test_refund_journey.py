"""A refund in the browser: preview, step-up, reason, a double click that refunds once, receipt."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from core.access.authority import system
from core.audit.queries import search
from core.credit_notes.models import CreditNote
from core.invoices.models import Invoice
from core.payments.actions import record_payment
from core.payments.models import Payment
from core.refunds.models import Refund
from core.work import Office
from tests.billing import a_tenant, an_invoice
from tests.builders import PASSWORD, a_user
from tests.journeys.browser import Watched
from tests.journeys.conftest import Site

pytestmark = pytest.mark.xdist_group("journeys")
EMAIL = "finance-refund@example.com"
REASON = "billed for a month that was not used"
STALE = text("""
update user_session set fresh_until = now() - interval '1 minute'
where user_id = (select id from app_user where email = :email)
""")


def a_paid_invoice(office: Office) -> tuple[Invoice, Payment]:
    """SEK 125.00, of it 25.00 tax, paid by bank transfer."""
    invoice = an_invoice(office, a_tenant(office, "SE", "SEK"))
    with office.work(system("test")) as work:
        payment = record_payment(work, invoice.tenant_id, 12_500, "SEK", "bank_transfer")
    return invoice, payment


def double_click(page: Page, label: str) -> None:
    """Two clicks at one place, near enough to be one person's."""
    button = page.get_by_role("button", name=label, exact=True)
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*at)
    page.wait_for_timeout(120)
    page.mouse.click(*at)


def test_double_click_refunds_once_after_preview_and_step_up(visitor: Watched, site: Site) -> None:
    a_user(site.office, "sys_finance", email=EMAIL)
    invoice, payment = a_paid_invoice(site.office)
    page = visitor.page
    visitor.sign_in(EMAIL, PASSWORD, f"/payment?payment={payment.id}")
    with site.office.work(system("test")) as work:
        work.session.execute(STALE, {"email": EMAIL})
    page.get_by_role("button", name="Refund…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Amount (SEK)").fill("62.50")
    page.keyboard.press("Tab")
    before_after = dialog.get_by_role("region", name="Invoices before and after")
    expect(before_after).to_contain_text("Partly refunded")
    expect(dialog.get_by_role("region", name="Lines of the credit note")).to_contain_text("12.50")
    expect(dialog.get_by_role("region", name="Postings")).to_contain_text("Output tax")
    expect(page.get_by_label("Reason")).to_have_count(0)
    visitor.settle()
    page.get_by_role("link", name="Confirm it is you").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(dialog.get_by_role("textbox", name="Amount (SEK)")).to_have_value("62.50")
    page.get_by_label("Reason").fill(REASON)
    double_click(page, "Refund it")
    expect(page.get_by_text("SEK 62.50 went back to Rheinfeld GmbH").first).to_be_visible()
    expect(page.get_by_role("region", name="Refunds")).to_contain_text("Paid back")
    visitor.settle()
    with site.office.work(system("test")) as work:
        [refund] = work.session.scalars(select(Refund).where(Refund.payment_id == payment.id)).all()
        [note] = work.session.scalars(
            select(CreditNote).where(CreditNote.refund_id == refund.id)
        ).all()
        rows = search(work, event_type="refund.requested")
        assert work.session.get_one(Invoice, invoice.id).status == "partially_refunded"
    assert (refund.amount_minor, refund.nth, refund.status) == (6_250, 1, "succeeded")
    assert (note.total_minor, note.tax_minor, note.status) == (6_250, 1_250, "issued")
    mine = [row for row in rows if row.payload["payment_id"] == payment.id]
    assert [row.payload["reason"] for row in mine] == [REASON]
