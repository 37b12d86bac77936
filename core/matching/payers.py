"""What people decided about payers: for which tenants an account or a name paid (UNM.2)."""

from datetime import date

from core.matching import facts
from core.matching.names import Names
from core.matching.records import Assignment, Transfer
from core.matching.texts import account_of

OFTEN = 3
"""Confirmed payments from which an account is trusted for a tenant."""
FORGOTTEN_DAYS = 180
"""A refusal weighs half as much after so many days."""
LEAST_REFUSAL = 0.4

Counts = dict[str, dict[str, int]]


class Payers:
    """Confirmed and declined pairs of payer and tenant, by account and by name."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._by_account: Counts = {}
        self._by_name: Counts = {}
        self._declined: dict[tuple[str, str], list[date]] = {}

    def learn(self, past: Assignment) -> None:
        """Count a confirmed pair; it ends earlier refusals of the same pair."""
        account, core = account_of(past.counterparty_iban), self._names.core(past.counterparty_name)
        for counts, key in ((self._by_account, account), (self._by_name, core)):
            if key:
                by_tenant = counts.setdefault(key, {})
                by_tenant[past.tenant_id] = by_tenant.get(past.tenant_id, 0) + 1
                self._declined.pop((key, past.tenant_id), None)
        self._names.put(past.tenant_id, past.counterparty_name)

    def decline(self, transfer: Transfer, tenant_id: str, on: date) -> None:
        """Remember that this payer's money was not this tenant's."""
        for key in self._keys(transfer):
            self._declined.setdefault((key, tenant_id), []).append(on)

    def tenants(self, account: str, core: str) -> list[str]:
        """Tenants the payer paid for, by account first, the most often paid ahead."""
        by_account, by_name = self._by_account.get(account), self._by_name.get(core)
        if by_account is None or by_name is None:
            return _by_times(by_account or by_name)
        return list(dict.fromkeys(_by_times(by_account) + _by_times(by_name)))

    def times(self, account: str, core: str, tenant_id: str) -> tuple[int, int]:
        """How often the account, and the name, paid for a tenant."""
        by_account = self._by_account.get(account, {}).get(tenant_id, 0)
        return by_account, self._by_name.get(core, {}).get(tenant_id, 0)

    def facts(self, account: str, core: str, tenant_id: str) -> int:
        """The facts about payer and tenant that history tells."""
        found = 0
        known = self._by_account.get(account)
        if known:
            times = known.get(tenant_id, 0)
            if not times:
                found |= facts.IBAN_OTHER
            else:
                found |= facts.IBAN_OFTEN if times >= OFTEN else facts.IBAN_SEEN
                found |= facts.IBAN_SHARED if len(known) > 1 else 0
        known = self._by_name.get(core)
        if known:
            found |= facts.PAYER_SEEN if tenant_id in known else facts.PAYER_OTHER
        return found

    def declined(self, transfer: Transfer, tenant_id: str) -> bool:
        """True while a refusal of this payer for this tenant is fresh enough to weigh."""
        if not self._declined:
            return False
        days = [
            (transfer.booked_on - on).days
            for key in self._keys(transfer)
            for on in self._declined.get((key, tenant_id), ())
        ]
        weights: list[float] = [0.5 ** (max(each, 0) / FORGOTTEN_DAYS) for each in days]
        return sum(weights) >= LEAST_REFUSAL

    def _keys(self, transfer: Transfer) -> set[str]:
        account = account_of(transfer.counterparty_iban)
        core = self._names.core(transfer.counterparty_name)
        return {key for key in (account, core) if key}


def _by_times(known: dict[str, int] | None) -> list[str]:
    """The tenants, the most often paid ahead."""
    if not known:
        return []
    if len(known) == 1:
        return list(known)
    return sorted(known, key=lambda tenant: (-known[tenant], tenant))
