"""Whether a gateway can be reconciled at all, and how fresh what it told is (REC.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import select, text

from core.clock import local_date, start_of_day
from core.errors import SaldoError
from core.gateways.port import CredentialsMissing
from core.gateways.registry import gateway_of
from core.ledger.chart import CLEARING, CODE
from core.reconciliation import bankgirot
from core.reconciliation.models import SOURCES, GatewayPull
from core.work import Office, Work

STALE_AFTER = timedelta(hours=36)
State = Literal["ready", "partly_read", "stale", "failed", "not_pulled", "credentials_missing"]
UNABLE: tuple[State, ...] = ("credentials_missing", "not_pulled")
"""States in which there is nothing to compare with."""


class NotPulled(SaldoError):
    """The gateway's ledger was not read yet, or not of these days; run `saldo run reconcile`."""

    code = "not_pulled"


_POSTED = text("""
-- Was anything posted on a clearing account within these days?
select exists (
  select from accounting_entry e join ledger_transaction t on t.id = e.ledger_transaction_id
  where e.account_code = :code and t.booked_on between :since and :until
)
""")


@dataclass(frozen=True)
class ProviderState:
    """A gateway's state in words, and the moments its ledger was read from and to."""

    provider: str
    state: State
    words: str
    since_at: datetime | None = None
    reached_at: datetime | None = None

    @property
    def able(self) -> bool:
        """Whether there is something to compare with."""
        return self.state not in UNABLE


def provider_states(
    office: Office, work: Work, since: date, until: date, providers: Sequence[str] = SOURCES
) -> tuple[ProviderState, ...]:
    """The state of each gateway for a window."""
    return tuple(_state(office, work, provider, since, until) for provider in providers)


def insist(state: ProviderState) -> None:
    """Raise CredentialsMissing or NotPulled for a gateway with nothing to compare with."""
    if state.state == "credentials_missing":
        raise CredentialsMissing(state.words)
    if state.state == "not_pulled":
        raise NotPulled(state.words)


def _state(office: Office, work: Work, provider: str, since: date, until: date) -> ProviderState:
    marks = list(
        work.session.scalars(
            select(GatewayPull).where(
                GatewayPull.provider == provider, GatewayPull.tenant_id.is_(None)
            )
        )
    )
    if missing := _missing(office, work, provider, since, until):
        return ProviderState(provider, "credentials_missing", missing)
    if not marks:
        return ProviderState(
            provider, "not_pulled", "Its ledger was not read yet; run `saldo run reconcile`"
        )
    read = min(mark.since_at for mark in marks), min(mark.reached_at for mark in marks)
    problem = next((mark.problem for mark in marks if mark.problem), "")
    if problem:
        return ProviderState(provider, "failed", f"The last reading stopped: {problem}", *read)
    zone = work.settings.billing_timezone
    if unread := _unread(work, provider, since, until, local_date(read[0], zone)):
        return ProviderState(provider, *unread, *read)
    wanted = min(start_of_day(until + timedelta(days=1), zone), work.now)
    if provider != bankgirot.PROVIDER and wanted - read[1] > STALE_AFTER:
        hours = int((wanted - read[1]).total_seconds() // 3600)
        words = f"Its ledger was read up to {hours} hours before the window's end"
        return ProviderState(provider, "stale", words, *read)
    return ProviderState(provider, "ready", "", *read)


def _unread(
    work: Work, provider: str, since: date, until: date, first: date
) -> tuple[State, str] | None:
    """What of a window has postings and is of before the gateway was first read; None if nothing.

    Without postings there is nothing to hold against the gateway, so that nothing is missing.
    """
    last = min(until, first - timedelta(days=1))
    code = CODE[CLEARING[provider]]
    if since > last or not work.session.scalar(
        _POSTED, {"code": code, "since": since, "until": last}
    ):
        return None
    unread = f"the postings of {since} to {last} are not compared"
    words = f"Its ledger was read from {first} on; {unread}"
    return ("not_pulled" if last == until else "partly_read"), words


def _missing(office: Office, work: Work, provider: str, since: date, until: date) -> str:
    """Why the gateway cannot be asked, in words; nothing when it can."""
    if provider == bankgirot.PROVIDER:
        if bankgirot.covered(work, since, until):
            return ""
        return f"No file of Bankgirot is of {since} to {until}; import one under Bank files"
    try:
        gateway_of(office.settings, provider, engine=office.engine)
    except CredentialsMissing as missing:
        return str(missing)
    return ""
