"""The outbox: work for the worker, queued in the transaction that makes it necessary (OPS).

A job exists if and only if the unit of work commits. It may be carried out more than once, so
that whatever carries it out must bear a repetition.
"""

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import text

from core.work import Work

SCHEMA = "procrastinate"
_FIND = text(f"set local search_path = public, {SCHEMA}")
_QUEUE = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
"""Never opened: it writes on the connection it is given."""


def defer(
    work: Work, job_name: str, *, lock: str | None = None, once: str | None = None, **ids: int
) -> bool:
    """Queue a job with the unit of work; ids are all it is told, as they stand there in clear.

    Jobs of one `lock` are carried out one after another. False when a job with the same `once`
    waits already; that one will do.
    """
    assert all(type(number) is int for number in ids.values()), "jobs are told ids alone"
    try:
        # Without the savepoint, a job that waits already would undo the whole transaction.
        with work.session.begin_nested():
            work.session.execute(_FIND)
            connection = work.session.connection().connection.driver_connection
            _QUEUE.configure_task(
                job_name, connection=connection, lock=lock, queueing_lock=once
            ).defer(**ids)
    except AlreadyEnqueued:
        return False
    return True
