"""A company's past comes over from Stripe whole, once, and into books that agree with it."""

from collections.abc import Callable

from bench.stripe_company import Company
from core.access.authority import system
from core.backfill.run import import_stripe
from core.backfill.viewing import ImportState, latest_import
from core.gateways.stripe_history import StripeHistory
from core.ledger.checks import check_books
from core.work import Office

ROBOT = system("test")
Account = Callable[[Company], StripeHistory]


def brought(office: Office, history: StripeHistory) -> ImportState:
    import_stripe(office, ROBOT, history=history)
    return seen(office)


def seen(office: Office) -> ImportState:
    with office.work(ROBOT) as work:
        found = latest_import(work)
    assert found is not None
    return found


def differing(office: Office) -> dict[str, list[object]]:
    with office.work(ROBOT) as work:
        return {each.name: each.differences for each in check_books(work) if not each.passed}


def test_everything_comes_over_and_the_books_hold(
    office: Office, account: Account, company: Company
) -> None:
    state = brought(office, account(company))
    assert (state.state, state.refused, state.problem) == ("done", [], "")
    assert {each.kind: each.told for each in state.counts} == {
        table: len(found) for table, found in company.objects.items()
    }
    told = {(each.kind, each.currency): each for each in state.sums}
    for place, minor in company.sums.items():
        assert (told[place].told_minor, told[place].booked_minor) == (minor, minor)
    assert differing(office) == {}
