"""What Saldo asks of a gateway, and the ways in which it may not answer (PAY.3, PAY.4, REF.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from core.clock import within_reach
from core.errors import BadMoney, SaldoError
from core.money import Money

LONGEST_NUMBER = 255
Status = Literal["succeeded", "pending", "failed"]
CheckoutStatus = Literal["open", "paid", "failed", "expired"]
About = Literal["checkout", "charge", "refund", "dispute", "payout", "card"]
DisputeStatus = Literal["needs_response", "under_review", "won", "lost"]
LineKind = Literal["charge", "refund", "fee", "dispute", "dispute_won", "payout", "adjustment"]


class GatewayUnsure(SaldoError):
    """The gateway did not answer clearly; whether the money moved is not known. Ask again later."""

    code = "gateway_unsure"


class GatewayRefused(SaldoError):
    """The gateway refused; no money moved."""

    code = "gateway_refused"


class CredentialsMissing(SaldoError):
    """The gateway's credentials are missing or not accepted; no money moved."""

    code = "credentials_missing"


class ForgedEvent(SaldoError):
    """An event that the gateway did not sign, or not now, or that cannot be read; ignore it."""

    code = "forged_event"


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
    """Charge a stored card without its holder; `key` names the attempt, a new attempt a new key.

    `email` is the payer's, which Paystack wants beside its token.
    """

    key: str
    customer: str
    method_token: str
    amount_minor: int
    currency: str
    description: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    email: str = ""


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


@dataclass(frozen=True)
class CustomerOrder:
    """Make a customer known to the gateway; `key` is our tenant's own."""

    key: str
    name: str
    email: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckoutOrder:
    """A hosted page on which a person pays once; `key` is our reference and comes back with it.

    The gateway sends the person to `return_url` afterwards and to `cancel_url` on second thoughts.
    """

    key: str
    amount_minor: int
    currency: str
    email: str
    description: str
    return_url: str
    cancel_url: str
    customer: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CardSetupOrder:
    """A hosted page on which a person leaves a card for later; no money moves."""

    key: str
    customer: str
    currency: str
    return_url: str
    cancel_url: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkout:
    """A hosted page: the gateway's id of it, and where to send the person."""

    checkout_id: str
    url: str


@dataclass(frozen=True)
class Card:
    """A card that the gateway keeps for us, as much of it as may be shown."""

    token: str
    customer: str
    brand: str
    last4: str
    expires_month: int | None = None
    expires_year: int | None = None


@dataclass(frozen=True)
class CheckoutOutcome:
    """What became of a hosted page. `key` is the order's; sums are minor units of `currency`.

    A page that only keeps a card is `paid` with an amount of 0 and the card.
    """

    status: CheckoutStatus
    checkout_id: str
    key: str
    amount_minor: int
    currency: str
    provider_payment_id: str | None = None
    fee_minor: int = 0
    card: Card | None = None


@dataclass(frozen=True)
class LedgerLine:
    """A line of the gateway's own ledger: signs as the provider has them, net = amount − fee.

    `source_id` is the charge, refund or dispute it belongs to, by the number that our rows carry.
    """

    external_id: str
    kind: LineKind
    currency: str
    amount_minor: int
    fee_minor: int
    occurred_at: datetime
    available_on: date | None = None
    source_id: str | None = None
    payout_id: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for what no book can hold."""
        _names(self.external_id, self.source_id, self.payout_id)
        _sums(self.currency, self.amount_minor, self.fee_minor)
        within_reach(self.occurred_at.date())
        if self.available_on is not None:
            within_reach(self.available_on)


@dataclass(frozen=True)
class PayoutSeen:
    """A payout as the gateway has it; only one with `itemised` lists its lines.

    `trace_id` is what the receiving bank calls it, where the gateway was told.
    """

    payout_id: str
    status: Literal["pending", "in_transit", "paid", "failed", "canceled"]
    currency: str
    amount_minor: int
    arrives_on: date
    itemised: bool
    trace_id: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for what no book can hold."""
        _names(self.payout_id, self.trace_id)
        _sums(self.currency, self.amount_minor)
        within_reach(self.arrives_on)


@dataclass(frozen=True)
class DisputeSeen:
    """A dispute as the gateway has it; `provider_payment_id` is the disputed payment's number."""

    dispute_id: str
    provider_payment_id: str
    status: DisputeStatus
    reason: str
    currency: str
    amount_minor: int
    fee_minor: int
    evidence_due_on: date | None


@dataclass(frozen=True)
class News:
    """What an event is about. The truth is asked of the gateway, so the order does not matter.

    `object_id` is the gateway's id of the thing, `key` our own key or reference where it shows;
    `payment_id` is the payment of a refund or a dispute, `customer` the holder of a card.
    """

    about: About
    object_id: str
    key: str | None = None
    payment_id: str | None = None
    customer: str | None = None


@dataclass(frozen=True)
class GatewayEvent:
    """An event whose sender is certain. `event_id` is the same for every delivery of it."""

    event_id: str
    kind: str
    created_at: datetime | None
    body: Mapping[str, object]


class Gateway(Protocol):
    """A payment provider. Every method talks to it: never call one inside a unit of work.

    All raise GatewayUnsure, GatewayRefused or CredentialsMissing; GatewayRefused is also the
    answer of a provider that does not offer the thing at all.
    """

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Pay back; the same order again never pays twice."""

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        """What became of an order after a crash or a time-out.

        None when the gateway has no refund of its key: then `refund` may be called again.
        """

    def charge(self, order: ChargeOrder) -> ChargeAnswer:
        """Charge; a decline is an answer, not an error. The same order never charges twice."""

    def find_charge(self, order: ChargeOrder) -> ChargeAnswer | None:
        """What became of a charge after a crash or a time-out; None when there is none."""

    def register(self, order: CustomerOrder) -> str:
        """The gateway's number for a customer; the same order again makes no second one."""

    def open_checkout(self, order: CheckoutOrder) -> Checkout:
        """A page to pay on; the same order again gives the same page."""

    def open_card_setup(self, order: CardSetupOrder) -> Checkout:
        """A page to leave a card on; the same order again gives the same page."""

    def checkout_outcome(self, checkout_id: str) -> CheckoutOutcome:
        """What became of a page; completes what the person agreed to where that is ours to do."""

    def portal(self, customer: str, return_url: str) -> str:
        """The address of the gateway's page on which a customer keeps cards."""

    def cards(self, customer: str) -> list[Card]:
        """The cards the gateway keeps for a customer, the one to charge first."""

    def ledger(self, since: datetime, until: datetime) -> Iterator[LedgerLine]:
        """Every line of [since, until), oldest page last or first, never cut off silently."""

    def payouts(self, since: datetime, until: datetime) -> Iterator[PayoutSeen]:
        """Every payout made in [since, until)."""

    def payout_lines(self, payout_id: str) -> Iterator[LedgerLine]:
        """The lines that an itemised payout pays, its own line left out."""

    def dispute(self, dispute_id: str) -> DisputeSeen:
        """A dispute as it stands."""

    def disputes(self, since: datetime, until: datetime) -> Iterator[DisputeSeen]:
        """Every dispute opened in [since, until)."""

    def read_event(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        """The event in a webhook's body, verified; header names in lower case.

        Raises ForgedEvent for a missing or wrong signature, a stale or future stamp, or a body
        that is no event; GatewayUnsure when the gateway cannot be asked whether it sent it.
        """

    def news_of(self, body: Mapping[str, object]) -> News | None:
        """What a stored event is about; None for kinds that do not concern us."""

    def probe(self) -> str:
        """Whether the gateway answers to our credentials, in words; moves no money."""


def _names(first: str, *others: str | None) -> None:
    for name in (first, *(other for other in others if other is not None)):
        if not isinstance(name, str) or not name or not name.isprintable():
            raise ValueError(f"{name!r} is no number of a row")
        if len(name) > LONGEST_NUMBER:
            raise ValueError(f"{name[:40]!r}… is too long for the number of a row")


def _sums(currency: str, *amounts_minor: int) -> None:
    for amount_minor in amounts_minor:
        if type(amount_minor) is not int:
            raise ValueError(f"{amount_minor!r} is no amount")
        try:
            Money(amount_minor, currency)
        except BadMoney as problem:
            raise ValueError(str(problem)) from problem
