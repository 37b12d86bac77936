"""What a transfer's reference says; pure (UNM.1)."""

import re
from dataclasses import dataclass

from core.invoices.rules import valid_ocr


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

    @property
    def foots(self) -> bool:
        """True when opening balance and movements give the closing balance, or none is stated."""
        if self.opening_minor is None or self.closing_minor is None:
            return True
        moved = sum(line.amount_minor for line in self.lines)
        return self.opening_minor + moved == self.closing_minor


def references(line: TransferLine) -> list[str]:
    """Whole tokens of digits with right length and Luhn digits, never parts of longer ones."""
    tokens = re.findall(r"(?<!\d)\d{4,25}(?!\d)", f"{line.reference} {line.text}")
    return list(dict.fromkeys(token for token in tokens if valid_ocr(token)))
