"""What happens at the gateway by itself once its time has come."""

from sqlalchemy import text

from core.gateways.simulator import disputes, payouts, refunds, sessions
from core.gateways.simulator.store import Store

_TURN = """
select pg_try_advisory_xact_lock(47110002)
where exists (select from simulator.refunds where settles_at <= :now)
  or exists (select from simulator.checkout_sessions where due_at <= :now)
  or exists (select from simulator.disputes where due_at <= :now)
  or exists (select from simulator.payouts where due_at <= :now)
  or exists (select from simulator.control where payouts_at <= :now)
"""


def settle(store: Store) -> None:
    """Do all that is due, unless another request is at it."""
    if not store.connection.scalar(text(_TURN), {"now": store.now}):
        return
    refunds.settle(store)
    sessions.settle(store)
    disputes.settle(store)
    payouts.settle(store)
