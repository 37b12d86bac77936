"""Carries the stripe library's requests to the simulator in this process, without a port."""

from collections.abc import Mapping
from typing import Any

import httpx
import stripe
from sqlalchemy import Engine

from core.clock import Clock
from core.gateways.simulator.app import Simulator
from core.gateways.simulator.faults import ConnectionLost

ADDRESS = "http://simulator.invalid"
PAUSE_SECONDS = 0.05


class InProcess(stripe.HTTPClient):
    """The stripe library's way to a WSGI application in this process."""

    name = "in-process"

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        super().__init__()
        transport = httpx.WSGITransport(app=Simulator(engine, clock))
        self._client = httpx.Client(transport=transport)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """The body, status and headers of an answer."""
        try:
            answer = self._client.request(
                method.upper(), url, headers=headers, content=post_data or None
            )
        except (httpx.HTTPError, ConnectionLost) as problem:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                "The connection to the gateway was lost", should_retry=True
            ) from problem
        return answer.text, answer.status_code, answer.headers

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return PAUSE_SECONDS * num_retries

    def close(self) -> None:
        """Nothing is open."""
        self._client.close()
