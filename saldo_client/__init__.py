"""For applications of tenants' users: let Saldo decide who may write. Needs httpx alone (USE.4)."""

from saldo_client.middleware import CheckSubscriptionStatus

__all__ = ["CheckSubscriptionStatus"]
