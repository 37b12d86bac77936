"""What Saldo answered about tenants, kept for a while and asked again by ETag."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

MOST_TENANTS = 10_000
"""Answers kept at once; the one not used for longest goes first."""
RETRY_SECONDS = 5.0
"""How long Saldo is left alone after it did not answer."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """What a tenant may do, as Saldo's `/v1/tenants/{id}/access` says it."""

    status: str
    reads: bool
    writes: bool
    throttled: bool
    warning: str | None


@dataclass
class _Known:
    """The last answer about a tenant, and when to ask again."""

    decision: Decision | None = None
    etag: str | None = None
    ask_at: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Decisions:
    """Asks once at a time for each tenant; the last answer outlives Saldo's silence."""

    def __init__(
        self,
        access_url: str,
        api_key: str,
        ttl_seconds: float,
        client: httpx.AsyncClient,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.access_url, self.ttl_seconds = access_url, ttl_seconds
        self.client, self.now = client, now
        self.headers = {"authorization": f"Bearer {api_key}"}
        self.known: OrderedDict[str, _Known] = OrderedDict()

    async def of(self, tenant_id: int | str) -> Decision | None:
        """What a tenant may do; None when Saldo never said so."""
        known = self._kept(str(tenant_id))
        if known.ask_at > self.now():
            return known.decision
        if known.decision is not None and known.asking.locked():
            return known.decision
        async with known.asking:
            if known.ask_at <= self.now():
                await self._ask(str(tenant_id), known)
        return known.decision

    def _kept(self, tenant_id: str) -> _Known:
        known = self.known.get(tenant_id)
        if known is None:
            known = self.known[tenant_id] = _Known()
        self.known.move_to_end(tenant_id)
        if len(self.known) > MOST_TENANTS:
            self.known.popitem(last=False)
        return known

    async def _ask(self, tenant_id: str, known: _Known) -> None:
        url = self.access_url.replace("{tenant_id}", quote(tenant_id, safe=""))
        asked = {**self.headers, **({"if-none-match": known.etag} if known.etag else {})}
        try:
            answer = await self.client.get(url, headers=asked)
            if answer.status_code != 304:
                answer.raise_for_status()
                known.decision = _read(answer)
                known.etag = answer.headers.get("etag")
            known.ask_at = self.now() + self.ttl_seconds
        except (httpx.HTTPError, ValueError, TypeError, KeyError) as problem:
            log.warning("Saldo did not say what tenant %s may do: %r", tenant_id, problem)
            known.ask_at = self.now() + RETRY_SECONDS


def _read(answer: httpx.Response) -> Decision:
    found = answer.json()
    warning = found["warning"]
    return Decision(
        str(found["status"]),
        found["reads"] is True,
        found["writes"] is True,
        found["throttled"] is True,
        None if warning is None else str(warning),
    )
