"""The guide's Monday morning, performed: each step under its title, with what the guide names."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import select

from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.invoices.models import Invoice
from core.payments.actions import record_payment
from core.payments.models import Payment
from core.refunds.models import Refund
from core.work import Office
from tests.billing import JOB, an_invoice, named
from tests.builders import PASSWORD, a_user
from tests.guide import steps
from tests.journeys.browser import Watched
from tests.journeys.conftest import Site
from tests.journeys.test_refund_journey import double_click

pytestmark = pytest.mark.xdist_group("journeys")
FINANCE = "finance-monday@example.com"
REASON = "matched by the number in its text"
DUE_MINOR = 12_500
BACK_MINOR = 6_250
AGAIN = """([id, amount, reason]) => fetch(`/sys/payments/${id}/refund`, {
  method: 'POST', headers: {'content-type': 'application/json'},
  body: JSON.stringify({amount_minor: amount, reason}),
}).then(answer => answer.json())"""


@dataclass
class Morning:
    """The browser, what waits in the company, and what of the screen the current step used."""

    seen: Watched
    office: Office
    invoices: list[Invoice]
    payment: Payment
    used: set[str] = field(default_factory=set)

    def sign_in(self, email: str) -> None:
        """Sign in as somebody else, from the start."""
        self.used.add("Sign in")
        self.seen.page.context.clear_cookies()
        self.seen.sign_in(email, PASSWORD)

    def menu(self, title: str) -> None:
        """Open a page by the menu."""
        self.used.add(title)
        links = self.seen.page.get_by_test_id("stSidebarNav")
        links.get_by_role("link", name=title, exact=True).click()
        self.seen.settle()

    def sees(self, name: str, within: Locator | None = None) -> Locator:
        """What is on the screen under a name."""
        self.used.add(name)
        found = (within or self.seen.page.locator("body")).get_by_text(name, exact=True).first
        expect(found).to_be_visible()
        return found

    def button(self, name: str) -> Locator:
        """A button; the guide ends a name with … where the rest differs."""
        self.used.add(name)
        start = name.removesuffix(" …")
        return self.seen.page.get_by_role("button", name=re.compile(f"^{re.escape(start)}")).first

    def field(self, name: str) -> Locator:
        """A field to write into."""
        self.used.add(name)
        return self.seen.page.get_by_role("textbox", name=name)

    def card(self, name: str, title: str) -> Locator:
        """A card of the dashboard."""
        found = self.seen.page.locator(f".st-key-card-{name}")
        self.sees(title, found)
        return found


def mrr_is_up(morning: Morning) -> None:
    morning.sign_in("cfo@example.com")
    morning.sees("Dashboard")
    card = morning.card("mrr", "MRR")
    expect(card.locator(".change").first).to_contain_text("↑")
    morning.sees("Rows", card).click()
    morning.seen.settle()
    told = morning.seen.page.get_by_text("The rows sum to the figure, to the cent")
    expect(told).to_be_visible()


def the_runway(morning: Morning) -> None:
    morning.menu("Dashboard")
    card = morning.card("runway_months", "Runway")
    expect(card.locator(".value")).to_have_text(re.compile(r"^\d+(\.\d)? months$"))
    morning.sees("Definition", card).click()
    expect(morning.seen.page.locator(".definition")).to_contain_text("three")
    morning.seen.page.keyboard.press("Escape")


def three_transfers_wait(morning: Morning) -> None:
    morning.sign_in(FINANCE)
    morning.menu("Unmatched payments")
    morning.seen.open("/unmatched?text=Kvarnby&sort=payer")
    queue = morning.seen.page.locator("body")
    for payer in ("KVARNBY NORR", "KVARNBY SYD", "KVARNBY VAST"):
        expect(queue.get_by_text(payer).first).to_be_visible()
    offers = morning.seen.page.locator(".offer.chosen")
    expect(offers).to_contain_text(str(morning.invoices[0].number))
    expect(offers).to_contain_text("%")


def they_are_assigned(morning: Morning) -> None:
    morning.field("Reason for the next decisions").fill(REASON)
    morning.seen.page.keyboard.press("Tab")
    for invoice in morning.invoices:
        morning.seen.settle()
        morning.seen.page.wait_for_timeout(800)
        assign = morning.button("Assign to …")
        expect(assign).to_contain_text(str(invoice.number))
        assign.click()
        told = f"SEK 125.00 is on {invoice.number} of"
        expect(morning.seen.page.get_by_text(told).first).to_be_visible()
    expect(morning.button("Undo the last decision")).to_be_visible()
    with morning.office.work(JOB) as work:
        found = [work.session.get_one(Invoice, each.id) for each in morning.invoices]
        assert [(each.status, each.paid_minor) for each in found] == [("paid", DUE_MINOR)] * 3


def a_part_goes_back(morning: Morning) -> None:
    morning.seen.open(f"/payment?payment={morning.payment.id}")
    morning.button("Refund…").click()
    dialog = morning.seen.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Amount (SEK)").fill("62.50")
    morning.seen.page.keyboard.press("Tab")
    before_after = dialog.get_by_role("region", name="Invoices before and after")
    expect(before_after).to_contain_text("Partly refunded")
    expect(dialog.get_by_role("region", name="Lines of the credit note")).to_be_visible()
    expect(dialog.get_by_role("region", name="Postings")).to_be_visible()
    morning.seen.settle()
    morning.field("Reason").fill("one month was billed twice")
    morning.used.add("Refund it")
    double_click(morning.seen.page, "Refund it")
    expect(morning.seen.page.get_by_text("SEK 62.50 went back to").first).to_be_visible()
    morning.seen.settle()
    assert len(refunds(morning)) == 1


def the_same_again(morning: Morning) -> None:
    [first] = refunds(morning)
    given = [morning.payment.id, BACK_MINOR, "one month was billed twice"]
    answer = morning.seen.page.evaluate(AGAIN, given)
    assert (answer["id"], answer["amount_minor"]) == (first.id, BACK_MINOR)
    morning.button("Refund…").click()
    dialog = morning.seen.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Amount (SEK)").fill("62.50")
    morning.seen.page.keyboard.press("Tab")
    expect(dialog.get_by_text("this would be a second refund")).to_be_visible()
    morning.seen.settle()
    morning.seen.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert [each.id for each in refunds(morning)] == [first.id]


STEPS: dict[str, Callable[[Morning], None]] = {
    "MRR is up": mrr_is_up,
    "The runway": the_runway,
    "Three transfers wait": three_transfers_wait,
    "They are assigned": they_are_assigned,
    "A part of a payment goes back": a_part_goes_back,
    "The same refund again": the_same_again,
}


def test_the_morning_of_the_guide_happens_as_it_is_told(visitor: Watched, site: Site) -> None:
    told = steps("monday.md")
    assert list(told) == list(STEPS)
    a_user(site.office, "sys_finance", email=FINANCE)
    morning = Morning(visitor, site.office, waiting(site.office), paid(site.office))
    for title, perform in STEPS.items():
        morning.used.clear()
        perform(morning)
        visitor.settle()
        assert morning.used == told[title], title


def waiting(office: Office) -> list[Invoice]:
    """Three invoices of SEK 125.00, each with a transfer that names it in its text."""
    found = []
    for place in ("Norr", "Syd", "Vast"):
        invoice = an_invoice(office, named(office, f"Kvarnby {place} AB", "SE", "SEK"))
        line = TransferLine(
            f"M-{place}", DUE_MINOR, "", f"Faktura {invoice.number}",
            f"KVARNBY {place.upper()}", f"SE-{place}",
        )  # fmt: skip
        statement = Statement("SE45", f"S-monday-{place}", "camt.053", "SEK", (line,))
        with office.work(JOB) as work:
            import_statement(work, statement)
        found.append(invoice)
    return found


def paid(office: Office) -> Payment:
    """A payment of SEK 125.00 by bank transfer that settled an invoice."""
    invoice = an_invoice(office, named(office, "Granit Frakt AB", "SE", "SEK"))
    with office.work(JOB) as work:
        return record_payment(work, invoice.tenant_id, DUE_MINOR, "SEK", "bank_transfer")


def refunds(morning: Morning) -> list[Refund]:
    """What went back of the payment."""
    with morning.office.work(JOB) as work:
        wanted = select(Refund).where(Refund.payment_id == morning.payment.id)
        return list(work.session.scalars(wanted))
