"""The allow-list: which tables and columns of the operational database the copy may hold.

What is not named here never leaves Postgres: sign-ins, sessions, roles, audit rows, tax numbers,
e-mail addresses, counterparties of bank transfers and whatever people typed as free text.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

KEY = "id"
UNSHARED = frozenset({"document", "external_id", "number", "provider_payment_id"})
"""Columns of texts that hardly two rows share: to look for what they share takes as long as a
table's other twenty columns together, and saves half of their own room."""
_TRAVELS_AS_TEXT = ("decimal", "json", "ubigint")
"""Types that ADBC hands over as opaque bytes; they travel as text and are cast back."""


@dataclass(frozen=True, slots=True)
class Table:
    """A copied table: its columns with their DuckDB types; `key` identifies a row."""

    name: str
    columns: dict[str, str]
    key: str = KEY
    tracked: bool = True

    @property
    def source_columns(self) -> str:
        """The select list in Postgres."""
        return ", ".join(
            f"{name}::text as {name}" if kind.startswith(_TRAVELS_AS_TEXT) else name
            for name, kind in self.columns.items()
        )

    @property
    def casts(self) -> str:
        """The select list in DuckDB that gives every column its type."""
        return ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in self.columns.items())

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns that hold text; CSV must quote them."""
        return tuple(name for name, kind in self.columns.items() if kind == "varchar")

    @property
    def money(self) -> tuple[str, ...]:
        """The columns that hold minor units."""
        return tuple(name for name in self.columns if name.endswith(("_minor", "_cents")))

    @property
    def days(self) -> tuple[str, ...]:
        """The columns that hold calendar days."""
        return tuple(name for name, kind in self.columns.items() if kind == "date")


def stored(columns: Iterable[Sequence[str]]) -> str:
    """The columns of a table in the copy, given their names and types (and more, as described)."""
    return ", ".join(
        f"{name} {kind}" + (" using compression uncompressed" if name in UNSHARED else "")
        for name, kind, *_ in columns
    )


def _table(name: str, columns: str, *, key: str = KEY, tracked: bool = True) -> Table:
    typed = (column.split() for column in columns.split(","))
    return Table(name, {words[0]: _TYPES[words[1]] for words in typed}, key, tracked)


_TYPES = {
    "key": "bigint",
    "minor": "bigint",
    "number": "integer",
    "text": "varchar",
    "day": "date",
    "instant": "timestamptz",
    "flag": "boolean",
    "rate": "decimal(20,10)",
    "percent": "decimal(7,4)",
    "quantity": "decimal(18,6)",
}

TABLES: tuple[Table, ...] = (
    _table(
        "tenant",
        "id key, external_id text, name text, country text, currency text, language text,"
        "signed_up_on day, created_at instant",
    ),
    _table(
        "plan",
        "id key, slug text, name text, is_active flag, sort_order key, fixed_days flag,"
        "created_at instant",
    ),
    _table(
        "plan_price",
        "id key, plan_id key, cycle text, currency text, version key, amount_minor minor,"
        "valid_from day, valid_until day",
    ),
    _table(
        "subscription",
        "id key, external_id text, tenant_id key, plan_id key, status text, cycle text,"
        "currency text, amount_minor minor, items_minor minor, collection text,"
        "auto_renew flag, started_on day,"
        "current_period_start day, current_period_end day, trial_ends_on day, paused_until day,"
        "grace_ends_on day,"
        "cancel_at_period_end flag, next_plan_id key, next_cycle text, next_amount_minor minor,"
        "ended_on day, created_at instant",
    ),
    _table(
        "plan_history",
        "id key, subscription_id key, tenant_id key, kind text, effective_on day, status text,"
        "previous_status text, plan_id key, previous_plan_id key, cycle text, currency text,"
        "amount_minor minor, previous_amount_minor minor, proration_policy text,"
        "actor_type text, created_at instant",
    ),
    _table(
        "subscription_cancellation",
        "id key, subscription_id key, tenant_id key, plan_id key, country text,"
        "reason_code text, mode text, cancelled_on day, service_ends_on day, currency text,"
        "mrr_minor minor, amount_eur_cents minor, created_at instant",
    ),
    _table(
        "invoice",
        "id key, external_id text, tenant_id key, subscription_id key, issuer_type text,"
        "type text, reason text, status text, number text, currency text, net_minor minor,"
        "tax_minor minor, total_minor minor, paid_minor minor, issued_on day, due_on day,"
        "settled_on day, closed_on day, period_start day, period_end day, disputed flag,"
        "discount_minor minor, created_at instant",
    ),
    _table(
        "invoice_line",
        "id key, invoice_id key, tenant_id key, plan_id key, position key, quantity quantity,"
        "unit_minor minor, discount_minor minor, net_minor minor, tax_percent percent,"
        "tax_category text, tax_minor minor, total_minor minor, service_start day,"
        "service_end day",
    ),
    _table(
        "credit_note",
        "id key, tenant_id key, subscription_id key, invoice_id key, payment_id key, refund_id key,"
        "number text, status text, settles text, reason text, currency text, net_minor minor,"
        "tax_minor minor, total_minor minor, issued_on day, created_at instant",
    ),
    _table(
        "credit_note_line",
        "id key, credit_note_id key, tenant_id key, plan_id key, invoice_line_id key,"
        "position key, net_minor minor,"
        "tax_percent percent, tax_category text, tax_minor minor, total_minor minor,"
        "service_start day, service_end day",
    ),
    _table(
        "wallet_transaction",
        "id key, tenant_id key, currency text, type text, amount_minor minor,"
        "promotional_minor minor, balance_after_minor minor, promotional_after_minor minor,"
        "gateway text, fee_minor minor, moved_on day, invoice_id key, payment_id key,"
        "created_at instant",
    ),
    _table(
        "payment",
        "id key, external_id text, tenant_id key, invoice_id key, bank_transfer_id key,"
        "provider text, method text, provider_payment_id text, status text, currency text,"
        "amount_minor minor, allocated_minor minor, refunded_minor minor, returned_minor minor,"
        "fee_minor minor, failure_code text,"
        "received_on day, created_at instant, captured_at instant",
    ),
    _table(
        "payment_allocation",
        "id key, payment_id key, invoice_id key, tenant_id key, currency text,"
        "amount_minor minor, allocated_on day, reverses_id key, created_at instant",
    ),
    _table(
        "dispute",
        "id key, payment_id key, wallet_transaction_id key, tenant_id key, provider text,"
        "provider_dispute_id text,"
        "status text, currency text, amount_minor minor, tax_minor minor, fee_minor minor,"
        "opened_on day, evidence_due_on day, closed_on day, created_at instant",
    ),
    _table(
        "refund",
        "id key, payment_id key, tenant_id key, currency text, amount_minor minor,"
        "tax_minor minor, status text, treatment text, credit_note_id key,"
        "provider_refund_id text, refunded_on day, returned_on day,"
        "requested_at instant, settled_at instant",
    ),
    _table(
        "bank_statement",
        "id key, account text, statement_ref text, format text, currency text,"
        "opening_minor minor, closing_minor minor, booked_on day, status text,"
        "imported_at instant",
    ),
    _table(
        "bank_transfer",
        "id key, statement_id key, account text, bank_ref text, currency text,"
        "amount_minor minor, booked_on day, payout_id text",
    ),
    _table(
        "unmatched_bank_transfer",
        "id key, bank_transfer_id key, status text, decided_at instant, created_at instant",
    ),
    _table(
        "gateway_ledger_entry",
        "id key, provider text, external_id text, kind text, source_id text, payout_id text,"
        "currency text, amount_minor minor, fee_minor minor, net_minor minor, occurred_on day,"
        "available_on day, imported_at instant",
    ),
    _table(
        "gateway_line",
        "id key, provider text, tenant_id key, external_id text, kind text, source_id text,"
        "payout_id text, currency text, amount_minor minor, fee_minor minor, net_minor minor,"
        "occurred_at instant, occurred_on day, available_on day, pulled_at instant",
    ),
    _table(
        "gateway_payout",
        "id key, provider text, tenant_id key, payout_id text, status text, currency text,"
        "amount_minor minor, arrives_on day, itemised flag, itemised_at instant,"
        "pulled_at instant",
    ),
    _table(
        "cost",
        "id key, month day, category text, currency text, nth key, amount_minor minor,"
        "created_at instant",
    ),
    _table(
        "cash_balance",
        "id key, held_on day, account text, currency text, balance_minor minor,created_at instant",
    ),
    _table("fx_rate", "id key, rated_on day, currency text, rate_to_eur rate, created_at instant"),
    _table("account", "code text, slug text, name text, kind text", key="code", tracked=False),
    _table(
        "ledger_transaction",
        "id key, kind text, source_type text, source_id key, booked_on day, tenant_id key,"
        "reverses_id key, created_at instant",
    ),
    _table(
        "accounting_entry",
        "id key, ledger_transaction_id key, account_code text, tenant_id key, currency text,"
        "amount_minor minor",
    ),
)

ALLOW_LIST_DIGEST = hashlib.sha256(
    repr([(table.name, table.key, table.columns) for table in TABLES]).encode()
).hexdigest()
"""Changes with the allow-list; a copy made under another one is rebuilt whole."""
