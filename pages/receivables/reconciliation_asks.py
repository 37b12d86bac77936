"""Deciding differences: what stands, what would be posted, one call each (REC.2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.money import Money
from core.office import office
from core.reconciliation.actions import (
    DECIDING,
    Decision,
    Outcome,
    Sight,
    decide_each,
    find_difference,
    heed_difference,
)
from core.reconciliation.report import Difference
from core.reconciliation.viewing import Reconciliation
from core.rehearsal import Posting, rehearse
from pages.admin import receipts
from pages.billing import look
from pages.parts import confirm, formats, tables, viewer, written
from pages.parts.confirm import Step
from pages.parts.tables import Cell, Column
from pages.receivables.reconciliation_words import CLASSES, KINDS, TITLES, amount

KEPT = ("from", "until", "provider", "class", "page")
"""What of the address stays while a dialog is open."""
EVENTS: dict[Decision, str] = {
    "fee_posted": "reconciliation.fee.posted",
    "difference_booked": "reconciliation.difference.booked",
    "ignored": "reconciliation.difference.ignored",
}
DONE: dict[Decision, str] = {
    "fee_posted": "The fee is posted",
    "difference_booked": "The difference is booked",
    "ignored": "The difference is left as it is",
}
TOGETHER: dict[Decision, tuple[str, str, str]] = {
    "fee_posted": ("rec-fees", "Post these fees", "Post them"),
    "difference_booked": ("rec-books", "Book these", "Book them"),
    "ignored": ("rec-ignores", "Leave these as they are", "Ignore them"),
}
"""Name, title and verb of the dialogs about several."""
TOGETHER_WORDS: dict[Decision, str] = {
    "fee_posted": "Post all {count} fees…",
    "difference_booked": "Book all {count}…",
    "ignored": "Ignore all {count}…",
}
SIDES = (Column("", words=True), Column("Books"), Column("Gateway"))


@dataclass(frozen=True)
class Asked:
    """A difference as it stands, and what would be posted for it."""

    seen: Difference
    postings: tuple[Posting, ...] = ()


@dataclass(frozen=True)
class Several:
    """Differences that are decided together."""

    rows: tuple[Difference, ...]


def door_of(name: str, each: Difference) -> str:
    """The address at which the dialog about a difference is open."""
    kept = {part: st.query_params[part] for part in KEPT if part in st.query_params}
    return tables.link("reconciliation", {**kept, confirm.DO: f"{name}:{_subject(each)}"})


def fits(each: Difference, decision: Decision) -> bool:
    """Whether a decision is possible for a difference."""
    return each.open and decision in (each.act, "ignored")


def steps(found: Reconciliation) -> tuple[Step, ...]:
    """The dialogs of the page."""
    return (FEE, BOOK, IGNORE, HEED, *(joint(found, decision) for decision in TOGETHER))


def joint(found: Reconciliation, decision: Decision) -> Step:
    """The dialog about all differences of the page that a decision fits."""
    name, title, verb = TOGETHER[decision]
    wanted = st.query_params.get("class", "")

    def several(_subject: str) -> Several:
        rows = [each for each in found.differences if wanted in ("", each.difference)]
        return Several(tuple(each for each in rows if fits(each, decision)))

    return Step(name, title, verb, several, _show_several, _decide_several(decision))


def sight_of(each: Difference) -> Sight:
    """A difference as it is seen on the page."""
    return Sight(each.provider, each.tenant_id, each.kind, each.reference, each.difference_minor)


def _subject(each: Difference) -> str:
    number = each.ignored.decision_id if each.ignored else 0
    owner = each.tenant_id or 0
    parts = (each.provider, owner, each.kind, each.difference_minor, number, each.reference)
    return "|".join(map(str, parts))


def _sight(subject: str) -> Sight:
    provider, owner, kind, more, _, reference = subject.split("|", maxsplit=5)
    return Sight(provider, int(owner) or None, kind, reference, int(more))


def _ask(decision: Decision) -> Callable[[str], Asked]:
    def ask(subject: str) -> Asked:
        sight, actor = _sight(subject), viewer.current_actor()
        with office().work(actor) as work:
            seen = find_difference(work, sight)
        would = rehearse(
            office(), actor, lambda work: DECIDING[decision](work, sight_of(seen), reason="")
        )
        return Asked(seen, tuple(would.postings))

    return ask


def _show(asked: Asked) -> None:
    look.wide_dialog()
    seen = asked.seen
    st.html(
        f"<p><b>{escape(TITLES[seen.provider])}</b>: {escape(KINDS[seen.kind].lower())} "
        f"{escape(seen.reference)}. {escape(seen.words)}.</p>"
    )
    theirs = seen.their_currency or seen.currency
    rows = [
        [
            Cell(f"Amount ({seen.currency})"),
            amount(seen.ledger_minor, seen.currency),
            amount(seen.provider_minor, theirs),
        ],
        [
            Cell("Fee"),
            amount(seen.ledger_fee_minor, seen.currency, "muted"),
            amount(seen.provider_fee_minor, theirs, "muted"),
        ],
        [Cell("Day"), Cell(_day(seen.ledger_on)), Cell(_day(seen.provider_on))],
    ]
    tables.html(SIDES, rows, label="Both sides")
    if asked.postings:
        written.postings(asked.postings)
    else:
        st.html('<p class="muted">Nothing is posted.</p>')


def _day(day: object) -> str:
    return formats.day(day) if day else "–"  # type: ignore[arg-type]


def _decide(decision: Decision) -> Callable[[Asked, str, str], str]:
    def act(asked: Asked, reason: str, key: str) -> str:
        with office().work(viewer.current_actor()) as work:
            DECIDING[decision](work, sight_of(asked.seen), reason=reason, key=key)
        return receipts.keep(DONE[decision], EVENTS[decision])

    return act


def _ask_heed(subject: str) -> Asked:
    with office().work(viewer.current_actor()) as work:
        return Asked(find_difference(work, _sight(subject)))


def _heed(asked: Asked, reason: str, key: str) -> str:
    number = asked.seen.ignored.decision_id if asked.seen.ignored else 0
    with office().work(viewer.current_actor()) as work:
        heed_difference(work, number, reason=reason, key=key)
    return receipts.keep("The difference is open again", "reconciliation.ignored.undone")


def _show_several(several: Several) -> None:
    look.wide_dialog()
    rows = [
        [
            Cell(TITLES[each.provider]),
            Cell(CLASSES[each.difference]),
            Cell(each.reference),
            Cell(formats.money(Money(each.difference_minor, each.currency))),
        ]
        for each in several.rows
    ]
    columns = [*(Column(title, words=True) for title in ("Provider", "Difference", "About"))]
    tables.html([*columns, Column("Gateway has more")], rows, label="What is decided together")


def _decide_several(decision: Decision) -> Callable[[Several, str, str], str]:
    def act(several: Several, reason: str, _key: str) -> str:
        sights = [sight_of(each) for each in several.rows]
        done = decide_each(office(), viewer.current_actor(), decision, sights, reason=reason)
        return receipts.keep(_told(done), EVENTS[decision])

    return act


def _told(done: Sequence[Outcome]) -> str:
    refused = [each for each in done if each.decision_id is None]
    words = f"{len(done) - len(refused)} of {len(done)} decided"
    return f"{words}; {refused[0].sight.reference}: {refused[0].words}" if refused else words


def _step(name: str, title: str, verb: str, decision: Decision) -> Step:
    return Step(name, title, verb, _ask(decision), _show, _decide(decision))


FEE = _step("rec-fee", "Post the fee", "Post it", "fee_posted")
BOOK = _step("rec-book", "Book the difference", "Book it", "difference_booked")
IGNORE = _step("rec-ignore", "Leave the difference as it is", "Ignore it", "ignored")
HEED = Step("rec-heed", "Take the difference up again", "Take it up", _ask_heed, _show, _heed)
