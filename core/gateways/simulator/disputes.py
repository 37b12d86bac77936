"""Disputes: the money goes, evidence is handed in, and the money comes back or does not."""

from core.gateways.simulator import parameters as read
from core.gateways.simulator.ledger import DISPUTE_FEE, enter
from core.gateways.simulator.shapes import CHARGE, DISPUTE, EVIDENCE
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Fields, Problem

UPDATE_FIELDS = {
    "evidence": read.group(**dict.fromkeys(EVIDENCE, read.text)),
    "expand": read.texts,
    "metadata": read.metadata,
    "submit": read.flag,
}
ANSWER_WITHIN = 7 * 86_400
"""Seconds in which evidence is taken."""
DECIDED_AFTER = 60
"""Seconds from the evidence to the decision that its text asks for."""
_ASKED_FOR = {"winning_evidence": True, "losing_evidence": False}
"""Texts of evidence that decide a dispute; with any other it waits for `decide`."""
_CODES = {"fraudulent": "10.4", "product_not_received": "13.1", "duplicate": "12.6"}


def open_dispute(
    store: Store, charge_id: str, reason: str = "fraudulent", amount: int | None = None
) -> Fields:
    """The card's holder disputes a charge, or a part of it: sum and fee are withdrawn."""
    charge = store.find(CHARGE, charge_id, "charge", lock=True)
    sum_ = amount or charge["amount_captured"] - charge["amount_refunded"]
    number, currency = store.new_id(DISPUTE.prefix), charge["currency"]
    line = enter(store, "dispute", number, -sum_, currency, DISPUTE_FEE.get(currency, 0))
    code = _CODES.get(reason)
    card = (charge["payment_method_details"] or {}).get("card", {})
    made = store.add(
        DISPUTE,
        {
            "id": number,
            "amount": sum_,
            "balance_transactions": [line],
            "charge": charge_id,
            "currency": currency,
            "evidence_details": {
                "due_by": store.now + ANSWER_WITHIN,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "network_reason_code": code,
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {
                "card": {
                    "brand": card.get("brand", "visa"),
                    "case_type": "chargeback",
                    "network": card.get("brand", "visa"),
                    "network_reason_code": code,
                },
                "type": "card",
            },
            "reason": reason,
        },
        due_at=store.now + ANSWER_WITHIN,
    )
    store.change(CHARGE, charge_id, disputed=True)
    store.tell("charge.dispute.created", made)
    store.tell("charge.dispute.funds_withdrawn", made)
    return made


def update(store: Store, given: str, asked: Fields) -> Fields:
    """Take evidence; `submit` hands it in to the bank. Raises Problem when it is too late."""
    known = store.find(DISPUTE, given, "dispute", lock=True)
    if asked.get("evidence") or asked.get("submit"):
        _still_open(known)
    facts: Fields = {"evidence": known["evidence"] | asked.get("evidence", {})}
    given_any = any(facts["evidence"].get(name) for name in EVIDENCE)
    details = known["evidence_details"] | {"has_evidence": given_any}
    if "metadata" in asked:
        facts["metadata"] = known["metadata"] | asked["metadata"]
    if asked.get("submit"):
        facts["status"] = "under_review"
        details |= {
            "submission_count": details["submission_count"] + 1,
            "submission_method": "manual",
        }
        wanted = facts["evidence"]["uncategorized_text"] in _ASKED_FOR
        store.schedule(DISPUTE, given, store.now + DECIDED_AFTER if wanted else None)
    changed = store.change(DISPUTE, given, **facts, evidence_details=details)
    store.tell("charge.dispute.updated", changed, {"status": known["status"]})
    return changed


def close(store: Store, given: str, _asked: Fields) -> Fields:
    """Accept that the dispute is lost."""
    _still_open(store.find(DISPUTE, given, "dispute", lock=True))
    return decide(store, given, won=False)


def decide(store: Store, given: str, *, won: bool) -> Fields:
    """The bank decides: what was won comes back, its fee does not. Raises Problem if decided."""
    known = store.find(DISPUTE, given, "dispute", lock=True)
    if known["status"] in ("won", "lost"):
        raise Problem(400, f"This dispute is {known['status']} already.")
    lines = known["balance_transactions"]
    if won:
        line = enter(store, "dispute_reversal", given, known["amount"], known["currency"])
        lines = [*lines, line]
    store.schedule(DISPUTE, given, None)
    changed = store.change(
        DISPUTE,
        given,
        status="won" if won else "lost",
        balance_transactions=lines,
        is_charge_refundable=won,
    )
    if won:
        store.tell("charge.dispute.funds_reinstated", changed)
    store.tell("charge.dispute.closed", changed, {"status": known["status"]})
    return changed


def settle(store: Store) -> None:
    """Decide the disputes whose evidence asks for it, and those that nobody answered."""
    for dispute in store.due(DISPUTE):
        if dispute["status"] == "needs_response":
            details = dispute["evidence_details"] | {"past_due": True}
            store.change(DISPUTE, dispute["id"], evidence_details=details)
        said = dispute["evidence"]["uncategorized_text"]
        answered = dispute["status"] == "under_review"
        decide(store, dispute["id"], won=answered and _ASKED_FOR.get(said, False))


def _still_open(dispute: Fields) -> None:
    if dispute["status"] != "needs_response":
        raise Problem(400, f"This dispute is {dispute['status']} and takes no more evidence.")
