"""The daily run that keeps the European Central Bank's exchange rates (CFO.4).

A document is read whole before anything is kept; then each day is a transaction, the oldest first,
so that a run killed half-way has kept whole days and the next one goes on behind them. What is
kept stays: a run adds days after a currency's newest one, and only says where a published rate is
another than the one kept. A dry run carries the same steps out and undoes them.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from core.access.authority import system
from core.documents.home import home_currency
from core.errors import BadInput, ChangedMeanwhile
from core.gateways.registry import is_demo
from core.ledger.journal import open_day
from core.planning import ecb
from core.planning.actions import record_rates
from core.planning.ecb import Published, RatesRefused
from core.planning.queries import Followed, followed, rates_on
from core.settings import Settings
from core.work import Office, Work

JOB = system("fx")
OUTCOMES = ("kept", "differs", "closed")
MOST_SILENT_DAYS = 10
"""The bank is silent for five at most; an older document is one that is no longer kept up."""
EMPTY = "SALDO_FX_URL is empty: no rates are fetched"
SIMULATED = "This company is simulated, and so are its rates: real ones are not fetched"
CLOSED = "the month is closed, and its figures stay"
Followings = dict[str, Followed]


@dataclass(frozen=True)
class Change:
    """A published rate: `outcome` is `kept`, `differs` or `closed`, with the reason in `words`.

    `rate_to_eur` is EUR for one unit as published; `kept_rate` the one that stays if it differs.
    """

    rated_on: date
    currency: str
    outcome: str
    rate_to_eur: Decimal
    kept_rate: Decimal | None = None
    words: str = ""

    def as_json(self) -> dict[str, Any]:
        """The change as commands print it, rates as plain decimals."""
        kept = None if self.kept_rate is None else f"{self.kept_rate:f}"
        return {**vars(self), "rate_to_eur": f"{self.rate_to_eur:f}", "kept_rate": kept}


@dataclass(frozen=True)
class FxRun:
    """What a run did, or would do; `off` says why there is none.

    `published_on` is the newest published day up to `as_of`, `unpublished` the currencies in use
    that have no published rate.
    """

    as_of: date
    dry_run: bool
    off: str | None = None
    published_on: date | None = None
    unpublished: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Published rates by what became of them, and currencies without one."""
        if self.off:
            return {}
        found = Counter(change.outcome for change in self.changes)
        return {name: found[name] for name in OUTCOMES} | {"unpublished": len(self.unpublished)}

    def as_json(self) -> dict[str, Any]:
        """The run as commands print it."""
        changes = [change.as_json() for change in self.changes]
        return {**vars(self), "counts": self.counts, "changes": changes}


def run_fx(office: Office, as_of: date | None = None, *, dry_run: bool = False) -> FxRun:
    """Keep the rates published up to a day, today unless given, for every currency that needs them.

    Safe to run again and to kill half-way. Raises BadInput for a day to come, RatesUnavailable or
    RatesRefused before anything is kept, ChangedMeanwhile when somebody enters a day's rates now.
    """
    with office.work(JOB) as work:
        work.require("sys_finance")
        today = work.today
        day = as_of or today
        wanted = followed(work, _own(work.settings), day)
    if day > today:
        raise BadInput(f"{day} has not come, and neither have its rates")
    if off := _why_off(office):
        return FxRun(day, dry_run, off)
    found = _published(office.settings.fx_url, wanted, day, today)
    known = {code for published in found for code in published.rates}
    days = [published for published in found if published.on <= day]
    carry_out = _rehearse if dry_run else _keep
    return FxRun(
        day,
        dry_run,
        published_on=days[-1].on if days else None,
        unpublished=tuple(
            code for code, each in wanted.items() if each.in_use and code not in known
        ),
        changes=tuple(carry_out(office, days, wanted)),
    )


def decide(
    published: Published,
    wanted: Followings,
    kept: dict[str, Decimal],
    *,
    is_closed: bool,
    begins_on: date,
) -> list[Change]:
    """What becomes of a day's rates, by currency; pure.

    A kept rate stays. A day before a currency's newest one is not filled in. A closed month gets
    none, unless the currency had none at all before, so that no figure can hang on it.
    `begins_on` is the first day of what was read.
    """
    changes = []
    for code, rate in sorted(published.rates.items()):
        if code not in wanted:
            continue
        newest_on = wanted[code].newest_on
        if code in kept:
            if kept[code] != rate:
                words = f"{kept[code]:f} is kept and stays"
                changes.append(Change(published.on, code, "differs", rate, kept[code], words))
        elif newest_on is not None and newest_on >= published.on:
            continue
        elif newest_on is not None and is_closed:
            changes.append(Change(published.on, code, "closed", rate, None, CLOSED))
        else:
            words = _gap(newest_on, begins_on) if published.on == begins_on else ""
            changes.append(Change(published.on, code, "kept", rate, None, words))
    return changes


def _own(settings: Settings) -> set[str]:
    """The currencies of the company itself: that of its figures and that of its tax."""
    home = home_currency(settings.company_tax_id)
    return {settings.reporting_currency} | ({home} if home else set())


def _why_off(office: Office) -> str | None:
    if not office.settings.fx_url:
        return EMPTY
    return SIMULATED if is_demo(office.engine) else None


def _published(folder: str, wanted: Followings, day: date, today: date) -> list[Published]:
    """The newest day, and those before it when a currency lacks some; the oldest first.

    The history may come out later than the newest day. That day then waits for a later run if it
    would leave a working day behind.
    """
    *_, newest = _fresh(folder, ecb.DAILY, today)
    asked = {code: rate for code, rate in newest.rates.items() if code in wanted}
    if not any(_lacks(wanted[code], newest.on, day) for code in asked):
        return [newest]
    days = list(_fresh(folder, ecb.HISTORY, today))
    same = next((each.rates for each in days if each.on == newest.on), None)
    if same is None:
        return days if _next_working_day(days[-1].on) < newest.on else [*days, newest]
    if any(same.get(code) != rate for code, rate in asked.items()):
        raise RatesRefused(f"{folder}: the two documents do not agree about {newest.on}")
    return days


def _fresh(folder: str, name: str, today: date) -> tuple[Published, ...]:
    days = ecb.read(folder, name, today)
    if today - days[-1].on > timedelta(days=MOST_SILENT_DAYS):
        raise RatesRefused(f"{folder}/{name}: its newest rates are of {days[-1].on}")
    return days


def _lacks(currency: Followed, newest_on: date, day: date) -> bool:
    """Whether a working day up to a day, before the newest published, has no rate yet."""
    if currency.newest_on is None:
        return True
    following = _next_working_day(currency.newest_on)
    return following < newest_on and following <= day


def _next_working_day(day: date) -> date:
    return day + timedelta(days=max(1, 7 - day.weekday()) if day.weekday() >= 4 else 1)


def _gap(newest_on: date | None, begins_on: date) -> str:
    """Words for the days that no longer stand in what is published."""
    if newest_on is None or _next_working_day(newest_on) >= begins_on:
        return ""
    return f"nothing was read for the days after {newest_on}; bring them in with saldo import csv"


def _keep(office: Office, days: list[Published], wanted: Followings) -> list[Change]:
    changes = []
    for published in days:
        with office.work(JOB) as work:
            changes += _keep_day(work, published, wanted, days[0].on)
    return changes


def _rehearse(office: Office, days: list[Published], wanted: Followings) -> list[Change]:
    with office.rehearse(JOB) as work:
        return [change for each in days for change in _keep_day(work, each, wanted, days[0].on)]


def _keep_day(
    work: Work, published: Published, wanted: Followings, begins_on: date
) -> list[Change]:
    """Decide over a day and keep what is new; no month is closed meanwhile."""
    is_closed = open_day(work, published.on) != published.on
    kept = rates_on(work, published.on)
    changes = decide(published, wanted, kept, is_closed=is_closed, begins_on=begins_on)
    fresh = {each.currency: each.rate_to_eur for each in changes if each.outcome == "kept"}
    if fresh and record_rates(work, published.on, fresh) != len(fresh):
        raise ChangedMeanwhile(f"Somebody enters rates of {published.on}; run it again")
    return changes
