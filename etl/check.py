"""What must hold of a build before readers see it; a failed check keeps the last good copy."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import duckdb

from core.errors import CheckFailed
from core.money import LARGEST_MINOR
from etl.days import FACT_DAYS, FIRST_DAY, furthest
from etl.extract.postgres import Totals
from etl.load import row_counts
from etl.tables import TABLES, Table


class BuildRefused(CheckFailed):
    """The newest figures failed a check and were not published; the last good ones are shown."""

    code = "check_failed"

    def __init__(self, check: str, words: str) -> None:
        super().__init__(words)
        self.check = check


@dataclass(frozen=True, slots=True)
class Build:
    """A build with what it must agree with.

    `source` waits for what the source says it holds. `changed` names the tables that changes were
    put into, whose rows are at hand as `fresh.<table>` and `old.<table>`; None when every table was
    copied whole.
    """

    connection: duckdb.DuckDBPyConnection
    source: Callable[[], dict[str, Totals]]
    reporting_currency: str
    today: date
    changed: frozenset[str] | None = None

    def rows(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """The whole answer to a question about the build."""
        return self.connection.execute(question, list(values)).fetchall()


def check_rows(build: Build) -> None:
    """Check the copied rows, before anything is computed from them. Raises BuildRefused."""
    _run(build, OF_ROWS)


def check_models(build: Build) -> None:
    """Check the figures, before readers see them. Raises BuildRefused."""
    _run(build, OF_MODELS)


def _run(build: Build, checks: "tuple[Check, ...]") -> None:
    for check in checks:
        words = check(build)
        if words:
            raise BuildRefused(check.__name__, words)


def rows_and_sums(build: Build) -> str | None:
    """Each table the source counted has its rows and, when copied whole, the money and keys."""
    source, rows = build.source(), row_counts(build.connection)
    for name, expected in source.items():
        if rows[name] != expected.rows:
            return f"{name}: the source has {expected.rows} rows, the copy {rows[name]}"
    if build.changed is not None:
        return None
    return next(filter(None, (_sums_and_keys(build, table, source) for table in TABLES)), None)


def _sums_and_keys(build: Build, table: Table, source: dict[str, Totals]) -> str | None:
    expected = source[table.name]
    sums = "".join(f", cast(coalesce(sum({name}), 0) as hugeint)" for name in expected.sums)
    [(keys, *found)] = build.rows(f"select count(distinct {table.key}){sums} from {table.name}")
    for (name, amount), copied in zip(expected.sums.items(), found, strict=True):
        if amount != copied:
            return f"{table.name}.{name}: the source sums to {amount}, the copy to {copied}"
    if keys != expected.rows:
        return f"{table.name}: {expected.rows} rows have only {keys} keys"
    return None


def amounts_in_bounds(build: Build) -> str | None:
    """No amount is beyond what engines agree on."""
    side = "" if build.changed is None else "fresh."
    parts = [
        f"(select '{table.name}', {table.key}, '{name}' from {side}{table.name}"
        f" where abs({name}) > {LARGEST_MINOR} limit 1)"
        for table in TABLES
        for name in table.money
        if build.changed is None or table.name in build.changed
    ]
    found = build.rows(" union all ".join(parts)) if parts else []
    if found:
        table, key, name = found[0]
        return f"{table} {key}: {name} is beyond {LARGEST_MINOR} minor units"
    return None


def misdated(build: Build) -> str | None:
    """A fact whose day only a typing error explains, in words.

    It is no reason to refuse a build: an issued invoice or a posting can never be dated anew.
    """
    latest = furthest(build.today)
    found = build.rows(
        " union all ".join(
            f"select '{table}', min(id), arg_min({day}, id), count(*) from {table}"
            f" where {day} < $1 or {day} > $2 having count(*) > 0"
            for table, day in FACT_DAYS.items()
        ),
        FIRST_DAY,
        latest,
    )
    for table in FACT_DAYS:
        for name, number, dated, count in found:
            if name == table:
                return (
                    f"{table} {number} is dated {dated}, outside {FIRST_DAY} to {latest}, "
                    f"and counts in no month ({count} in all)"
                )
    return None


def ledger_balances(build: Build) -> str | None:
    """All entries sum to zero in every currency, and in every transaction."""
    chosen = ""
    if build.changed is not None:
        if "accounting_entry" not in build.changed:
            return None
        chosen = (
            " where ledger_transaction_id in ("
            + " union all ".join(
                f"select ledger_transaction_id from {side}.accounting_entry"
                for side in ("fresh", "old")
            )
            + ")"
        )
    found = build.rows(
        f"select ledger_transaction_id, currency, sum(amount_minor) from accounting_entry{chosen}"
        " group by 1, 2 having sum(amount_minor) <> 0 order by 1 limit 1"
    )
    if found:
        transaction, currency, off = found[0]
        return f"Ledger transaction {transaction} is off by {off} minor units of {currency}"
    return None


def rates_known(build: Build) -> str | None:
    """Every currency in use has a rate on every day on which it is converted."""
    found = build.rows(
        "select u.currency, u.day from currency_days u left join fx_daily f"
        " on f.day = u.day and f.currency = u.currency and f.reporting_currency = ?"
        " where f.rate is null order by u.day, u.currency limit 1",
        build.reporting_currency,
    )
    if found:
        currency, day = found[0]
        return (
            f"There is no rate from {currency} to {build.reporting_currency} on {day}: "
            "add rates from that day on"
        )
    return None


def movements_add_up(build: Build) -> str | None:
    """start + movements + fx = end; a month starts where the one before ended."""
    off = build.rows(
        "select month, reporting_currency from mrr_by_month where start_minor + new_minor"
        " + expansion_minor + contraction_minor + churn_minor + reactivation_minor + fx_minor"
        " <> end_minor limit 1"
    )
    if off:
        return f"MRR movements of {off[0][0]} do not add up in {off[0][1]}"
    gap = build.rows(
        "with seams as (select month, reporting_currency, start_minor, lag(end_minor) over"
        " (partition by reporting_currency order by month) as end_before from mrr_by_month"
        " where dimension = 'all')"
        " select month from seams where end_before is not null and end_before <> start_minor"
        " order by month limit 1"
    )
    if gap:
        return f"MRR of {gap[0][0]} does not start where the month before ended"
    moved = build.rows(
        "select subscription_id from mrr_pieces where currency = reporting_currency"
        " and fx_minor <> 0 limit 1"
    )
    if moved:
        return f"Subscription {moved[0][0]} moved by exchange rates in its own currency"
    return None


def views_agree(build: Build) -> str | None:
    """Tenants, plans and countries each add up to the total."""
    for mart, columns in (("mrr_by_month", _MRR_SUMS), ("revenue_by_month", _REVENUE_SUMS)):
        names = columns.split()
        sums = ", ".join(f"sum({name}) as {name}" for name in names)
        found = build.rows(
            f"with sums as (select month, reporting_currency, dimension, {sums} from {mart}"
            f" group by all), spread as (select month, reporting_currency, "
            + " + ".join(f"(max({name}) - min({name}))" for name in names)
            + " as spread, count(*) as views from sums group by all)"
            " select month, reporting_currency from spread where spread <> 0 or views <> 3 limit 1"
        )
        if found:
            return f"{mart}: plans, countries and total differ in {found[0][0]} ({found[0][1]})"
    return None


_MRR_SUMS = """
    start_minor new_minor expansion_minor contraction_minor churn_minor reactivation_minor
    fx_minor end_minor at_risk_minor cohort_start_minor cohort_end_minor kept_minor
"""
_REVENUE_SUMS = "gross_minor platform_fees_minor refunds_minor lost_disputes_minor"
Check = Callable[[Build], str | None]
OF_ROWS: tuple[Check, ...] = (amounts_in_bounds, ledger_balances)
OF_MODELS: tuple[Check, ...] = (rows_and_sums, rates_known, movements_add_up, views_agree)
