"""What PayPal's events are about (PAY.4)."""

from collections.abc import Callable, Mapping

from core.gateways.http import Fields, objects, text
from core.gateways.paypal_wire import link
from core.gateways.port import News


def news_of(body: Mapping[str, object]) -> News | None:
    """What a stored event is about; None for kinds that do not concern us.

    A capture is told as a charge, also when it was made on a page: its key says which.
    """
    kind, about = str(body.get("event_type")), body.get("resource")
    if isinstance(about, dict):
        for starts, read in _READERS:
            if kind.startswith(starts):
                return read(about)
    return None


def _page(about: Fields) -> News:
    units = objects(about.get("purchase_units", []))
    given = text(about.get("id") or about["order_id"])
    return News("checkout", given, _key(units[0]) if units else None)


def _charge(about: Fields) -> News:
    given = text(about["id"])
    return News("charge", given, _key(about), given)


def _refund(about: Fields) -> News:
    above = link(about, "up") or ""
    paid = above.rsplit("/", 1)[-1] if "/captures/" in above else None
    return News("refund", text(about["id"]), _key(about), paid)


def _dispute(about: Fields) -> News:
    disputed = objects(about.get("disputed_transactions", []))
    paid = disputed[0].get("seller_transaction_id") if disputed else None
    return News("dispute", text(about["dispute_id"]), None, text(paid) if paid else None)


def _kept(about: Fields) -> News:
    return News("card", text(about["id"]))


def _key(about: Fields) -> str | None:
    given = about.get("custom_id") or about.get("invoice_id")
    return text(given) if given else None


_READERS: tuple[tuple[tuple[str, ...], Callable[[Fields], News]], ...] = (
    (("CHECKOUT.",), _page),
    (("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED", "PAYMENT.REFUND."), _refund),
    (("PAYMENT.CAPTURE.",), _charge),
    (("CUSTOMER.DISPUTE.",), _dispute),
    (("VAULT.PAYMENT-TOKEN.",), _kept),
)
"""Who reads an event, by the start of its kind; the first that fits."""
