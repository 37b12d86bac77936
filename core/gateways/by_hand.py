"""Providers without an interface: a person at the bank carries out what is asked (PAY.3)."""

from core.gateways.port import ChargeAnswer, ChargeOrder, GatewayRefused, RefundAnswer, RefundOrder
from core.gateways.unable import Unable


class ByHand(Unable):
    """A refund is a bank transfer that a person makes, numbered by the order's own key."""

    title = "A bank transfer"

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Count as paid back at once; the person who asked for it makes the transfer."""
        return RefundAnswer("succeeded", f"manual-{order.key}")

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        """The same answer as to the order: it hangs on its key alone."""
        return self.refund(order)

    def charge(self, order: ChargeOrder) -> ChargeAnswer:
        """Nothing can be drawn from a customer's bank account: raises GatewayRefused."""
        raise GatewayRefused(f"{order.key}: the customer makes a bank transfer, nobody charges it")

    def probe(self) -> str:
        """There is nobody to ask."""
        return "Bank transfers are made by hand; there is no connection to test"
