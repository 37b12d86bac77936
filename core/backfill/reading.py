"""Reading an account's past: page by page, each kept with the place to go on from (IMP)."""

from datetime import datetime
from typing import Protocol

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from core.access.authority import system
from core.backfill.batch import SOURCE
from core.backfill.models import KINDS, ImportObject, ImportRun
from core.clock import start_of_day
from core.errors import NotNow
from core.gateways.port import GatewayRefused
from core.gateways.stripe_history import HistoryPage
from core.progress import piece
from core.work import Office, Work

SYSTEM = system("import stripe")
AGAIN = ("refused", "waiting")
"""States of objects that are tried anew although Stripe tells them as before."""


class History(Protocol):
    """The past of an account, as `core/gateways/stripe_history.py` reads it."""

    def whoami(self) -> tuple[str, str]:
        """The account and its mode."""

    def page(
        self, kind: str, after: str | None, since: datetime | None, until: datetime
    ) -> HistoryPage:
        """Objects of a kind after one of them."""


def read_all(office: Office, run_id: int, history: History) -> None:
    """Read every kind from where the run stands; raises what the gateway raises."""
    _identify(office, run_id, history)
    with piece("Lists of Stripe", len(KINDS)) as done:
        for kind in KINDS:
            while _page(office, run_id, history, kind):
                pass
            done()


def _identify(office: Office, run_id: int, history: History) -> None:
    """Keep whose account it is. Raises NotNow when another one was imported before."""
    account, mode = history.whoami()
    with office.work(SYSTEM) as work:
        run = work.session.get_one(ImportRun, run_id)
        other = work.session.execute(
            select(ImportRun.account, ImportRun.mode)
            .where(
                ImportRun.source == SOURCE,
                or_(ImportRun.account != account, ImportRun.mode != mode),
                ImportRun.read > 0,
            )
            .limit(1)
        ).first()
        if other is not None:
            raise NotNow(
                f"This company was imported from the account {other.account} in {other.mode} mode; "
                f"the keys are those of {account} in {mode} mode"
            )
        run.account, run.mode = account, mode


def _page(office: Office, run_id: int, history: History, kind: str) -> bool:
    """Read and keep one page of a kind; whether there may be more of it."""
    with office.work(SYSTEM) as work:
        run = work.session.get_one(ImportRun, run_id)
    if run.state != "reading" or run.place != kind:
        return False
    zone = office.settings.billing_timezone
    since = start_of_day(run.since, zone) if run.since else None
    try:
        page = history.page(kind, run.after, since, run.until_at)
    except GatewayRefused:
        if run.after is None:
            raise
        # What was read last is gone at Stripe: its list is read from the start again.
        page = history.page(kind, None, since, run.until_at)
    with office.work(SYSTEM) as work:
        _keep(work, run_id, kind, page)
        _move_on(work, run_id, kind, page)
    return True


def _keep(work: Work, run_id: int, kind: str, page: HistoryPage) -> None:
    if not page.objects:
        return
    made = insert(ImportObject).values(
        [
            {
                "source": SOURCE,
                "kind": kind,
                "external_id": seen.external_id,
                "parent": seen.parent,
                "happened_at": seen.happened_at,
                "facts": seen.facts,
                "state": "refused" if seen.refused else "left_out" if seen.left_out else "waiting",
                "reason": seen.refused or seen.left_out,
                "run_id": run_id,
                "changed_at": work.now,
            }
            for seen in page.objects
        ]
    )
    changing = ("parent", "facts", "state", "reason", "run_id", "changed_at")
    work.session.execute(
        made.on_conflict_do_update(
            index_elements=["source", "kind", "external_id"],
            set_={name: made.excluded[name] for name in changing},
            where=ImportObject.facts.is_distinct_from(made.excluded.facts)
            | ImportObject.state.in_(AGAIN),
        )
    )


def _move_on(work: Work, run_id: int, kind: str, page: HistoryPage) -> None:
    following = KINDS.index(kind) + 1
    over = page.after is None
    values = {
        "after": page.after,
        "place": KINDS[following] if over and following < len(KINDS) else kind,
        "state": "loading" if over and following == len(KINDS) else "reading",
        "read": ImportRun.read + len(page.objects),
        "changed_at": func.greatest(ImportRun.changed_at, work.now),
    }
    work.session.execute(update(ImportRun).where(ImportRun.id == run_id).values(**values))
