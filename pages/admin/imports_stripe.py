"""The Stripe account: begin or go on with its import, how far it is, what it brought (IMP)."""

import streamlit as st

from core.access.authority import Actor
from core.backfill.actions import start_import
from core.backfill.viewing import ImportState, latest_import
from core.gateways.configuring import gateway_configs
from core.money import Money
from core.office import office
from core.settings import settings
from pages.admin import receipts
from pages.parts import confirm, formats, head, states, tables, viewer
from pages.parts.tables import Cell, Column

KINDS = {
    "customers": "Customers",
    "products": "Products",
    "prices": "Prices",
    "subscriptions": "Subscriptions",
    "invoices": "Invoices",
    "invoice_payments": "Payments of invoices",
    "charges": "Payments",
    "refunds": "Refunds",
    "disputes": "Disputes",
    "balance_transactions": "Stripe's ledger",
    "payouts": "Payouts",
}
SOURCES = {
    "own": "With the keys under Payment config",
    "company": "With the keys under Payment config",
    "environment": "With the keys of the environment",
    "simulator": "With the built-in simulator",
}
MOST_SHOWN = 50
SUBJECT = "account"


def panel(actor: Actor) -> None:
    """Whose keys are used, the door to begin, and the last import."""
    head.section("From Stripe", "the whole past; nothing is charged, reminded of or told")
    with office().work(actor) as work:
        state = latest_import(work)
    with st.container(border=True, key="panel-import-stripe"):
        _keys(actor)
        if state is None or state.state == "done" or state.problem:
            label = "Go on…" if state and state.state != "done" else "Import from Stripe…"
            confirm.door(START, SUBJECT, label)
    if state is None:
        states.empty(
            "Nothing came from Stripe yet", "Set its keys under Payment config, then begin."
        )
        return
    if state.state == "done" or state.problem:
        _standing(state)
    else:
        _following(actor)


@st.fragment(run_every=3)
def _following(actor: Actor) -> None:
    """The import while it goes on."""
    with office().work(actor) as work:
        state = latest_import(work)
    if state is None or state.state == "done" or state.problem:
        st.rerun()
    _standing(state)


def _keys(actor: Actor) -> None:
    with office().work(actor) as work:
        found = next(each for each in gateway_configs(office(), work) if each.provider == "stripe")
    if found.source == "none":
        states.notice("warn", "Stripe has no keys yet: set them under Payment config")
        return
    mode = f", {found.mode} mode" if found.mode else ""
    st.caption(f"{SOURCES[found.source]}{mode}")


def _standing(state: ImportState) -> None:
    zone = settings().billing_timezone
    if state.problem:
        states.notice("bad", f"It stopped: {state.problem}")
    elif state.state != "done":
        doing = "Reading" if state.state == "reading" else "Writing"
        place = KINDS[state.place].lower() if state.state == "reading" else "into the books"
        done, told = _done(state)
        st.progress(done, f"{doing} {place}: {formats.number(state.read)} objects read{told}")
    else:
        ended = formats.instant(state.finished_at, zone) if state.finished_at else ""
        states.notice(
            "good",
            f"{formats.number(state.read)} objects of {state.account} read; done {ended}",
        )
    _counts(state)
    _sums(state)
    _reasons(state)


def _done(state: ImportState) -> tuple[float, str]:
    """The share that is done, and in words how much of what was read is written."""
    told = sum(each.told for each in state.counts)
    waiting = sum(each.waiting for each in state.counts)
    if state.state == "reading":
        return list(KINDS).index(state.place) / len(KINDS) / 2, ""
    return 1 - waiting / max(told, 1) / 2, f", {formats.number(told - waiting)} written"


def _counts(state: ImportState) -> None:
    columns = [
        Column("Kind", words=True),
        *(Column(each) for each in ("Told", "In our books", "Left out", "Refused", "Waiting")),
    ]
    rows = []
    for each in state.counts:
        numbers = (each.told, each.loaded, each.left_out, each.refused, each.waiting)
        rows.append([Cell(KINDS[each.kind]), *(Cell(formats.number(count)) for count in numbers)])
    if rows:
        tables.html(columns, rows, label="Objects by kind")


def _sums(state: ImportState) -> None:
    columns = [
        Column("Sum of", words=True),
        Column("Stripe says"),
        Column("Our books say"),
        Column("Difference"),
    ]
    rows = [
        [
            Cell(KINDS[each.kind]),
            *(
                Cell(formats.money(Money(minor, each.currency)))
                for minor in (each.told_minor, each.booked_minor)
            ),
            Cell(
                formats.money(Money(each.difference_minor, each.currency)),
                tone="bad" if each.difference_minor else "",
            ),
        ]
        for each in state.sums
    ]
    if rows:
        tables.html(columns, rows, label="Sums by kind")


def _reasons(state: ImportState) -> None:
    columns = [Column("Kind", words=True), Column("Object", words=True), Column("Why", words=True)]
    if state.refused:
        shown = state.refused[:MOST_SHOWN]
        head.section("Refused", f"{len(shown)} shown; nothing of them was written")
        tables.html(
            columns,
            [[Cell(KINDS[e.kind]), Cell(e.external_id), Cell(e.reason)] for e in shown],
            label="Refused objects",
        )
    if state.left_out:
        head.section("Left out", "our books do not need these")
        tables.html(
            [columns[0], Column("Objects"), columns[2]],
            [
                [Cell(KINDS[each.kind]), Cell(formats.number(each.objects)), Cell(each.reason)]
                for each in state.left_out
            ],
            label="Objects left out",
        )


def _preview(subject: str) -> ImportState | None:
    with office().work(viewer.current_actor()) as work:
        return latest_import(work)


def _show(state: ImportState | None) -> None:
    if state is not None and state.state != "done":
        st.write("It goes on where it stopped; what was read is kept.")
        return
    st.write(
        "Customers, plans, subscriptions with their history, invoices, payments, refunds, disputes "
        "and payouts come over. What came before is not doubled. Nobody is charged or told."
    )


def _execute(state: ImportState | None, reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        start_import(work, reason=reason, key=key)
    words = "The import begins as soon as a worker is free; look here how far it is"
    return receipts.keep(words, "import.stripe.started")


START = confirm.Step("import-stripe", "Import from Stripe", "Import", _preview, _show, _execute)
