"""The inbox in the browser: by keyboard, by two people at once, all certain ones in one go."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import func, select, text

from core.access.authority import system
from core.bank.models import UnmatchedBankTransfer
from core.inbox.listing import one_unmatched
from core.invoices.models import Invoice
from core.work import Office
from tests.billing import an_invoice
from tests.builders import PASSWORD, a_user
from tests.inbox import named_tenant, waiting
from tests.journeys.browser import Watched, watched
from tests.journeys.conftest import Site

pytestmark = pytest.mark.xdist_group("journeys")
REASON = "matched by name and number"
STALE = text("""
update user_session set fresh_until = now() - interval '1 minute'
where user_id = (select id from app_user where email = :email)
""")

CLICK_AS_IT_COMES = """label => {
  window.clicked = 0;
  new MutationObserver((_, watch) => {
    const button = [...document.querySelectorAll('button')].find(
      each => each.innerText.includes(label) && !each.disabled);
    if (button) { watch.disconnect(); button.click(); window.clicked += 1; }
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def a_certain_one(office: Office, name: str) -> tuple[int, Invoice]:
    """A transfer that names its tenant's invoice of EUR 100.00."""
    invoice = an_invoice(office, named_tenant(office, f"{name} GmbH"), 10_000)
    number = waiting(office, 10_000, name.upper(), text=f"Invoice {invoice.number}", bank_ref=name)
    return number, invoice


def finance(office: Office, name: str) -> str:
    """The e-mail address of a new person of finance."""
    email = f"{name}@example.com"
    a_user(office, "sys_finance", email=email)
    return email


def status(office: Office, number: int) -> str:
    with office.work(system("test")) as work:
        return one_unmatched(work, number).status


def paid(office: Office, invoice: Invoice) -> int:
    with office.work(system("test")) as work:
        return work.session.get_one(Invoice, invoice.id).paid_minor


def give_reason(visitor: Watched) -> None:
    """The reason, and out of its field."""
    field = visitor.page.get_by_role("textbox", name="Reason for the next")
    field.fill(REASON)
    field.press("Tab")
    visitor.settle()


def chosen(page: Page) -> Locator:
    """The head of the transfer that stands beside the list."""
    return page.locator(".stranger")


def test_three_transfers_by_keyboard(visitor: Watched, site: Site) -> None:
    email = finance(site.office, "keys")
    found = [a_certain_one(site.office, f"Tastatur {name}") for name in ("Ost", "West", "Nord")]
    (first, invoice), (second, _), (third, _) = found
    page = visitor.page
    visitor.sign_in(email, PASSWORD, "/unmatched?text=Tastatur&sort=payer")
    order = [third, first, second]
    expect(chosen(page)).to_contain_text(f"transfer {order[0]}")
    field = page.get_by_role("textbox", name="Reason for the next")
    field.press_sequentially("jjkaiu j1 ")
    visitor.settle()
    expect(chosen(page)).to_contain_text(f"transfer {order[0]}")
    assert {status(site.office, number) for number in order} == {"open"}
    give_reason(visitor)
    page.keyboard.press("j")
    expect(chosen(page)).to_contain_text(f"transfer {order[1]}")
    page.keyboard.press("j")
    expect(chosen(page)).to_contain_text(f"transfer {order[2]}")
    expect(page.get_by_role("button", name=re.compile("^Next"))).to_be_disabled()
    page.keyboard.press("k")
    expect(chosen(page)).to_contain_text(f"transfer {order[1]}")
    visitor.settle()
    page.keyboard.press("a")
    expect(page.get_by_text(f"EUR 100.00 is on {invoice.number} of").first).to_be_visible()
    expect(chosen(page)).to_contain_text(f"transfer {order[2]}")
    visitor.settle()
    assert [status(site.office, number) for number in order] == ["open", "assigned", "open"]
    assert paid(site.office, invoice) == 10_000
    page.wait_for_timeout(800)
    page.keyboard.press("u")
    expect(chosen(page)).to_contain_text(f"transfer {order[1]}")
    assert paid(site.office, invoice) == 0
    visitor.settle()
    page.wait_for_timeout(800)
    page.keyboard.press("i")
    expect(page.get_by_text("EUR 100.00 is ignored").first).to_be_visible()
    visitor.settle()
    assert [status(site.office, number) for number in order] == ["open", "ignored", "open"]


def test_a_suggestion_is_chosen_by_its_number(visitor: Watched, site: Site) -> None:
    tenant = named_tenant(site.office, "Auswahl GmbH")
    for _ in range(2):
        an_invoice(site.office, tenant, 10_000)
    number = waiting(site.office, 10_000, "AUSWAHL", bank_ref="Auswahl")
    page = visitor.page
    visitor.sign_in(finance(site.office, "numbers"), PASSWORD, f"/unmatched?row={number}")
    assign = page.get_by_role("button", name=re.compile("^Assign to"))
    first = assign.inner_text()
    expect(page.locator(".offer.chosen kbd")).to_have_text("1")
    page.keyboard.press("2")
    expect(page.locator(".offer.chosen kbd")).to_have_text("2")
    expect(assign).not_to_have_text(first)
    visitor.settle()


@pytest.mark.parametrize("gap_ms", [30, 300])
def test_a_double_click_assigns_one_transfer(visitor: Watched, site: Site, gap_ms: int) -> None:
    email = finance(site.office, f"double{gap_ms}")
    found = [a_certain_one(site.office, f"Doppel{gap_ms} {name}") for name in ("Ost", "West")]
    page = visitor.page
    visitor.sign_in(email, PASSWORD, f"/unmatched?text=Doppel{gap_ms}&sort=payer")
    give_reason(visitor)
    box = page.get_by_role("button", name=re.compile("^Assign to")).bounding_box()
    assert box
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*at)
    page.wait_for_timeout(gap_ms)
    page.mouse.click(*at)
    expect(page.get_by_text("EUR 100.00 is on").first).to_be_visible()
    visitor.settle()
    assert [paid(site.office, invoice) for _, invoice in found] == [10_000, 0]


def test_a_click_just_as_the_next_transfer_appears_is_not_taken_for_it(
    visitor: Watched, site: Site
) -> None:
    email = finance(site.office, "late")
    found = [a_certain_one(site.office, f"Eile {name}") for name in ("Ost", "West")]
    page = visitor.page
    visitor.sign_in(email, PASSWORD, "/unmatched?text=Eile&sort=payer")
    give_reason(visitor)
    page.evaluate(CLICK_AS_IT_COMES, f"Assign to {found[1][1].number}")
    page.keyboard.press("a")
    page.wait_for_function("() => window.clicked")
    visitor.settle()
    assert [paid(site.office, invoice) for _, invoice in found] == [10_000, 0]
    expect(page.locator("html")).not_to_have_attribute("data-press-waits", "")
    page.keyboard.press("a")
    expect(page.get_by_text(f"is on {found[1][1].number}").first).to_be_visible()
    visitor.settle()


def test_a_held_key_decides_one_transfer(visitor: Watched, site: Site) -> None:
    email = finance(site.office, "held")
    found = [a_certain_one(site.office, f"Halten {name}") for name in ("Ost", "Sued", "West")]
    page = visitor.page
    visitor.sign_in(email, PASSWORD, "/unmatched?text=Halten&sort=payer")
    give_reason(visitor)
    for _ in range(25):
        page.keyboard.down("a")
        page.wait_for_timeout(60)
    page.keyboard.up("a")
    visitor.settle()
    assert [paid(site.office, invoice) for _, invoice in found] == [10_000, 0, 0]


def test_a_decision_typed_before_the_next_transfer_came_is_not_taken_for_the_last(
    visitor: Watched, site: Site
) -> None:
    email = finance(site.office, "ahead")
    found = [a_certain_one(site.office, f"Voraus {name}") for name in ("Ost", "West")]
    page = visitor.page
    visitor.sign_in(email, PASSWORD, "/unmatched?text=Voraus&sort=payer")
    give_reason(visitor)
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(chosen(page)).to_contain_text(f"transfer {found[1][0]}")
    visitor.settle()
    assert [paid(site.office, invoice) for _, invoice in found] == [0, 0]


def test_of_two_people_on_one_transfer_one_is_told(
    visitor: Watched, browser: Browser, site: Site
) -> None:
    number, invoice = a_certain_one(site.office, "Zweikampf")
    address = f"/unmatched?text=Zweikampf&row={number}"
    other = watched(browser, site.base_url)
    visitor.sign_in(finance(site.office, "first"), PASSWORD, address)
    other.sign_in(finance(site.office, "second"), PASSWORD, address)
    give_reason(visitor)
    give_reason(other)
    visitor.page.keyboard.press("a")
    expect(visitor.page.get_by_text("EUR 100.00 is on").first).to_be_visible()
    other.page.keyboard.press("a")
    expect(other.page.get_by_text("Somebody else has already decided")).to_be_visible()
    expect(other.page.locator(".sides")).to_contain_text(REASON)
    visitor.settle()
    other.settle()
    assert paid(site.office, invoice) == 10_000
    assert other.faults == []
    other.page.context.close()


def test_all_certain_ones_after_a_step_up_and_a_summary(visitor: Watched, site: Site) -> None:
    email = finance(site.office, "bulk")
    found = [a_certain_one(site.office, f"Sammel {name}") for name in ("Ost", "West")]
    page = visitor.page
    visitor.sign_in(email, PASSWORD, "/unmatched?text=Sammel")
    with site.office.work(system("test")) as work:
        work.session.execute(STALE, {"email": email})
    page.reload()
    visitor.settle()
    expect(page.get_by_role("button", name=re.compile("^Assign to"))).to_be_disabled()
    page.get_by_role("link", name="Confirm it is you").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    give_reason(visitor)
    page.get_by_role("button", name=re.compile("^Assign .* certain")).click()
    summary = page.get_by_role("dialog")
    for _, invoice in found:
        expect(summary).to_contain_text(str(invoice.number))
    expect(summary).to_contain_text("Each is posted by itself")
    page.keyboard.press("i")
    page.keyboard.press("j")
    summary.get_by_role("button", name="Assign them all").click()
    expect(page.get_by_text("transfers are assigned").first).to_be_visible()
    visitor.settle()
    assert [paid(site.office, invoice) for _, invoice in found] == [10_000, 10_000]
    with site.office.work(system("test")) as work:
        ignored = work.session.scalar(
            select(func.count()).where(
                UnmatchedBankTransfer.status == "ignored",
                UnmatchedBankTransfer.id.in_([number for number, _ in found]),
            )
        )
    assert ignored == 0
