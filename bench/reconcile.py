"""How fast is the line-by-line comparison against a bare full outer join, and is all found?"""

import resource
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from core.reconciliation.comparing import DIFFERENCES
from core.reconciliation.rules import Side, find

ROWS = 10_000_000
EACH = 1_000
"""Of so many rows one is planted with each class of difference: a thousandth."""
ROUNDS = 3
"""Rounds, the two in turn; the ratio is the median of theirs."""
MOST_TIMES_JOIN = 3.0
MOST_MIB = 4 * 1024
MEMORY = "2500MB"
"""What DuckDB may hold before it spills; the rest is its own and Python's."""
CLASSES = (
    "missing_here",
    "missing_there",
    "amount",
    "fee",
    "currency",
    "duplicate",
    "timing",
    "in_transit",
)
SINCE, UNTIL = date(2026, 1, 1), date(2026, 12, 31)
"""The window; what happened on its last day alone is in transit."""
JOIN = """
select count(*) from ours full outer join theirs using (provider, account, kind, reference)
"""
EVENTS = f"""
create table events as
select
  case when i % 7 = 0 then 'paypal' else 'stripe' end as provider,
  cast(0 as bigint) as account,
  case when i % 20 = 0 then 'refund' else 'charge' end as kind,
  'ch_3N' || upper(substr(md5(cast(i as varchar)), 1, 22)) as reference,
  case when i % 3 = 0 then 'EUR' else 'SEK' end as currency,
  1000 + i % 90000 as amount_minor,
  25 + i % 1300 as fee_minor,
  1 as counted,
  case i % {EACH}
    when 6 then date '{SINCE}'
    when 7 then date '{UNTIL}'
    else date '{SINCE}' + cast(i % 350 as integer)
  end as happened_on,
  cast(i % {EACH} as integer) as planted,
  i
from range(?) r(i)
"""
SIDES = f"""
create table theirs as
select provider, account, kind, reference,
  case when planted = 4 then 'USD' else currency end as currency,
  amount_minor, fee_minor, counted, happened_on
from events where planted <> 1
union all
select provider, account, kind, reference, currency, amount_minor, fee_minor, counted, happened_on
from events where planted = 5;
create table ours as
select provider, account, kind, reference, currency,
  case when planted = 2 then amount_minor + case when i % 2000 = 2 then 500 else -500 end
    else amount_minor end as amount_minor,
  case when planted = 3 then fee_minor - 10 else fee_minor end as fee_minor,
  counted,
  case when planted = 6 then date '{SINCE}' - 1 else happened_on end as happened_on
from events where planted not in (0, 7)
"""
PLANTED = f"select reference, planted from events where planted < {len(CLASSES)}"


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """The comparison's time over the join's, the memory of both, and what was found."""
    rows = max(int(ROWS * scale), EACH)
    with tempfile.TemporaryDirectory(prefix="saldo-bench-") as folder:
        db = _open(Path(folder))
        say(f"{rows} rows of each side, {rows // EACH} differences of each class")
        planted = _fill(db, rows)
        say("A bare full outer join, then the comparison")
        joins, comparisons = [], []
        for _ in range(ROUNDS):
            joins.append(_timed(lambda: db.execute(JOIN).fetchall())[0])
            comparisons.append(_timed(lambda: _compared(db)))
        found = comparisons[0][1]
        db.close()
    ratio = statistics.median(
        seconds / joined for (seconds, _), joined in zip(comparisons, joins, strict=True)
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "name": "reconcile",
        "ratio": round(ratio, 2),
        "rival": "a bare count of the full outer join on the same rows",
        "passed": ratio <= MOST_TIMES_JOIN and peak <= MOST_MIB and found == planted,
        "detail": {
            "rows_each_side": rows,
            "planted": dict(Counter(planted.values())),
            "found": dict(Counter(found.values())),
            "all_found": found == planted,
            "join_seconds": [round(seconds, 2) for seconds in joins],
            "comparison_seconds": [round(seconds, 2) for seconds, _ in comparisons],
            "peak_mib": peak,
        },
    }


def _open(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database in a folder that spills there; PostgreSQL's hash by DuckDB's own."""
    db = duckdb.connect(folder / "bench.duckdb")
    db.execute(f"set memory_limit = '{MEMORY}'")
    db.execute(f"set temp_directory = '{folder}'")
    db.execute("set preserve_insertion_order = false")
    db.execute("create macro hashtextextended(words, seed) as hash(words, seed)")
    return db


def _fill(db: duckdb.DuckDBPyConnection, rows: int) -> dict[str, str]:
    """Both sides; returns the class planted on each reference."""
    db.execute(EVENTS, [rows])
    db.execute(SIDES)
    planted = {reference: CLASSES[number] for reference, number in db.execute(PLANTED).fetchall()}
    db.execute("drop table events")
    db.execute("checkpoint")
    return planted


def _compared(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The class found on each reference, by the product's own question and rules."""
    question = "with " + DIFFERENCES.partition("minor units.\n")[2]
    for name, day in (("since", SINCE), ("until", UNTIL)):
        question = question.replace(f":{name}", f"date '{day}'")
    asked = db.execute(question)
    names = [column[0] for column in asked.description or ()]
    return {
        row["reference"]: find(row["kind"], _side(row, "ours"), _side(row, "theirs"), UNTIL).kind
        for row in (dict(zip(names, each, strict=True)) for each in asked.fetchall())
    }


def _side(row: dict[str, Any], name: str) -> Side:
    return Side(
        row[f"{name}_rows"],
        row[f"{name}_currency"],
        row[f"{name}_minor"],
        row[f"{name}_fee_minor"],
        row[f"{name}_on"],
        row[f"{name}_inside_minor"],
    )


def _timed(do: Callable[[], Any]) -> tuple[float, Any]:
    began = time.monotonic()
    done = do()
    return time.monotonic() - began, done
