"""A small Paystack: pages, charges, refunds, settlements and disputes by its own wire."""

from collections.abc import Callable
from datetime import datetime

from core.gateways.simulator import paystack_shapes as shapes
from core.gateways.simulator.paystack_money import (
    CARDS,
    KEY,
    PROVIDER,
    begin,
    customer,
    give_back,
    keep,
    no,
    pay,
    sum_of,
    transaction,
)
from core.gateways.simulator.sibling import (
    Asked,
    Fields,
    Handler,
    No,
    Reply,
    Route,
    Sibling,
    Store,
    page,
    sent_on,
)
from core.money import units_text

MOST_ON_A_PAGE = 100
USUAL_PAGE = 50


def _yes(message: str, data: object, **more: object) -> Reply:
    return Reply({"status": True, "message": message, "data": data, **more})


def _initialize(store: Store, asked: Asked, _given: str) -> Reply:
    fields = asked.fields
    code = store.new_id(15).lower()
    made = begin(store, fields, access_code=code, callback_url=fields.get("callback_url", ""))
    store.add("page", code, {"reference": made["reference"]})
    told = {
        "authorization_url": f"{asked.home}/checkout/{code}",
        "access_code": code,
        "reference": made["reference"],
    }
    return _yes("Authorization URL created", told)


def _of_page(store: Store, code: str) -> Fields:
    known = store.find("page", code)
    found = known and store.find("transaction", known["reference"], lock=True)
    if not found:
        raise no("Transaction not found", 404)
    return found


def _show_page(store: Store, _asked: Asked, code: str) -> Reply:
    found = _of_page(store, code)
    if found["status"] == "success":
        return page("Paystack simulator", "Paid", found["reference"], {})
    choices = {name: card[0] for name, card in CARDS.items()} | {
        "decline": "Decline",
        "cancel": "Go back",
    }
    units = f"{units_text(found['amount'], found['currency'])} {found['currency']}"
    return page("Paystack simulator", units, found["customer"]["email"], choices)


def _use_page(store: Store, asked: Asked, code: str) -> Reply:
    found, choice = _of_page(store, code), asked.fields.get("choice")
    given = found["reference"]
    if choice == "cancel":
        metadata = found["metadata"] if isinstance(found["metadata"], dict) else {}
        return sent_on(str(metadata.get("cancel_action") or found["callback_url"]))
    if found["status"] != "success":
        if choice in CARDS:
            pay(store, found, keep(store, str(choice), found["customer"]["email"]))
        else:
            store.change("transaction", given, status="failed", gateway_response="Declined")
    return sent_on(found["callback_url"], trxref=given, reference=given)


def _charge(store: Store, asked: Asked, _given: str) -> Reply:
    fields = asked.fields
    kept = store.find("authorization", str(fields["authorization_code"]))
    if kept is None:
        raise no("Authorization code is invalid", code="invalid_authorization")
    if kept["email"] != str(fields.get("email", "")).lower():
        raise no("Email does not match Authorization code. Please confirm")
    made = begin(store, fields)
    said = CARDS[kept["card"]][2]
    if not said:
        paused = {"authorization_url": f"{asked.home}/checkout/-", "paused": True}
        return _yes("Please redirect your customer", paused | {"reference": made["reference"]})
    if said != "Approved":
        failed = store.change(
            "transaction", made["reference"], status="failed", gateway_response=said
        )
        return _yes("Charge attempted", shapes.charged(failed))
    return _yes("Charge attempted", shapes.charged(pay(store, made, kept["wire"])))


def _verify(store: Store, _asked: Asked, reference: str) -> Reply:
    return _yes("Verification successful", shapes.transaction(transaction(store, reference)))


def _refund(store: Store, asked: Asked, _given: str) -> Reply:
    fields = asked.fields
    if not isinstance(fields["transaction"], str):
        raise no("transaction is a string")
    paid = transaction(store, fields["transaction"], lock=True)
    before = store.having("refund", transaction_reference=paid["reference"])
    left = paid["amount"] - sum(one["amount"] for one in before if one["status"] != "failed")
    amount, _ = (
        sum_of({"amount": left, **fields, "currency": paid["currency"]}) if left else (1, "")
    )
    if paid["status"] not in ("success", "reversed"):
        raise no("Transaction has not been paid")
    if amount > left:
        raise no("Refund amount cannot be more than what is left of the transaction")
    if amount == left:
        store.change("transaction", paid["reference"], status="reversed")
    made = give_back(store, paid, amount, fields)
    return _yes("Refund has been queued", shapes.refunding(made, paid))


def _listed(kind: str, shown: Callable[[Fields], Fields], *facts: str) -> Handler:
    """A list with filters by time, as its rows are shown.

    `facts` are fields that the number in the path selects.
    """

    def answer(store: Store, asked: Asked, given: str) -> Reply:
        query = asked.query
        size = int(query.get("perPage") or query.get("per_page") or USUAL_PAGE)
        number = int(query.get("page") or 1)
        rows, total = store.page(
            kind,
            number,
            min(size, MOST_ON_A_PAGE),
            since=_time(query.get("from")),
            until=_time(query.get("to")),
            facts=dict.fromkeys(facts, given),
        )
        meta = {"total": total, "skipped": 0, "perPage": size, "page": number}
        volume = sum(row.get("amount") or 0 for row in rows)
        meta |= {"pageCount": -(-total // size), "total_volume": volume, "failedRefundCount": 0}
        return _yes("Retrieved", [shown(row) for row in rows], meta=meta)

    return answer


def _time(given: str | None) -> int | None:
    return int(datetime.fromisoformat(given).timestamp()) if given else None


def _one_dispute(store: Store, _asked: Asked, given: str) -> Reply:
    found = store.find("dispute", given)
    if found is None:
        raise no("Dispute not found", 404)
    return _yes("Dispute retrieved", shapes.dispute(found))


def _register(store: Store, asked: Asked, _given: str) -> Reply:
    fields = asked.fields
    kept = customer(store, str(fields["email"]), first_name=fields.get("first_name"))
    return _yes("Customer created", shapes.registered(kept, store.at()))


def _balance(store: Store, _asked: Asked, _given: str) -> Reply:
    held: dict[str, int] = {}
    for paid in store.having("transaction", settlement=""):
        held[paid["currency"]] = held.get(paid["currency"], 0) + paid["amount"] - paid["fees"]
    return _yes("Balances retrieved", [{"currency": c, "balance": b} for c, b in held.items()])


class PaystackSimulator(Sibling):
    """Answers as Paystack would to the secret key of the simulator."""

    provider = PROVIDER
    routes = (
        Route("POST", "/transaction/initialize", _initialize),
        Route("GET", "/transaction/verify/{}", _verify),
        Route("POST", "/transaction/charge_authorization", _charge),
        Route("GET", "/transaction", _listed("transaction", shapes.listed)),
        Route("POST", "/refund", _refund),
        Route("GET", "/refund", _listed("refund", shapes.refund)),
        Route("GET", "/settlement", _listed("settlement", shapes.settlement)),
        Route(
            "GET",
            "/settlement/{}/transactions",
            _listed("transaction", shapes.listed, "settlement"),
        ),
        Route("GET", "/dispute", _listed("dispute", shapes.dispute)),
        Route("GET", "/dispute/{}", _one_dispute),
        Route("POST", "/customer", _register),
        Route("GET", "/balance", _balance),
        Route("GET", "/checkout/{}", _show_page, page=True),
        Route("POST", "/checkout/{}", _use_page, page=True),
    )

    def admit(self, asked: Asked) -> None:
        """Only the simulator's key. Raises No."""
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            raise No(401, {"status": False, "message": "Invalid key"})

    def wrong(self, message: str) -> No:
        """A request that cannot be read."""
        return no(message)

    def unknown(self, message: str) -> No:
        """There is nothing there."""
        return no(message, 404)
