"""A worker: it plans what fell due, and carries out what the queue holds (OPS).

It lives in a loop of its own, in `saldo worker` or beside the pages. Jobs run in threads.
"""

import asyncio
from collections.abc import Callable, Mapping

import procrastinate
import structlog
from procrastinate.app import WorkerOptions
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition
from sqlalchemy.exc import SQLAlchemyError

from core.db import APP_ROLE
from core.errors import SaldoError
from core.jobs.deferring import SCHEMA
from core.jobs.planning import plan
from core.jobs.running import BEATS
from core.work import Office

Handler = Callable[[Office, dict[str, int]], object]
"""Carries out one queued job, told by ids; it must bear a repetition."""
log = structlog.get_logger()
AGAIN_AFTER_SECONDS = 5
RETRY = procrastinate.RetryStrategy(max_attempts=5, exponential_wait=4)
"""For jobs whose handler raises; seconds, growing. Runs of schedules have attempts of their own."""
CONNECTIONS = 4
REFUSALS = (SaldoError, SQLAlchemyError, ConnectorException)


class Worker:
    """Carries out queued jobs with its handlers until it is told to stop."""

    def __init__(self, office: Office, handlers: Mapping[str, Handler]) -> None:
        self.office, self.settings, self.handlers = office, office.settings, handlers

    async def once(self) -> None:
        """Plan, carry out everything that waits, and end."""
        async with self._queue().open_async() as queue:
            await self._tick(queue)
            await queue.run_worker_async(**self._how(wait=False))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until the event; jobs that run then are finished first.

        Whatever breaks it, such as a database that is away, it begins again after a while.
        """
        while not stop.is_set():
            try:
                async with self._queue().open_async() as queue:
                    await self._work(queue, stop)
            except Exception as problem:
                log.warning("worker_interrupted", kind=type(problem).__name__)
                await _sleep(AGAIN_AFTER_SECONDS, stop)

    async def _work(self, queue: procrastinate.App, stop: asyncio.Event) -> None:
        working = asyncio.create_task(queue.run_worker_async(**self._how(wait=True)))
        told = asyncio.create_task(stop.wait())
        ticking = asyncio.create_task(self._keep_ticking(queue))
        await asyncio.wait((working, told), return_when=asyncio.FIRST_COMPLETED)
        for task in (told, ticking, working):
            task.cancel()
        ended = await asyncio.gather(working, ticking, told, return_exceptions=True)
        for problem in ended:
            if isinstance(problem, Exception):
                raise problem

    async def _keep_ticking(self, queue: procrastinate.App) -> None:
        while True:
            try:
                await self._tick(queue)
            except REFUSALS as problem:
                log.warning("jobs_not_planned", kind=type(problem).__name__)
            await asyncio.sleep(self.settings.worker_tick_seconds)

    async def _tick(self, queue: procrastinate.App) -> None:
        """Queue again what a dead worker had taken, and queue what is due."""
        manager = queue.job_manager
        silent = self.settings.job_lost_seconds
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=silent):
            await manager.retry_job(job)
        await asyncio.to_thread(plan, self.office)

    def _queue(self) -> procrastinate.App:
        url = self.office.engine.url.set(drivername="postgresql")
        options = f"-c role={APP_ROLE} -c search_path={SCHEMA},public -c timezone=UTC"
        connector = procrastinate.PsycopgConnector(
            conninfo=url.render_as_string(hide_password=False),
            kwargs={"options": options},
            min_size=1,
            max_size=CONNECTIONS,
        )
        queue = procrastinate.App(connector=connector)
        for name, handler in self.handlers.items():
            queue.task(name=name, retry=RETRY)(self._task(handler))
        return queue

    def _task(self, handler: Handler) -> Callable[..., None]:
        def carry_out(**ids: int) -> None:
            handler(self.office, ids)

        return carry_out

    def _how(self, *, wait: bool) -> WorkerOptions:
        return {
            "wait": wait,
            "concurrency": self.settings.worker_jobs_at_once,
            "delete_jobs": DeleteJobCondition.SUCCESSFUL,
            "install_signal_handlers": False,
            "update_heartbeat_interval": self.settings.job_lost_seconds / BEATS,
            "stalled_worker_timeout": float(self.settings.job_lost_seconds),
        }


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
