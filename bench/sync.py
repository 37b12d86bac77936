"""How fast is a full sync against a bare COPY of the same tables, and how cheap a small one?"""

import time
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from bench._company import Company, Say, company
from etl import pipeline
from etl.tables import TABLES

SUBSCRIPTIONS = 200_000
ROUNDS = 2
"""Rounds of each side, of which the quickest counts."""
MOST_TIMES_COPY = 3.0
MOST_OF_FULL = 0.05
CHANGED = 0.001
CHANGES = (
    (
        "update tenant set country = case country when 'SE' then 'NO' else 'SE' end"
        " where mod(id, %s) = 0"
    ),
    "update payment set received_on = received_on - 1 where mod(id, %s) = 0",
    "update invoice set disputed = not disputed where mod(id, %s) = 0",
    (
        "insert into plan_history (subscription_id, tenant_id, kind, effective_on, status, plan_id,"
        " cycle, currency, amount_minor, actor_type, created_at)"
        " select id, tenant_id, 'amount_changed', least(started_on + 20, current_date), 'active',"
        " plan_id, cycle, currency, amount_minor + 100 * (1 + (select count(*) from plan_history h"
        " where h.subscription_id = subscription.id)), 'system', now()"
        " from subscription where mod(id, %s) = 0"
    ),
)
"""Each moves figures in every round: by country, of cash, receivables, recurring revenue."""


def run(scale: float, say: Say) -> dict[str, Any]:
    """The full sync's time over a bare COPY's, and the small sync's over the full one's."""
    with company(int(SUBSCRIPTIONS * scale), say) as made:
        say("Bare COPY")
        copied = min(_bare_copy(made, whole=True) for _ in range(ROUNDS))
        columns = min(_bare_copy(made, whole=False) for _ in range(ROUNDS))
        say("Full sync")
        fulls = [_sync(made, full=True) for _ in range(ROUNDS)]
        say("Change a thousandth, then sync")
        changes = [(_change(made), _sync(made, full=False)) for _ in range(ROUNDS)]
    changed = changes[0][0]
    rows = sum(table["rows"] for table in fulls[0]["tables"])
    full_seconds = min(full["seconds"] for full in fulls)
    small_seconds = min(small["seconds"] for _, small in changes)
    ratio, share = full_seconds / copied, small_seconds / full_seconds
    return {
        "name": "sync",
        "ratio": round(ratio, 2),
        "rival": "a bare COPY of the same tables to /dev/null",
        "passed": ratio <= MOST_TIMES_COPY and share <= MOST_OF_FULL,
        "detail": {
            "rows": rows,
            "copy_seconds": round(copied, 2),
            "copied_columns_seconds": round(columns, 2),
            "ratio_to_copied_columns": round(full_seconds / columns, 2),
            "full_seconds": full_seconds,
            "rows_per_second": round(rows / full_seconds),
            "changed_rows": changed,
            "incremental_seconds": small_seconds,
            "incremental_share_of_full": round(share, 4),
            "limits": {"ratio": MOST_TIMES_COPY, "incremental_share_of_full": MOST_OF_FULL},
        },
    }


def _bare_copy(made: Company, *, whole: bool) -> float:
    """Seconds of COPY … TO STDOUT of every copied table, thrown away as it arrives.

    `whole` tables, or the columns alone that a sync copies.
    """
    with psycopg.connect(made.url) as db:
        began = time.monotonic()
        for table in TABLES:
            name = sql.Identifier(table.name)
            names = sql.SQL(", ").join(map(sql.Identifier, table.columns))
            rows = name if whole else sql.SQL("(select {} from {})").format(names, name)
            with db.cursor().copy(sql.SQL("copy {} to stdout").format(rows)) as out:
                for _block in out:
                    pass
        return time.monotonic() - began


def _sync(made: Company, *, full: bool) -> dict[str, Any]:
    return pipeline.sync(made.settings, made.url, now=datetime.now(UTC), full=full)


def _change(made: Company) -> int:
    """Change a thousandth of tenants, subscriptions, invoices and payments; how many rows."""
    every = round(1 / CHANGED)
    with psycopg.connect(made.url) as db:
        return sum(db.execute(change.encode(), [every]).rowcount for change in CHANGES)
