"""Builders of transfers that wait in the inbox."""

from datetime import date
from zlib import crc32

from sqlalchemy import select

from core.access.authority import Actor
from core.bank.models import BankTransfer, UnmatchedBankTransfer
from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.tenants.actions import NewTenant, create_tenant
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB
from tests.builders import a_user, acting


def finance(office: Office) -> Actor:
    """A person of finance, freshly signed in."""
    return acting(office, a_user(office, "sys_finance"))


def named_tenant(office: Office, name: str) -> Tenant:
    """A tenant in Germany by its name."""
    with office.work(JOB) as work:
        return create_tenant(work, NewTenant(name, "DE", "EUR"))


def waiting(
    office: Office,
    amount_minor: int,
    payer: str = "UNKNOWN PAYER",
    account: str = "",
    text: str = "",
    *,
    bank_ref: str = "W1",
    booked_on: date | None = None,
    format_: str = "camt.053",
) -> int:
    """The inbox's id of an imported transfer that matched nothing by itself.

    Every payer has an account of its own unless one is given.
    """
    account = account or f"ACC{crc32(payer.encode()):010d}"
    line = TransferLine(bank_ref, amount_minor, "", text, payer, account, booked_on=booked_on)
    statement = Statement(
        "DE89", f"S-{bank_ref}", format_, "EUR", (line,),
        provider="bankgirot" if format_ == "bgmax" else "bank",
    )  # fmt: skip
    with office.work(JOB) as work:
        import_statement(work, statement)
        return work.session.scalars(
            select(UnmatchedBankTransfer.id)
            .join(BankTransfer, BankTransfer.id == UnmatchedBankTransfer.bank_transfer_id)
            .where(BankTransfer.bank_ref == bank_ref)
        ).one()
