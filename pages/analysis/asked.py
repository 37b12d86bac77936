"""A question that runs beside the page, so that the page can say so and cancel it."""

import threading
import time

from core.access.authority import Actor
from core.errors import SaldoError
from core.work import Office
from etl.sandbox.asking import ask
from etl.sandbox.engine import Answer, Held


class Question:
    """One question on its way; `answer` or `problem` is there once it has ended."""

    def __init__(self, office: Office, actor: Actor, sql: str) -> None:
        self.sql = sql
        self.answer: Answer | None = None
        self.problem: Exception | None = None
        self._held, self._began = Held(), time.monotonic()
        self._thread = threading.Thread(target=self._run, args=(office, actor), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """True until it has ended."""
        return self._thread.is_alive()

    @property
    def seconds(self) -> int:
        """For how long it has been asked."""
        return int(time.monotonic() - self._began)

    def cancel(self) -> None:
        """End it now."""
        self._held.cancel()

    def wait(self) -> None:
        """Wait for its end."""
        self._thread.join()

    def _run(self, office: Office, actor: Actor) -> None:
        try:
            self.answer = ask(office, actor, self.sql, held=self._held)
        except SaldoError as problem:
            self.problem = problem
