"""What Saldo asks of a gateway, and the three ways in which it may not answer (PAY.3, REF.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from core.errors import SaldoError

Status = Literal["succeeded", "pending", "failed"]


class GatewayUnsure(SaldoError):
    """The gateway did not answer clearly; whether the money moved is not known. Ask again later."""

    code = "gateway_unsure"


class GatewayRefused(SaldoError):
    """The gateway refused; no money moved."""

    code = "gateway_refused"


class CredentialsMissing(SaldoError):
    """The gateway's credentials are missing or not accepted; no money moved."""

    code = "credentials_missing"


@dataclass(frozen=True)
class RefundOrder:
    """Pay back on a payment; `key` is our refund's own and stays the same however often we ask."""

    key: str
    provider_payment_id: str
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class RefundAnswer:
    """What became of a refund; `failure` says why it failed, in the gateway's words."""

    status: Status
    provider_refund_id: str
    failure: str | None = None


@dataclass(frozen=True)
class ChargeOrder:
    """Charge a stored card without its holder; `key` names the attempt, a new attempt a new key."""

    key: str
    customer: str
    method_token: str
    amount_minor: int
    currency: str
    description: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ChargeAnswer:
    """What became of a charge, its fee in minor units of the charge's currency.

    `hard` is true for a decline that no repetition will change until the card does.
    """

    status: Status
    provider_payment_id: str
    fee_minor: int = 0
    failure_code: str | None = None
    hard: bool = False


class Gateway(Protocol):
    """A payment provider. Every method talks to it: never call one inside a unit of work.

    All raise GatewayUnsure, GatewayRefused or CredentialsMissing.
    """

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Pay back; the same order again never pays twice."""

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        """What became of an order after a crash or a time-out.

        None when the gateway has no refund of its key: then `refund` may be called again.
        """

    def charge(self, order: ChargeOrder) -> ChargeAnswer:
        """Charge; a decline is an answer, not an error. The same order never charges twice."""

    def probe(self) -> str:
        """Whether the gateway answers to our credentials, in words; moves no money."""
