"""What the tests of a backfill do and look at."""

from collections.abc import Callable

from sqlalchemy import Engine, func, select

from bench._stripe_company import Company
from core.access.authority import system
from core.backfill.run import import_stripe
from core.backfill.viewing import ImportState, latest_import
from core.base import Base
from core.gateways.simulator.in_process import ADDRESS
from core.gateways.stripe_history import StripeHistory
from core.ledger.checks import check_books
from core.work import Office
from tests.core.gateways.conftest import KEY, Declared

ROBOT = system("test")
Account = Callable[[Company], StripeHistory]


def history_at(engine: Engine) -> StripeHistory:
    """Stripe's own way to a simulated account, every answer checked; it never sleeps."""
    history = StripeHistory(KEY, address=ADDRESS, http_client=Declared(engine))
    history.sleep = lambda _seconds: None
    return history


def brought(office: Office, history: StripeHistory) -> ImportState:
    import_stripe(office, ROBOT, history=history)
    return seen(office)


def seen(office: Office) -> ImportState:
    with office.work(ROBOT) as work:
        found = latest_import(work)
    assert found is not None
    return found


def differing(office: Office) -> dict[str, list[object]]:
    """The checks of the books that do not hold."""
    with office.work(ROBOT) as work:
        return {each.name: each.differences for each in check_books(work) if not each.passed}


def rows(office: Office, *tables: type[Base]) -> dict[str, int]:
    with office.work(ROBOT) as work:
        return {
            table.__tablename__: work.session.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
        }


def is_whole(office: Office, company: Company) -> None:
    """Everything the account holds is in the books, once, and the books hold."""
    state = seen(office)
    assert (state.state, state.refused, state.problem) == ("done", [], "")
    counted = {each.kind: (each.told, each.waiting) for each in state.counts}
    assert counted == {table: (len(found), 0) for table, found in company.objects.items()}
    told = {(each.kind, each.currency): each for each in state.sums}
    for place, minor in company.sums.items():
        assert (told[place].told_minor, told[place].booked_minor) == (minor, minor)
    assert differing(office) == {}
