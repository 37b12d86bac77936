"""Statements that came, newest first, with what was set aside and why (UNM.1)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from core.bank.models import BankStatement, BankTransfer
from core.work import Work

MOST_STATEMENTS = 200


@dataclass(frozen=True)
class StatementRow:
    """A statement; `status` is imported, quarantined or replaced, amounts are minor units."""

    id: int
    account: str
    statement_ref: str
    format: str
    currency: str
    booked_on: date
    transfers: int
    status: str
    difference_minor: int | None
    problem: str
    file_name: str
    imported_at: datetime


def recent_statements(work: Work, limit: int = 25) -> list[StatementRow]:
    """The statements imported last; needs billing.read."""
    work.require("billing.read")
    transfers = (
        select(func.count())
        .where(BankTransfer.statement_id == BankStatement.id)
        .scalar_subquery()
        .label("transfers")
    )
    rows = work.session.execute(
        select(
            BankStatement.id,
            BankStatement.account,
            BankStatement.statement_ref,
            BankStatement.format,
            BankStatement.currency,
            BankStatement.booked_on,
            transfers,
            BankStatement.status,
            BankStatement.difference_minor,
            BankStatement.problem,
            BankStatement.file_name,
            BankStatement.imported_at,
        )
        .order_by(BankStatement.id.desc())
        .limit(min(limit, MOST_STATEMENTS))
    ).all()
    return [StatementRow(**row._mapping) for row in rows]
