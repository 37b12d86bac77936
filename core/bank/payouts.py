"""Deposits of Bankgirot and payouts of gateways, found again as lines of the bank's statement.

A line is a payout's by its own number or the one the bank gave it, else by its payer's name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import func, select

from core.bank.models import BankTransfer
from core.bank.rules import Statement, TransferLine, references
from core.gateways.models import GatewayLedgerEntry
from core.reconciliation.models import GatewayPayout
from core.work import Work

ARRIVES_WITHIN = timedelta(days=5)
SHORTEST_TRACE = 6
"""Shorter numbers of a bank could be anything in a line's text."""
_WORDS = {
    "bankgirot": r"bankgir|bgmax|\bbgc?\b",
    "stripe": r"stripe",
    "paystack": r"paystack",
    "paypal": r"paypal",
}
"""How the bank's line names who paid out."""


@dataclass(frozen=True)
class _Announced:
    provider: str
    payout_id: str
    amount_minor: int
    trace_id: str | None = None


def deposit_of(statement: Statement) -> str | None:
    """The payout a Bankgirot deposit is, known by account, day and number; None for others.

    A deposit with deductions is none: what was deducted is not ours to post.
    """
    if statement.format != "bgmax" or not statement.lines[0].booked_on:
        return None
    if any(line.amount_minor < 0 for line in statement.lines):
        return None
    return f"{statement.account}/{statement.statement_ref}"


def with_payouts(
    work: Work, statement: Statement, lines: Sequence[TransferLine]
) -> list[TransferLine]:
    """The lines, those that are a payout naming it: exact amount, near day, its payer's name."""
    asked = [line for line in lines if _may_be(statement, line)]
    if not asked:
        return list(lines)
    announced = _announced(work, statement.currency, asked)
    done: list[TransferLine] = []
    for line in lines:
        found = [each for each in announced if _may_be(statement, line) and _is(each, line)]
        # Of several of one amount the line may name its own.
        found = [each for each in found if _is_named(each, line)] or found
        if len(found) == 1:
            announced.remove(found[0])
            done.append(replace(line, payout_id=found[0].payout_id))
        else:
            done.append(line)
    return done


def _may_be(statement: Statement, line: TransferLine) -> bool:
    comes_in = line.amount_minor > 0 and line.payout_id is None
    return (
        comes_in
        and statement.provider == "bank"
        and line.booked_on is not None
        and not references(line)
    )


def _is(payout: _Announced, line: TransferLine) -> bool:
    if payout.amount_minor != line.amount_minor:
        return False
    return _is_named(payout, line) or bool(re.search(_WORDS[payout.provider], _said(line)))


def _is_named(payout: _Announced, line: TransferLine) -> bool:
    return payout.payout_id.lower() in _said(line) or _is_traced(payout.trace_id, line)


def _is_traced(trace_id: str | None, line: TransferLine) -> bool:
    """Whether a line carries the number that the bank gave a payout, as a word of its own."""
    if trace_id is None or len(trace_id) < SHORTEST_TRACE:
        return False
    told = f"{_said(line)} {line.end_to_end_id} {line.entry_ref} {line.own_ref}".lower()
    return bool(re.search(rf"(?<!\w){re.escape(trace_id.lower())}(?!\w)", told))


def _said(line: TransferLine) -> str:
    return f"{line.counterparty_name} {line.reference} {line.text}".lower()


def _announced(work: Work, currency: str, lines: Sequence[TransferLine]) -> list[_Announced]:
    """Payouts on their way whose sum is that of a line."""
    days = [line.booked_on for line in lines if line.booked_on]
    entry = GatewayLedgerEntry
    rows = work.session.execute(
        select(entry.provider, entry.payout_id, func.sum(entry.net_minor))
        .where(entry.payout_id.is_not(None), entry.currency == currency)
        .group_by(entry.provider, entry.payout_id)
        .having(
            func.count().filter(entry.kind == "payout") == 0,
            func.sum(entry.net_minor).in_(sorted({line.amount_minor for line in lines})),
            func.max(entry.occurred_on) >= min(days) - 6 * ARRIVES_WITHIN,
            func.min(entry.occurred_on) <= max(days) + ARRIVES_WITHIN,
        )
    ).all()
    own = [_Announced(provider, payout_id or "", int(total)) for provider, payout_id, total in rows]
    told = _told(work, currency, lines)
    known = {(each.provider, each.payout_id, each.amount_minor) for each in told}
    return told + [
        each for each in own if (each.provider, each.payout_id, each.amount_minor) not in known
    ]


def _told(work: Work, currency: str, lines: Sequence[TransferLine]) -> list[_Announced]:
    """Payouts that the gateways themselves tell of and no bank line shows yet."""
    days = [line.booked_on for line in lines if line.booked_on]
    shown = select(BankTransfer.id).where(BankTransfer.payout_id == GatewayPayout.payout_id)
    rows = work.session.execute(
        select(
            GatewayPayout.provider,
            GatewayPayout.payout_id,
            GatewayPayout.amount_minor,
            GatewayPayout.trace_id,
        ).where(
            GatewayPayout.provider != "bankgirot",
            GatewayPayout.status.in_(("pending", "in_transit", "paid")),
            GatewayPayout.currency == currency,
            GatewayPayout.amount_minor.in_(sorted({line.amount_minor for line in lines})),
            GatewayPayout.arrives_on.between(
                min(days) - ARRIVES_WITHIN, max(days) + ARRIVES_WITHIN
            ),
            ~shown.exists(),
        )
    ).all()
    return [_Announced(*row) for row in rows]
