"""Payouts to the bank: every day what is available, with its lines; or by hand, without."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row, text

from core.gateways.simulator import parameters as read
from core.gateways.simulator.control import pay_out_daily
from core.gateways.simulator.ledger import enter
from core.gateways.simulator.shapes import PAYOUT
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Fields, Problem

CREATE_FIELDS = {
    "amount": read.amount,
    "currency": read.currency,
    "description": read.text,
    "expand": read.texts,
    "metadata": read.metadata,
    "method": read.one_of("standard"),
    "statement_descriptor": read.text,
}
DAY = 86_400
MOST_DAYS = 400
"""Days that are caught up with when the clock leaps."""
ITEMISED_AFTER = 60
"""Seconds until the lines of an automatic payout can be listed."""
_AVAILABLE = """
-- What is available and not paid out? One row per currency, in the gateway's units.
select body ->> 'currency' as currency, cast(sum(cast(body ->> 'net' as bigint)) as bigint) as net
from simulator.balance_transactions
where payout is null and cast(body ->> 'available_on' as bigint) <= :now
group by 1
order by 1
"""
_TAKE = """
update simulator.balance_transactions set payout = :payout
where payout is null and cast(body ->> 'available_on' as bigint) <= :now
  and body ->> 'currency' = :currency
"""


def create(store: Store, asked: Fields) -> Fields:
    """Pay out by hand. Raises Problem when less is available."""
    store.connection.execute(text("select from simulator.control for update"))
    rest = {row.currency: row.net for row in _available(store)}.get(asked["currency"], 0)
    if asked["amount"] > rest:
        raise Problem(
            400,
            "You have insufficient funds in your account for this payout.",
            code="balance_insufficient",
            param="amount",
        )
    facts = {"automatic": False, "reconciliation_status": "not_applicable"}
    return _make(store, asked | facts, paid_by=None)


def pay_out(store: Store) -> list[Fields]:
    """Pay out all that is available, one payout per currency, and keep what each pays."""
    made = []
    for row in _available(store):
        if row.net <= 0:
            continue
        number = store.new_id(PAYOUT.prefix)
        store.connection.execute(
            text(_TAKE), {"payout": number, "now": store.now, "currency": row.currency}
        )
        facts = {"automatic": True, "reconciliation_status": "in_progress"}
        sums = {"id": number, "amount": row.net, "currency": row.currency}
        made.append(_make(store, sums | facts, paid_by=number))
    return made


def fail(store: Store, given: str, code: str = "account_closed") -> Fields:
    """The bank sends a payout back: the sum is available again. Raises Problem if it failed."""
    known = store.find(PAYOUT, given, "payout", lock=True)
    if known["status"] in ("failed", "canceled"):
        raise Problem(400, f"This payout is {known['status']} already.")
    return _take_back(
        store,
        known,
        "payout_failure",
        "failed",
        {
            "failure_code": code,
            "failure_message": "The bank could not take the payout.",
        },
    )


def cancel(store: Store, given: str, _asked: Fields) -> Fields:
    """Call a payout by hand back before it leaves. Raises Problem afterwards."""
    known = store.find(PAYOUT, given, "payout", lock=True)
    if known["automatic"] or known["status"] != "pending":
        raise Problem(400, "Only a pending payout that was made by hand can be canceled.")
    return _take_back(store, known, "payout_cancel", "canceled", {})


def settle(store: Store) -> None:
    """Make the payouts whose day has come, and move the ones on their way on."""
    _catch_up(store)
    while due := store.due(PAYOUT):
        for payout in due:
            _move_on(store, payout)


def lines(store: Store, asked: Fields) -> Fields:
    """The filter of a list by payout. Raises Problem for one made by hand."""
    if "payout" not in asked:
        return {}
    payout = store.find(PAYOUT, asked["payout"], "payout")
    if not payout["automatic"]:
        raise Problem(
            400,
            "Balance transaction history can only be filtered on automatic payouts, not manual.",
            param="payout",
        )
    return {"payout": asked["payout"]}


def _available(store: Store) -> list[Row[Any]]:
    return list(store.connection.execute(text(_AVAILABLE), {"now": store.now}).all())


def _make(store: Store, facts: Fields, paid_by: str | None) -> Fields:
    number = facts.pop("id", None) or store.new_id(PAYOUT.prefix)
    line = enter(store, "payout", number, -facts["amount"], facts["currency"], payout=paid_by)
    arrives = (store.now // DAY + 1) * DAY
    made = store.add(
        PAYOUT,
        {"id": number, **facts, "arrival_date": arrives, "balance_transaction": line["id"]},
        due_at=store.now + ITEMISED_AFTER if facts["automatic"] else arrives,
    )
    store.tell("payout.created", made)
    return made


def _move_on(store: Store, payout: Fields) -> None:
    number = payout["id"]
    if payout["reconciliation_status"] == "in_progress":
        changed = store.change(
            PAYOUT, number, status="in_transit", reconciliation_status="completed"
        )
        store.schedule(PAYOUT, number, payout["arrival_date"])
        store.tell("payout.reconciliation_completed", changed)
        return
    paid = store.change(PAYOUT, number, status="paid")
    store.schedule(PAYOUT, number, None)
    store.tell("payout.paid", paid, {"status": payout["status"]})


def _take_back(store: Store, known: Fields, kind: str, status: str, facts: Fields) -> Fields:
    line = enter(store, kind, known["id"], known["amount"], known["currency"])
    if known["automatic"]:
        facts["reconciliation_status"] = "completed"
    changed = store.change(
        PAYOUT, known["id"], status=status, failure_balance_transaction=line["id"], **facts
    )
    store.schedule(PAYOUT, known["id"], None)
    store.tell(f"payout.{status}", changed, {"status": known["status"]})
    return changed


def _catch_up(store: Store) -> None:
    """Make the payout of each day that has begun, as it would have been made then."""
    at = store.connection.scalar(text("select payouts_at from simulator.control for update"))
    if at is None or at > store.now:
        return
    for day in range(at, store.now + 1, DAY)[-MOST_DAYS:]:
        pay_out(replace(store, now=day))
    pay_out_daily(store.connection, at + ((store.now - at) // DAY + 1) * DAY)
