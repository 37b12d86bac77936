"""The simulator's one row of settings, and its objects as they are opened for a request."""

from sqlalchemy import Connection, text

from core.clock import Clock, SystemClock
from core.gateways.simulator.store import Store


def opened(
    connection: Connection, clock: Clock | None = None, request_id: str = "", key: str | None = None
) -> Store:
    """The objects on a connection; the time is the simulator's own where one was set."""
    row = connection.execute(text("select seed, clock, pages_at from simulator.control")).one()
    now = row.clock
    if now is None:
        now = int((clock or SystemClock()).now().timestamp())
    return Store(connection, now, row.seed, request_id, key, row.pages_at.rstrip("/"))


def set_clock(connection: Connection, now: int | None) -> None:
    """Put the simulator's clock on a Unix time; None lets it run with the application's."""
    connection.execute(text("update simulator.control set clock = :now"), {"now": now})


def set_seed(connection: Connection, seed: int) -> None:
    """Choose the ids that will be given: the same seed and requests give the same ids."""
    connection.execute(text("update simulator.control set seed = :seed"), {"seed": seed})


def set_pages_at(connection: Connection, address: str) -> None:
    """Choose where browsers find the hosted pages: the address under which they are mounted."""
    connection.execute(text("update simulator.control set pages_at = :at"), {"at": address})


def pay_out_daily(connection: Connection, at: int | None) -> None:
    """Pay out every day from a Unix time on; None leaves payouts to be ordered."""
    connection.execute(text("update simulator.control set payouts_at = :at"), {"at": at})
