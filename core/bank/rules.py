"""What a transfer's reference says; pure (UNM.1)."""

import re
from dataclasses import dataclass
from datetime import date

from core.invoices.rules import valid_ocr

CONTENT_MARK = "c:"
"""Begins a reference that was made of the content, as the bank gave none."""
_NUMBERED = re.compile(r"#\d+$")


@dataclass(frozen=True)
class TransferLine:
    """One movement of a statement, money to us positive; `payout_id` names a gateway's payout."""

    bank_ref: str
    amount_minor: int
    reference: str = ""
    text: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    payout_id: str | None = None
    booked_on: date | None = None
    value_on: date | None = None
    entry_ref: str = ""
    end_to_end_id: str = ""

    @property
    def own_ref(self) -> str:
        """The reference as the file has it, without the number given to equal ones."""
        return _NUMBERED.sub("", self.bank_ref)

    @property
    def nth(self) -> int:
        """Which of the equal ones of its file it is, from 1."""
        found = _NUMBERED.search(self.bank_ref)
        return int(found[0][1:]) if found else 1

    @property
    def is_named(self) -> bool:
        """True when the bank itself gave the reference; else it was made of the content."""
        return not self.bank_ref.startswith(CONTENT_MARK)


@dataclass(frozen=True)
class Statement:
    """A day of an account as the bank sent it; balances where the format has them."""

    account: str
    statement_ref: str
    format: str
    currency: str
    lines: tuple[TransferLine, ...]
    opening_minor: int | None = None
    closing_minor: int | None = None
    provider: str = "bank"
    problem: str = ""
    """Why it must not be imported, beyond not footing."""
    stated_difference_minor: int | None = None
    """What is missing by the file's own control sums, where it has them."""
    file_name: str = ""

    @property
    def foots(self) -> bool:
        """True when opening balance and movements give the closing balance, or none is stated."""
        if self.problem:
            return False
        if self.opening_minor is None or self.closing_minor is None:
            return True
        return self.difference_minor == 0

    @property
    def difference_minor(self) -> int | None:
        """What is missing to the closing balance, or to the file's control sum; None if unknown."""
        if self.opening_minor is None or self.closing_minor is None:
            return self.stated_difference_minor
        moved = sum(line.amount_minor for line in self.lines)
        return self.closing_minor - self.opening_minor - moved


def references(line: TransferLine) -> list[str]:
    """Whole tokens of digits with right length and Luhn digits, never parts of longer ones."""
    tokens = re.findall(r"(?<!\d)\d{4,25}(?!\d)", f"{line.reference} {line.text}")
    return list(dict.fromkeys(token for token in tokens if valid_ocr(token)))
