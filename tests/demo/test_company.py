"""The simulated company: the same for a seed, its books right, its people real."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select, text

from core.access.permissions import ROLES
from core.access.sessions import sign_in
from core.audit.queries import verify
from core.charging.events import handle, replay_event
from core.db import app_engine
from core.gateways.models import GatewayEvent
from core.reconciliation import history
from core.reconciliation.run import run_reconcile
from core.reconciliation.sides import Window
from core.reconciliation.three_way import three_way
from core.work import Office
from demo import company
from demo.company import Summary, build
from demo.inbox import FEWEST_OPEN
from demo.payers import STRANGE
from demo.people import PASSWORD, PEOPLE
from demo.transfers import Bank
from demo.world import World
from tests.billing import JOB, wrong_books
from tests.builders import a_user, acting
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
_SENT = """
-- Which files did the bank send? One row a format and name, the day left out.
select format, regexp_replace(file_name, '[0-9]{4}-[0-9]{2}-[0-9]{2}', '*') as name,
  count(*) filter (where status <> 'imported') as not_imported
from bank_statement group by 1, 2
"""
_PAYOUTS_IN_THE_INBOX = """
select t.counterparty_name from unmatched_bank_transfer u
join bank_transfer t on t.id = u.bank_transfer_id
where t.counterparty_name ~ 'BANKGIROT|STRIPE|PAYPAL|PAYSTACK'
"""
_GIRO_CLEARING = """
select coalesce(sum(amount_minor), 0) from accounting_entry where account_code = '1584'
"""
_DECIDED = """
select status, min(length(reason)) as shortest
from unmatched_bank_transfer where status <> 'open' group by 1
"""


@pytest.fixture
def banks(monkeypatch: pytest.MonkeyPatch) -> list[Bank]:
    """The simulated banks of the companies that are made."""
    found: list[Bank] = []

    def opened(world: World, tenants: int) -> Bank:
        found.append(Bank(world, tenants))
        return found[-1]

    monkeypatch.setattr(company, "Bank", opened)
    return found


@pytest.fixture
def lived(office: Office, banks: list[Bank]) -> tuple[Office, Summary]:
    """A small company of a quarter, with bills enough for every kind of transfer."""
    return office, build(office, until=UNTIL, tenants=60, months=3, seed=3)


def test_a_small_company_has_right_books_bank_files_an_inbox_and_every_role(
    lived: tuple[Office, Summary], banks: list[Bank]
) -> None:
    office, made = lived
    # Two customers of one beginning are rare among so few.
    assert set(banks[0].inbox.kinds()) >= set(STRANGE) - {"alike"}
    assert wrong_books(office) == []
    assert made.counts["tenant"] == 60
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
    _check_bank_and_inbox(office, made)
    _check_reconciliation(office)
    _check_gateway_events(office)


def _check_gateway_events(office: Office) -> None:
    """Every gateway told something, one kind is unknown, and what failed is handled again."""
    with office.work(JOB) as work:
        rows = list(work.session.scalars(select(GatewayEvent).order_by(GatewayEvent.id)))
    assert {row.provider for row in rows} >= {"stripe"}
    assert {row.status for row in rows} == {"handled", "ignored", "failed"}
    assert "Nothing here follows from it" in {row.outcome for row in rows}
    assert [row.kind for row in rows if row.sent_at and row.sent_at > row.received_at] == []
    (failed,) = [row for row in rows if row.status == "failed"]
    boss = a_user(office, "super_admin")
    with office.work(acting(office, boss)) as work:
        replay_event(work, failed.id, reason="The gateway answers again")
    assert handle(office, failed.id).status == "handled"


def _check_reconciliation(office: Office) -> None:
    """The gateways were read, differ in every way a little, and history is kept."""
    run = run_reconcile(office, UNTIL, dry_run=True)
    assert {each.difference for each in run.found.differences if each.open} >= {
        "missing_here",
        "amount",
        "fee",
        "currency",
    }
    assert {total.unexplained_minor for total in run.found.totals} == {0}
    with office.work(JOB) as work:
        kept = history.days(work, date(2026, 10, 1), UNTIL)
        assert {day.day for day in kept} >= {UNTIL, date(2026, 10, 20)}
        payouts = three_way(work, Window(date(2026, 9, 1), UNTIL, UNTIL))
    odd = [each for each in payouts if each.state not in ("agrees", "deducted", "on_its_way")]
    assert odd == []


def _check_bank_and_inbox(office: Office, made: Summary) -> None:
    """Files of both kinds, payouts found in them, decisions with reasons, and some left open."""
    assert FEWEST_OPEN <= made.unmatched_open <= FEWEST_OPEN + 12
    with office.work(JOB) as work:
        sent = work.session.execute(text(_SENT)).all()
        assert {(row.format, row.name) for row in sent} == {
            ("bgmax", "bgmax-*.txt"),
            ("camt.053", "camt053-*.xml"),
        }
        assert sum(row.not_imported for row in sent) == 0
        assert work.session.execute(text(_PAYOUTS_IN_THE_INBOX)).all() == []
        assert work.session.scalar(text(_GIRO_CLEARING)) == 0
        decided = work.session.execute(text(_DECIDED)).all()
        assert {row.status for row in decided} == {"assigned", "ignored"}
        assert min(row.shortest for row in decided) >= 10, "a decision without a reason"


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
