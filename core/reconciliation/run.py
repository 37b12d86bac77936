"""The daily run: read every account, hold it against the books, keep how the day ended (REC.3)."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from core.access.authority import system
from core.clock import start_of_day
from core.gateways.accounts import Account, accounts
from core.gateways.port import CredentialsMissing
from core.progress import counted
from core.reconciliation import bankgirot, history
from core.reconciliation.pulling import Pulled, pull
from core.reconciliation.report import Comparison
from core.work import Office

_SYSTEM = system("reconcile")
MOST_TOLD = 1_000
"""Differences that an answer lists; the counts are of all."""


@dataclass(frozen=True)
class ReconcileRun:
    """A run as of a day: what was read, and the clearing accounts at the day's end."""

    as_of: date
    dry_run: bool
    pulled: tuple[Pulled, ...]
    found: Comparison

    @property
    def problems(self) -> list[str]:
        """Why readings stopped, in words."""
        return [f"{each.provider}: {each.problem}" for each in self.pulled if each.problem]

    @property
    def counts(self) -> dict[str, int]:
        """Rows read, and differences by class."""
        read = {
            "lines": sum(each.lines for each in self.pulled),
            "payouts": sum(each.payouts for each in self.pulled),
            "stopped": len(self.problems),
        }
        open_rows = [each for each in self.found.differences if each.open]
        return {**read, "open": len(open_rows)} | Counter(each.difference for each in open_rows)

    def as_json(self) -> dict[str, Any]:
        """The run as commands print it."""
        return {
            "as_of": self.as_of,
            "dry_run": self.dry_run,
            "counts": self.counts,
            "pulled": [asdict(each) for each in self.pulled],
            "problems": self.problems,
            "totals": [asdict(each) for each in self.found.totals],
            "differences": [asdict(each) for each in self.found.differences[:MOST_TOLD]],
        }


def run_reconcile(
    office: Office, as_of: date | None = None, *, dry_run: bool = False
) -> ReconcileRun:
    """Read what the gateways tell up to a day's end, compare, and keep the day.

    An account without keys is left out; one that stops keeps why, and the others go on. A dry run
    reads no gateway and keeps nothing: it compares what is known.
    """
    with office.work(_SYSTEM) as work:
        day = min(as_of or work.today, work.today)
        zone = work.settings.billing_timezone
        until = min(start_of_day(day + timedelta(days=1), zone), work.now)
    pulled = () if dry_run else _pull_all(office, until)
    with office.work(_SYSTEM) as work:
        found = history.clearing(work, day)
        if not dry_run:
            history.note_day(work, day, found.totals)
    return ReconcileRun(day, dry_run, pulled, found)


def _pull_all(office: Office, until: datetime) -> tuple[Pulled, ...]:
    with office.work(_SYSTEM) as work:
        known = accounts(work)
    done = []
    for account in counted(known, "Accounts at gateways"):
        read = _pull(office, account, until)
        if read is not None:
            done.append(read)
    with office.work(_SYSTEM) as work:
        lines, payouts = bankgirot.take_over(work)
    done.append(Pulled(bankgirot.PROVIDER, None, lines, payouts))
    return tuple(done)


def _pull(office: Office, account: Account, until: datetime) -> Pulled | None:
    try:
        return pull(office, account, until)
    except CredentialsMissing:
        return None
