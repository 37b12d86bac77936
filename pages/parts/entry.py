"""One page of the menu: its file, its address, and who may open it."""

from dataclasses import dataclass
from typing import Literal

from core.settings import Settings

COPIED = frozenset({"revenue", "rows", "cohorts", "close", "sql", "ageing", "cash-forecast"})
"""Addresses of the pages whose figures are those of the analytics copy; all others show what the
database holds at the moment.
"""


@dataclass(frozen=True)
class Entry:
    """One page: its file, its address, its group by job, and the permission it needs.

    `needs` may be SIGNED_IN; `feature` is the setting that switches it on; `own` pages are for a
    tenant's users alone.
    """

    address: str
    title: str
    file: str
    group: str
    needs: str
    icon: str
    visibility: Literal["visible", "hidden"] = "visible"
    feature: Literal["saas_billing", "saas_wallet"] | None = None
    own: bool = False

    def offered(self, chosen: Settings) -> bool:
        """True unless its feature is switched off."""
        return self.feature is None or bool(getattr(chosen, self.feature))

    @property
    def copied(self) -> bool:
        """True when its figures are as old as the analytics copy."""
        return self.address in COPIED
