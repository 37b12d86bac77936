"""The simulated company: the same for a seed, its books right, its people real."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import text

from core.access.permissions import ROLES
from core.access.sessions import sign_in
from core.audit.queries import verify
from core.db import app_engine
from core.work import Office
from demo.company import Summary, build
from demo.people import PASSWORD, PEOPLE
from tests.billing import JOB, wrong_books
from tests.databases import copy_of

UNTIL = date(2026, 11, 19)
_DIGEST = """
select 'invoice', number, total_minor, paid_minor, status, issued_on from invoice
union all
select 'payment', coalesce(provider_payment_id, ''), amount_minor, refunded_minor, status,
  received_on
from payment
union all
select 'entry', a.account_code, sum(a.amount_minor), 0, a.currency, t.booked_on
from accounting_entry a join ledger_transaction t on t.id = a.ledger_transaction_id
group by a.account_code, a.currency, t.booked_on
union all
select 'history', h.kind, h.amount_minor, 0, h.status, h.effective_on from plan_history h
order by 1, 6, 2, 3, 4, 5
"""


@pytest.fixture
def lived(office: Office) -> tuple[Office, Summary]:
    """A small company of half a year."""
    return office, build(office, until=UNTIL, tenants=25, months=6, seed=3)


def test_a_small_company_has_right_books_and_users_of_every_role(
    lived: tuple[Office, Summary],
) -> None:
    office, made = lived
    assert wrong_books(office) == []
    assert made.counts["tenant"] == 25
    assert made.counts["invoice"] > 40
    with office.work(JOB) as work:
        assert verify(work).intact
        unequal = work.session.execute(
            text("select currency from accounting_entry group by 1 having sum(amount_minor) <> 0")
        )
        assert unequal.all() == []
        last = work.session.scalar(text("select max(created_at)::date from audit_event"))
        assert last == UNTIL
    assert {role for person in PEOPLE for role in person.roles} == set(ROLES)
    for person in PEOPLE:
        sign_in(office, person.email, PASSWORD)


@pytest.fixture
def twin(server: str, template: str, office: Office) -> Iterator[Office]:
    """An office on a second database in the same state."""
    with copy_of(server, template) as url:
        engine = app_engine(url)
        yield Office(engine, office.clock, office.settings)
        engine.dispose()


def test_the_same_seed_gives_the_same_figures(office: Office, twin: Office) -> None:
    assert _figures(office) == _figures(twin)


def _figures(office: Office) -> list[tuple[object, ...]]:
    build(office, until=UNTIL, tenants=8, months=3, seed=3)
    with office.work(JOB) as work:
        return [tuple(row) for row in work.session.execute(text(_DIGEST))]
