"""The differences, row by row: both values, why, age, and what can be done (REC.2)."""

from collections.abc import Sequence

import streamlit as st

from core.money import Money
from core.reconciliation.report import Difference
from core.reconciliation.viewing import FILE_COLUMNS, Reconciliation, as_lines
from etl.export import as_frame
from pages.billing import look
from pages.parts import confirm, formats, head, states, tables, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import lists, reconciliation_asks
from pages.receivables.reconciliation_words import CLASSES, KINDS, STATES, TITLES, amount

COLUMNS = (
    Column("Provider", words=True),
    Column("Difference", words=True),
    Column("About", words=True),
    Column("Books"),
    Column("Gateway"),
    Column("Fees", spare=1),
    Column("Gateway has more"),
    Column("Days", spare=1),
    Column("Why", words=True),
)
ACTS = Column("", words=True)
FILED = (
    "provider",
    "tenant_id",
    "kind",
    "reference",
    "difference",
    "words",
    "currency",
    "their_currency",
    "ledger_minor",
    "ledger_fee_minor",
    "provider_minor",
    "provider_fee_minor",
    "difference_minor",
    "ledger_on",
    "provider_on",
    "age_days",
    "due_on",
    "open",
)


def draw(found: Reconciliation, wanted: str | None) -> None:
    """The rows of a class or of all, those to look at first."""
    rows = [each for each in found.differences if wanted in (None, each.difference)]
    listed = lists.Listed(
        "reconciliation", "Reconciliation", COLUMNS, lambda most: rows[:most], _printed, FILED,
        found.as_of, f"{formats.day(found.since)} to {formats.day(found.until)}",
    )  # fmt: skip
    with st.container(border=True, key="panel-differences"):
        count = sum(each.open for each in rows)
        told = f"{count} to look at" if count else "none to look at"
        if not rows:
            head.section("Differences", "none")
            states.notice(*_nothing(found, wanted))
            _whole(found)
            return
        look.long_words()
        lists.heading(len(rows), "difference", "differences", told, listed)
        shown = rows[tables.page_of(len(rows), "page-differences")]
        may = viewer.may("sys_finance")
        columns = (*COLUMNS, ACTS) if may else COLUMNS
        lists.narrow()
        with st.container(key="list-reconciliation"):
            tables.html(
                columns, [_row(each, may) for each in shown], label="Differences", folds=True
            )
        _together(found, rows if may else [])
        _whole(found)


def _nothing(found: Reconciliation, wanted: str | None) -> tuple[str, str]:
    """The tone and the words of no difference; what was not compared is named."""
    if wanted is not None:
        return "good", f"No difference of the kind “{CLASSES[wanted]}” in these days."
    unready = [each for each in found.providers if each.state not in ("ready", "stale")]
    if unready:
        told = ", ".join(
            f"{TITLES[each.provider]} {STATES[each.state][1].lower()}" for each in unready
        )
        tone = "good" if all(each.state == "credentials_missing" for each in unready) else "warn"
        return tone, f"No difference where there was something to compare; {told}."
    return "good", "Books and gateways tell the same, line by line."


def _whole(found: Reconciliation) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="whole-file"
    ):
        st.html('<p class="muted">With totals, payouts and accounts</p>', width="content")
        tables.csv_button(
            lambda: as_frame(as_lines(found), FILE_COLUMNS),
            "reconciliation-all.csv",
            "csv-reconciliation-all",
        )


def _together(found: Reconciliation, rows: Sequence[Difference]) -> None:
    """What can be done with several rows at once."""
    with st.container(horizontal=True):
        for decision in reconciliation_asks.TOGETHER:
            fitting = [each for each in rows if reconciliation_asks.fits(each, decision)]
            if len(fitting) > 1:
                label = reconciliation_asks.TOGETHER_WORDS[decision]
                step = reconciliation_asks.joint(found, decision)
                confirm.door(step, decision, label.format(count=len(fitting)))


def _printed(each: Difference) -> list[Cell]:
    """A difference as cells."""
    theirs = each.their_currency or each.currency
    own = f", tenant {each.tenant_id}" if each.tenant_id else ""
    return [
        Cell(TITLES[each.provider] + own),
        Cell(CLASSES[each.difference], tone="fold strong" if each.open else "fold muted"),
        Cell(f"{KINDS[each.kind]} {each.reference}", opens=_about(each), tone="wrap"),
        amount(each.ledger_minor, each.currency, code=bool(each.their_currency)),
        amount(each.provider_minor, theirs, code=bool(each.their_currency)),
        Cell(_fees(each, theirs), tone="muted"),
        Cell(formats.money(Money(each.difference_minor, each.currency)), tone="strong"),
        Cell(formats.number(each.age_days)),
        Cell(
            f"Ignored: {each.ignored.reason}" if each.ignored else formats.told(each.words),
            tone="wrap",
        ),
    ]


def _fees(each: Difference, theirs: str) -> str:
    """The fee where both have the same, else that of the books and that of the gateway."""
    if not each.ledger_fee_minor and not each.provider_fee_minor:
        return "–"
    told = [
        amount(minor, currency).text
        for minor, currency in (
            (each.ledger_fee_minor, each.currency),
            (each.provider_fee_minor, theirs),
        )
    ]
    return told[0] if told[0] == told[1] else " / ".join(told)


def _row(each: Difference, may: bool) -> list[Cell]:
    return [*_printed(each), _acts(each)] if may else _printed(each)


def _acts(each: Difference) -> Cell:
    """What may be posted, or where it is settled; and leaving it as it is."""
    if each.ignored is not None:
        return Cell("Take up…", opens=reconciliation_asks.door_of("rec-heed", each))
    if not each.open:
        return Cell("")
    ignore = Cell("Ignore…", opens=reconciliation_asks.door_of("rec-ignore", each))
    if each.act == "fee_posted":
        door = reconciliation_asks.door_of("rec-fee", each)
        return Cell("Post the fee…", opens=door, beside=ignore)
    if each.act == "difference_booked":
        door = reconciliation_asks.door_of("rec-book", each)
        return Cell("Book it…", opens=door, beside=ignore)
    if each.kind == "payout":
        return Cell("Open the inbox", opens=tables.link("unmatched", {}), beside=ignore)
    return ignore


def _about(each: Difference) -> str:
    """Where the record or its transfer is found."""
    if each.provider == "bankgirot" or each.kind == "payout":
        return tables.link("unmatched", {"text": each.reference}) if each.open else ""
    if each.kind in ("charge", "refund") and each.ledger_minor is not None:
        return tables.link("payments", {"text": each.reference})
    return ""
