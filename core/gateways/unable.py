"""What a provider answers to orders that it does not offer (PAY.3)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NoReturn

from core.gateways.port import (
    Card,
    CardSetupOrder,
    ChargeAnswer,
    ChargeOrder,
    Checkout,
    CheckoutOrder,
    CheckoutOutcome,
    CustomerOrder,
    DisputeSeen,
    ForgedEvent,
    GatewayEvent,
    GatewayRefused,
    LedgerLine,
    News,
    PayoutSeen,
    RefundAnswer,
    RefundOrder,
)


class Unable:
    """Refuses every order; a gateway that offers a part of the port overrides that part."""

    title = "This provider"

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"pay back {order.key}")

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"look for {order.key}")

    def charge(self, order: ChargeOrder) -> ChargeAnswer:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"charge a card for {order.key}")

    def find_charge(self, order: ChargeOrder) -> ChargeAnswer | None:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"look for {order.key}")

    def register(self, order: CustomerOrder) -> str:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"keep the customer {order.name}")

    def open_checkout(self, order: CheckoutOrder) -> Checkout:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"open a page to pay {order.key} on")

    def open_card_setup(self, order: CardSetupOrder) -> Checkout:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"keep a card for {order.customer}")

    def checkout_outcome(self, checkout_id: str) -> CheckoutOutcome:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"look up the page {checkout_id}")

    def portal(self, customer: str, return_url: str) -> str:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"show {customer} a page to keep cards on")

    def cards(self, customer: str) -> list[Card]:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"list the cards of {customer}")

    def ledger(self, since: datetime, until: datetime) -> Iterator[LedgerLine]:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"show its ledger from {since:%F} to {until:%F}")

    def payouts(self, since: datetime, until: datetime) -> Iterator[PayoutSeen]:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"show its payouts from {since:%F} to {until:%F}")

    def payout_lines(self, payout_id: str) -> Iterator[LedgerLine]:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"show the lines of the payout {payout_id}")

    def dispute(self, dispute_id: str) -> DisputeSeen:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"show the dispute {dispute_id}")

    def disputes(self, since: datetime, until: datetime) -> Iterator[DisputeSeen]:
        """Not offered: raises GatewayRefused."""
        self._refuse(f"show its disputes from {since:%F} to {until:%F}")

    def read_event(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        """It sends no events: raises ForgedEvent."""
        raise ForgedEvent(f"{self.title} sends no events")

    def news_of(self, body: Mapping[str, object]) -> News | None:
        """Nothing: it sends no events."""
        return None

    def probe(self) -> str:
        """Not offered: raises GatewayRefused."""
        self._refuse("say whether it answers")

    def _refuse(self, what: str) -> NoReturn:
        raise GatewayRefused(f"{self.title} cannot {what}")
