"""What a transaction is known by: the bank's own reference, else what it says (UNM.1)."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from core.bank.readers.model import ReadStatement, Transaction
from core.bank.rules import CONTENT_MARK


def content_key(account: str, transaction: Transaction) -> str:
    """An id made of everything the bank says of an entry; equal entries have equal keys."""
    said = (
        account,
        transaction.booked_on.isoformat(),
        transaction.value_on.isoformat(),
        str(transaction.signed_minor),
        transaction.currency,
        transaction.reference,
        transaction.text,
        transaction.counterparty_name,
        transaction.counterparty_iban or transaction.counterparty_account,
        transaction.end_to_end_id,
        "" if transaction.own_id else transaction.bank_id,
    )
    return CONTENT_MARK + hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:24]


def with_ids(statements: Iterable[ReadStatement]) -> tuple[ReadStatement, ...]:
    """Every transaction with an id and an identity; of equal ones the second is marked `#2`."""
    ids: Counter[tuple[str, str]] = Counter()
    identities: Counter[tuple[str, str]] = Counter()
    done = []
    for statement in statements:
        named = []
        for each in statement.transactions:
            content = content_key(statement.account, each)
            bank_id = _nth(ids, statement.account, each.bank_id or content)
            known_by = each.bank_id if each.own_id else content
            identity = _nth(identities, statement.account, known_by)
            named.append(replace(each, bank_id=bank_id, identity=identity))
        done.append(replace(statement, transactions=tuple(named)))
    return tuple(done)


def _nth(seen: Counter[tuple[str, str]], account: str, name: str) -> str:
    seen[account, name] += 1
    nth = seen[account, name]
    return name if nth == 1 else f"{name}#{nth}"
