"""A process killed while it decides leaves each transfer decided wholly or not at all (UNM.3)."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from core.access.authority import Actor
from core.clock import SetClock
from core.errors import ChangedMeanwhile, NotNow
from core.inbox.deciding import (
    Share,
    assign_transfer,
    auto_assign_transfer,
    ignore_transfer,
)
from core.inbox.several import assign_several, undo_several
from core.inbox.undoing import undo_decision
from core.invoices.models import Invoice
from core.work import Office
from tests.billing import JOB, WHY, a_tenant, an_invoice, wrong_books
from tests.inbox import finance, waiting
from tests.wallets import at_once

ROOT = Path(__file__).parents[3]
KEY = "killed-on-the-way"
_PROGRAM = """
import json, os, random, signal, sys, time
from datetime import datetime
from itertools import count
from sqlalchemy import event
import core.models
from core.access.authority import Actor, system
from core.clock import SetClock
from core.db import app_engine
from core.inbox.deciding import Share, assign_transfer, auto_assign_transfer, ignore_transfer
from core.inbox.several import assign_several, undo_several
from core.inbox.undoing import undo_decision
from core.settings import Settings
from core.work import Office

asked = json.loads(sys.argv[1])
clock = SetClock(datetime.fromisoformat(asked["now"]))
actor = Actor(**asked["actor"])
said = {"reason": asked["reason"], "key": asked["key"]}
shares = [(number, tuple(Share(*each) for each in parts)) for number, parts in asked["shares"]]
numbers = [number for number, _ in shares]

def one(action, *arguments, person=actor, **more):
    with office.work(person) as work:
        action(work, *arguments, **more)

def automatic():
    for number, parts in shares:
        ids = tuple(each.invoice_id for each in parts)
        one(auto_assign_transfer, number, ids, person=system("auto-assign"))

acts = {
    "assign": lambda: [one(assign_transfer, *each, **said) for each in shares],
    "ignore": lambda: [one(ignore_transfer, number, **said) for number in numbers],
    "undo": lambda: [one(undo_decision, number, **said) for number in numbers],
    "assign_several": lambda: assign_several(office, actor, shares, **said),
    "undo_several": lambda: undo_several(office, actor, numbers, **said),
    "automatic": automatic,
}

def die_at(moment):
    left = [moment]
    def pass_by(*_):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
    for name in ("before_cursor_execute", "commit", "checkin"):
        event.listen(office.engine, name, pass_by)

office = Office(app_engine(asked["url"]), clock, Settings(_env_file=None))
office.work = office.rehearse  # what is compiled once need not be in every child
acts[asked["act"]]()
del office.work
chance = random.Random(4)
for moment in count(1):
    child = os.fork()
    if not child:
        office.engine.dispose(close=False)
        try:
            if asked["at"] == "each statement":
                die_at(moment)
            acts[asked["act"]]()
        finally:
            os._exit(0)
    if asked["at"] == "any moment" and moment < 5:
        time.sleep(chance.random() * 0.15)
        os.kill(child, signal.SIGKILL)
    _, ended = os.waitpid(child, 0)
    print("killed" if os.WIFSIGNALED(ended) else "done", flush=True)
    if not os.WIFSIGNALED(ended):
        break
    sys.stdin.readline()
"""
Shares = list[tuple[int, list[tuple[int, int | None]]]]


@pytest.fixture
def asked(office: Office, clock: SetClock, database_url: str) -> dict[str, Any]:
    """What every process that decides is told."""
    return {
        "url": database_url,
        "now": clock.now().isoformat(),
        "actor": asdict(finance(office)),
        "reason": WHY,
        "key": KEY,
        "at": "each statement",
    }


def _killed(asked: dict[str, Any], **more: object) -> Iterator[None]:
    """Decides over and over; gives each time after it was killed on the way."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, json.dumps({**asked, **more})],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdin
        assert process.stdout
        while (said := process.stdout.readline()) == b"killed\n":
            yield
            process.stdin.write(b"\n")
            process.stdin.flush()
        assert said == b"done\n"


def _inbox(office: Office) -> list[tuple[Any, ...]]:
    """Each transfer with its status, what of it stands on invoices, its live payments."""
    question = text("""
        select u.id, u.status,
          coalesce((select sum(a.amount_minor) from payment_allocation a
            join payment p on p.id = a.payment_id where p.bank_transfer_id = b.id), 0)::bigint,
          (select count(*) from payment p where p.status = 'captured'
            and p.bank_transfer_id = b.id)
        from unmatched_bank_transfer u join bank_transfer b on b.id = u.bank_transfer_id
        order by u.id
    """)
    with office.work(JOB) as work:
        return [tuple(row) for row in work.session.execute(question)]


def _paid(office: Office) -> list[int]:
    with office.work(JOB) as work:
        return list(work.session.scalars(text("select paid_minor from invoice order by id")))


Scene = Callable[[Office], tuple[Shares, list[Invoice]]]


def _one_invoice(office: Office) -> tuple[Shares, list[Invoice]]:
    invoice = an_invoice(office, a_tenant(office), 10_000)
    return [(waiting(office, 12_000), [(invoice.id, None)])], [invoice]


def _two_tenants(office: Office) -> tuple[Shares, list[Invoice]]:
    one, two = (an_invoice(office, a_tenant(office), 10_000) for _ in range(2))
    return [(waiting(office, 16_000), [(one.id, 9_000), (two.id, 5_000)])], [one, two]


def _exact(office: Office) -> tuple[Shares, list[Invoice]]:
    invoice = an_invoice(office, a_tenant(office), 10_000)
    return [(waiting(office, 10_000), [(invoice.id, None)])], [invoice]


def _decide(office: Office, person: Actor, shares: Shares) -> None:
    for number, parts in shares:
        with office.work(person) as work:
            assign_transfer(work, number, tuple(Share(*each) for each in parts), reason=WHY)


@pytest.mark.parametrize(
    ("act", "scene", "before", "after"),
    [
        ("automatic", _exact, "open", "assigned"),
        ("ignore", _one_invoice, "open", "ignored"),
        ("assign", _two_tenants, "open", "assigned"),
        ("undo", _two_tenants, "assigned", "open"),
    ],
)
def test_killed_at_any_statement_it_is_done_wholly_or_not_at_all(
    act: str, scene: Scene, before: str, after: str, office: Office, asked: dict[str, Any]
) -> None:
    shares, _ = scene(office)
    person = Actor(**asked["actor"])
    if before == "assigned":
        _decide(office, person, shares)
    first = dict(zip([number for number, _ in shares], _inbox(office), strict=True))
    seen = {number: {row[1:]} for number, row in first.items()}
    kills = 0
    for _ in _killed(asked, act=act, shares=shares):
        kills += 1
        for row in _inbox(office):
            seen[row[0]].add(row[1:])
    assert kills > 5
    for row in _inbox(office):
        assert row[1] == after
        # Never anything between the state before and the state after.
        assert seen[row[0]] | {row[1:]} == {first[row[0]][1:], row[1:]}
    assert wrong_books(office) == []


def test_killed_again_and_again_the_rest_is_decided_once(
    office: Office, asked: dict[str, Any]
) -> None:
    shares: Shares = []
    for number in range(6):
        tenant = a_tenant(office)
        one, two = (an_invoice(office, tenant, 10_000 + number) for _ in range(2))
        transfer = waiting(office, 20_000 + 3 * number, bank_ref=f"W{number}x")
        shares.append((transfer, [(one.id, None), (two.id, None)]))
    kills = 0
    for act in ("assign_several", "undo_several"):
        for _ in _killed(asked, act=act, shares=shares, at="any moment"):
            kills += 1
            assert {row[1:] for row in _inbox(office)} <= {
                ("open", 0, 0),
                *(("assigned", 20_000 + 2 * number, 1) for number in range(6)),
            }
        person = Actor(**asked["actor"])
        wanted = [(number, tuple(Share(*each) for each in parts)) for number, parts in shares]
        if act == "assign_several":
            assert assign_several(office, person, wanted, reason=WHY, key=KEY).left == {}
            assert [row[1] for row in _inbox(office)] == ["assigned"] * 6
            assert _paid(office) == [10_000 + number for number in range(6) for _ in range(2)]
        else:
            numbers = [number for number, _ in shares]
            assert undo_several(office, person, numbers, reason=WHY, key=KEY).left == {}
            assert [row[1:] for row in _inbox(office)] == [("open", 0, 0)] * 6
            assert _paid(office) == [0] * 12
        assert wrong_books(office) == []
    assert kills > 0


def test_of_two_who_decide_one_transfer_one_wins_and_the_other_is_told(office: Office) -> None:
    one, two = (an_invoice(office, a_tenant(office), 10_000) for _ in range(2))
    people = [finance(office) for _ in range(3)]
    for turn in range(5):
        number = waiting(office, 10_000, bank_ref=f"T{turn}")

        def put(invoice: Invoice, person: Actor, number: int = number) -> None:
            with office.work(person) as work:
                assign_transfer(work, number, (Share(invoice.id),), reason=WHY)

        def park(number: int = number) -> None:
            with office.work(people[2]) as work:
                ignore_transfer(work, number, reason=WHY)

        def post_by_itself(number: int = number) -> None:
            with office.work(JOB) as work:
                auto_assign_transfer(work, number, (one.id,))

        refusals = at_once(
            lambda: put(one, people[0]), lambda: put(two, people[1]), park, post_by_itself
        )
        assert len(refusals) == 3
        assert all(isinstance(each, ChangedMeanwhile) for each in refusals)
        assert "already decided" in str(refusals[0])
        with office.work(people[0]) as work:
            undo_decision(work, number, reason=WHY)
        assert _paid(office) == [0, 0]
    assert wrong_books(office) == []


def test_of_two_transfers_for_one_invoice_one_pays_it(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office), 10_000)
    numbers = [waiting(office, 10_000, bank_ref=f"T{turn}") for turn in range(2)]

    def post_by_itself(number: int) -> None:
        with office.work(JOB) as work:
            auto_assign_transfer(work, number, (invoice.id,))

    refusals = at_once(*(lambda number=number: post_by_itself(number) for number in numbers))  # type: ignore[misc]
    assert [type(each) for each in refusals] == [NotNow]
    assert sorted(row[1] for row in _inbox(office)) == ["assigned", "open"]
    assert _paid(office) == [10_000]
    assert wrong_books(office) == []
