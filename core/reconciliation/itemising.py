"""Which lines a payout consists of, as far as its gateway says (REC.3)."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update

from core.access.authority import system
from core.gateways.port import Gateway, GatewayUnsure, LedgerLine
from core.reconciliation.models import GatewayLine, GatewayPayout, GatewayPull
from core.work import Office, Work

MOST_A_RUN = 2_000
"""Payouts whose lines are asked for in one run; the next run goes on."""
_SYSTEM = system("reconcile")


def itemise(office: Office, provider: str, tenant_id: int | None, gateway: Gateway) -> None:
    """Ask for the lines of payouts not looked at yet, and note on each line what paid it.

    Raises GatewayUnsure when a payout pays a line that the gateway's ledger did not show.
    """
    for payout_id in _waiting(office, provider, tenant_id):
        lines = list(gateway.payout_lines(payout_id))
        with office.work(_SYSTEM) as work:
            _note(work, provider, tenant_id, payout_id, lines)


def _waiting(office: Office, provider: str, tenant_id: int | None) -> list[str]:
    with office.work(_SYSTEM) as work:
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
    work: Work, provider: str, tenant_id: int | None, payout_id: str, lines: Sequence[LedgerLine]
) -> None:
    numbers = [line.external_id for line in lines]
    noted = set(
        work.session.scalars(
            update(GatewayLine)
            .where(
                *_account(provider, tenant_id),
                GatewayLine.external_id.in_(numbers),
            )
            .values(payout_id=payout_id)
            .returning(GatewayLine.external_id)
        )
    )
    since = work.session.scalar(
        select(GatewayPull.since_at).where(
            GatewayPull.provider == provider,
            GatewayPull.tenant_id.is_not_distinct_from(tenant_id),
            GatewayPull.kind == "lines",
        )
    )
    strange = [
        line.external_id
        for line in lines
        if line.external_id not in noted and since is not None and line.occurred_at >= since
    ]
    if strange:
        raise GatewayUnsure(
            f"The payout {payout_id} pays {len(strange)} lines, {strange[0]} first, that the "
            "gateway's ledger did not show; the list was cut"
        )
    work.session.execute(
        update(GatewayPayout)
        .where(
            GatewayPayout.provider == provider,
            GatewayPayout.tenant_id.is_not_distinct_from(tenant_id),
            GatewayPayout.payout_id == payout_id,
        )
        .values(itemised_at=work.now)
    )


def _account(provider: str, tenant_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return (
        GatewayLine.provider == provider,
        GatewayLine.tenant_id.is_not_distinct_from(tenant_id),
    )
