"""Does a simulated year with every fault end with every invariant whole, and how long is a day?"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import core.models  # noqa: F401 (a write must know every table its foreign keys name)
import worker
from bench._company import Say, empty_company
from bench._deaths import Moment, survives
from bench._soak_company import ROBOT, WHY, People
from bench._truths import breaks, copy_differs
from core.charging.events import handle, receive
from core.clock import SetClock, SystemClock
from core.closing.actions import close_month, explain_item
from core.closing.checklist import checklist
from core.closing.viewing import to_close, verify_month
from core.db import app_engine
from core.errors import SaldoError
from core.gateways.port import ForgedEvent
from core.gateways.registry import SIMULATOR_SECRET
from core.gateways.simulator import deliveries, faults
from core.gateways.simulator.control import set_clock, set_seed
from core.work import Office
from etl.closing import copier, seen
from etl.warehouse import Warehouse

DAYS = 365
WEEK = 7
MOST_SECONDS_A_DAY = 4.0
"""Real seconds that a simulated day may take on a small machine."""
KINDS: tuple[faults.Kind, ...] = (
    "delay", "error_before", "error_after", "lost_before", "lost_after", "too_many",
)  # fmt: skip
MORNING = ("lifecycle", "usage-invoices", "dunning", "auto-charge", "auto-assign", "notifications")
ROUNDS = 3
"""How often on a day the events arrive and the sweep comes round."""
SETTLES_WITHIN = 24
"""Half hours in which everything must have come back once no fault is left."""
MOST_TOLD = 20
DEATHS: tuple[Moment, ...] = (
    "before_commit", "after_commit", "before_request", "after_request", "statement",
)  # fmt: skip
HOOK = "http://saldo.invalid/hook"


@dataclass
class Soak:
    """A company under faults: its people, what was done to it, and what broke."""

    office: Office
    url: str
    clock: SetClock
    people: People
    chance: Random
    injected: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    closed: int = 0

    def day(self) -> None:
        """Faults are ordered, people act, and the worker's jobs run, some killed on the way."""
        self._disturb()
        for name in MORNING:
            self._run(name)
        self.people.a_day()
        for _ in range(ROUNDS):
            self._pass(timedelta(hours=self.chance.choice((1, 2, 2, 3))))
            self._events()
            self._run("sweep")
        for name in ("disputes", "refunds"):
            self._run(name)

    def settle(self) -> None:
        """No fault is left: within half a day all must have come back, and all must hold."""
        with self.office.engine.begin() as connection:
            faults.forget(connection)
            deliveries.disturb(connection)
        found: list[str] = []
        for _ in range(SETTLES_WITHIN):
            self._pass(timedelta(minutes=30))
            self._events(honest=True)
            for name in ("sweep", "disputes", "refunds", "lifecycle", "dunning", "notifications"):
                self._run(name, honest=True)
            found = breaks(self.office)
            if not found:
                break
        self._run("sync", honest=True)
        found += copy_differs(self.office)
        self.broken += [f"{self.clock.now():%Y-%m-%d}: {each}" for each in found]

    def close(self) -> None:
        """Finance closes the month before, explaining what a simulated company leaves red."""
        for name in ("recognition", "reconcile", "anchor", "sync-full"):
            self._run(name, honest=True)
        wh, actor = Warehouse(self.office.settings), self.people.finance()
        with self.office.work(ROBOT) as work:
            month = to_close(work)
            red = [item for item in checklist(work, month, seen(wh)) if item.state == "red"]
        for item in red:
            if not item.may_be_explained:
                self.broken.append(f"{month:%Y-%m} cannot be closed: {item.title}: {item.finding}")
                return
            with self.office.work(actor) as work:
                explain_item(work, month, item.name, item.finding, seen(wh), reason=WHY)
        with self.office.work(actor) as work:
            close_month(work, month, copier(wh), reason=WHY)
        self.closed += 1
        with self.office.work(ROBOT) as work:
            if not verify_month(work, month).intact:
                self.broken.append(f"{month:%Y-%m} is not as it was closed")

    def move_to(self, at: datetime) -> None:
        """Put both clocks on an instant, ours and the gateway's."""
        self.clock.move_to(at)
        with self.office.engine.begin() as connection:
            set_clock(connection, int(at.timestamp()))

    def _pass(self, step: timedelta) -> None:
        self.move_to(self.clock.now() + step)

    def _disturb(self) -> None:
        """Order a day's faults: at the gateway, on the way of its events, and of the clock."""
        with self.office.engine.begin() as connection:
            faults.forget(connection)
            for kind in self.chance.sample(KINDS, self.chance.randint(1, 3)):
                calls = self.chance.randint(1, 5)
                faults.order(connection, kind, calls=calls, method=self._method(), delay_ms=1)
                self.injected[kind] += calls
            if self._happens(10):
                # An hour and more in which nobody answers; `settle` ends what the day leaves.
                faults.order(connection, "lost_before", calls=200)
                self.injected["gateway_down"] += 1
            deliveries.disturb(
                connection,
                delay_s=self.chance.choice((0, 0, 60, 3_600)),
                reorder_s=self.chance.choice((0, 600)),
                duplicate_percent=self.chance.choice((0, 50, 100)),
                stopped=self._happens(10),
            )
        if self._happens(10):
            self._jump()

    def _jump(self) -> None:
        """Our clock is wrong for a while, ahead or behind, and is put right."""
        right = self.clock.now()
        self.clock.move_to(right + timedelta(hours=self.chance.choice((-5, -1, 1, 5))))
        for name in ("sweep", "auto-charge", "lifecycle"):
            self._run(name)
        self.clock.move_to(right)
        self.injected["clock_jump"] += 1

    def _method(self) -> str | None:
        return self.chance.choice(("POST", "POST", None))

    def _happens(self, percent: int) -> bool:
        return self.chance.randrange(100) < percent

    def _run(self, name: str, *, honest: bool = False) -> None:
        """A job as the worker runs it; now and then in a child that is killed on the way."""
        does = worker.DOES[name]
        self.jobs[name] += 1
        if not honest and self._happens(4):
            moment, nth = self.chance.choice(DEATHS), self.chance.randint(1, 6)
            nth *= 10 if moment == "statement" else 1
            if not survives(self.office, self.url, _forgiving(does), moment, nth):
                self.injected["killed"] += 1
            return
        try:
            does(self.office)
        except SaldoError as refusal:
            self.jobs[f"{name}_refused"] += 1
            if honest:
                self.broken.append(f"{self.clock.now():%Y-%m-%d}: {name}: {refusal}")

    def _events(self, *, honest: bool = False) -> None:
        """The gateway's events arrive; some are lost, and some die between store and handling."""

        def take(_url: str, headers: Mapping[str, str], raw: bytes) -> int:
            if not honest and self._happens(5):
                self.injected["webhook_lost"] += 1
                return 200
            if not honest and self._happens(5):
                self.injected["webhook_unanswered"] += 1
                return 0
            try:
                row = receive(self.office, "stripe", raw, headers)
            except ForgedEvent:
                return 400
            if honest or not self._happens(30):
                handle(self.office, row.event_id)
            return 200

        self.injected["events"] += deliveries.deliver(self.office.engine, take, self.clock.now())


def run(scale: float, say: Say, *, days: int = DAYS, seed: int = 1) -> dict[str, Any]:
    """Real seconds of a simulated day over those it may take; no break is allowed."""
    with empty_company() as made:
        settings = made.settings.model_copy(update={"gateway_simulator": True})
        lived = max(int(days * scale), 1)
        engine = app_engine(made.url)
        office = Office(engine, SystemClock(), settings)
        say(f"Living {lived} days with every fault, seed {seed}")
        result = live(office, made.url, lived, seed, say)
        engine.dispose()
    return result


def live(office: Office, url: str, days: int, seed: int, say: Say) -> dict[str, Any]:
    """So many days of a company of its own on an empty database; the same for a seed."""
    began = time.monotonic()
    soak = _opened(office, url, seed)
    start = soak.clock.now()
    for number in range(days):
        soak.move_to(max(start + timedelta(days=number), soak.clock.now()))
        soak.day()
        if number % WEEK == WEEK - 1 or number == days - 1:
            soak.settle()
            say(f"Day {number + 1} of {days}: {len(soak.broken)} breaks")
        if soak.clock.now().day == _CLOSES_ON and number > _CLOSES_ON:
            soak.close()
    a_day = (time.monotonic() - began) / days
    return {
        "name": "soak",
        "ratio": round(a_day / MOST_SECONDS_A_DAY, 2),
        "rival": f"a simulated day in {MOST_SECONDS_A_DAY:.0f} seconds, every truth whole",
        "passed": not soak.broken and a_day <= MOST_SECONDS_A_DAY,
        "breaks": len(soak.broken),
        "detail": {
            "days": days,
            "seed": seed,
            "seconds_a_day": round(a_day, 2),
            "did": dict(sorted(soak.people.did.items())),
            "injected": dict(sorted(soak.injected.items())),
            "jobs": dict(sorted(soak.jobs.items())),
            "months_closed": soak.closed,
            "broken": soak.broken[:MOST_TOLD],
            "limits": {"breaks": 0, "seconds_a_day": MOST_SECONDS_A_DAY},
        },
    }


_CLOSES_ON = 4
"""The day of a month on which the month before is closed."""
_BEGINS = datetime(2026, 1, 5, 5, 30, tzinfo=UTC)


def _opened(office: Office, url: str, seed: int) -> Soak:
    """The company on its first morning, with a clock of its own."""
    clock = SetClock(_BEGINS)
    own = Office(office.engine, clock, office.settings)
    people = People(own, clock, Random(seed))
    soak = Soak(own, url, clock, people, Random(seed + 1))
    soak.move_to(_BEGINS)
    with own.engine.begin() as connection:
        set_seed(connection, seed)
        deliveries.listen(connection, HOOK, SIMULATOR_SECRET)
    people.open_the_company()
    for _ in range(_FIRST):
        people.sign_up()
    return soak


_FIRST = 8
"""Tenants that sign up before the first fault."""


def _forgiving(does: Callable[[Office], object]) -> Callable[[Office], None]:
    """A job in a child of its own: what it is refused ends it, as it would end a run."""

    def carry_out(office: Office) -> None:
        try:
            does(office)
        except SaldoError:
            return

    return carry_out
