"""What a bank file says, whatever its format: statements and their transactions (UNM.1)."""

from dataclasses import dataclass
from datetime import date

BOOKED, PENDING, INFORMATION = "booked", "pending", "information"
NO_CURRENCY = "XXX"
"""ISO 4217's code for none: the file names no currency, so that its money cannot be booked."""


@dataclass(frozen=True)
class Transaction:
    """One movement; `amount_minor` is never negative, `credit` says whether it came in.

    `bank_id` is unique for its account in its file: the bank's own reference, or what stands for
    one. With `own_id` it is the bank's; without, `identity` is made of the content instead, as
    numbers that begin anew with each statement name nothing. `entry_id` names the entry a batch's
    part belongs to. `status` is booked, pending or information; only the first moves a balance.
    """

    booked_on: date
    value_on: date
    amount_minor: int
    currency: str
    credit: bool
    reference: str = ""
    ocr: str | None = None
    counterparty_name: str = ""
    counterparty_iban: str = ""
    counterparty_account: str = ""
    text: str = ""
    bank_id: str = ""
    own_id: bool = False
    identity: str = ""
    entry_id: str = ""
    end_to_end_id: str = ""
    status: str = BOOKED
    line: int = 0

    @property
    def signed_minor(self) -> int:
        """The amount, money to us positive."""
        return self.amount_minor if self.credit else -self.amount_minor


@dataclass(frozen=True)
class ReadStatement:
    """A statement, report or deposit of one account as it stands in a file.

    `foots` is None when the file says nothing to compare with. `difference_minor` is what is
    missing between opening balance, booked transactions and closing balance, or between the
    transactions and the file's control sum; None when nothing is compared.
    """

    account: str
    statement_ref: str
    currency: str
    transactions: tuple[Transaction, ...]
    opening_minor: int | None = None
    closing_minor: int | None = None
    foots: bool | None = None
    difference_minor: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BankFile:
    """A file that was read: its format, its statements, and what a person should know."""

    format: str
    statements: tuple[ReadStatement, ...]
    notes: tuple[str, ...] = ()


def balanced(
    opening_minor: int | None, closing_minor: int | None, moved_minor: int
) -> tuple[bool | None, int | None]:
    """Whether balances and movements agree, and what is missing; None without both balances."""
    if opening_minor is None or closing_minor is None:
        return None, None
    difference = closing_minor - opening_minor - moved_minor
    return difference == 0, difference
