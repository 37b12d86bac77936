"""Which lines a payout consists of, as far as its gateway says (REC.3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update

from core.access.authority import system
from core.gateways.port import Gateway, GatewayUnsure, LedgerLine
from core.reconciliation.models import GatewayLine, GatewayPayout, GatewayPull
from core.work import Office, Work

MOST_A_RUN = 2_000
"""Payouts whose lines are asked for in one run; the next run goes on."""
TOGETHER = 20
"""Payouts noted in one transaction."""
_SYSTEM = system("reconcile")


def itemise(office: Office, provider: str, tenant_id: int | None, gateway: Gateway) -> None:
    """Ask for the lines of payouts not looked at yet, and note on each line what paid it.

    One that also pays lines from before the reading began stays without lines of its own.
    Raises GatewayUnsure when a payout pays a line that the gateway's ledger did not show.
    """
    with office.work(_SYSTEM) as work:
        since = _read_since(work, provider, tenant_id)
        waiting = _waiting(work, provider, tenant_id)
    for start in range(0, len(waiting), TOGETHER):
        asked = {
            number: list(gateway.payout_lines(number))
            for number in waiting[start : start + TOGETHER]
        }
        with office.work(_SYSTEM) as work:
            _note(work, provider, tenant_id, asked, since)


def _read_since(work: Work, provider: str, tenant_id: int | None) -> datetime:
    found = work.session.scalar(
        select(GatewayPull.since_at).where(
            GatewayPull.provider == provider,
            GatewayPull.tenant_id.is_not_distinct_from(tenant_id),
            GatewayPull.kind == "lines",
        )
    )
    assert found is not None, "its lines were read before"
    return found


def _waiting(work: Work, provider: str, tenant_id: int | None) -> list[str]:
    return list(
        work.session.scalars(
            select(GatewayPayout.payout_id)
            .where(
                GatewayPayout.provider == provider,
                GatewayPayout.tenant_id.is_not_distinct_from(tenant_id),
                GatewayPayout.itemised,
                GatewayPayout.itemised_at.is_(None),
                GatewayPayout.status.in_(("in_transit", "paid")),
            )
            .order_by(GatewayPayout.id)
            .limit(MOST_A_RUN)
        )
    )


def _note(
    work: Work,
    provider: str,
    tenant_id: int | None,
    asked: Mapping[str, Sequence[LedgerLine]],
    since: datetime,
) -> None:
    whole = []
    for payout_id, lines in asked.items():
        noted = set(
            work.session.scalars(
                update(GatewayLine)
                .where(
                    GatewayLine.provider == provider,
                    GatewayLine.tenant_id.is_not_distinct_from(tenant_id),
                    GatewayLine.external_id.in_([line.external_id for line in lines]),
                )
                .values(payout_id=payout_id)
                .returning(GatewayLine.external_id)
            )
        )
        rest = [line for line in lines if line.external_id not in noted]
        strange = [line.external_id for line in rest if line.occurred_at >= since]
        if strange:
            raise GatewayUnsure(
                f"The payout {payout_id} pays {len(strange)} lines, {strange[0]} first, that the "
                "gateway's ledger did not show; the list was cut"
            )
        if not rest:
            whole.append(payout_id)
    work.session.execute(
        update(GatewayPayout)
        .where(
            GatewayPayout.provider == provider,
            GatewayPayout.tenant_id.is_not_distinct_from(tenant_id),
            GatewayPayout.payout_id.in_(whole),
        )
        .values(itemised_at=work.now)
    )
