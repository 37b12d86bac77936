"""Parts of the page of automatic posting: what holds, a trial's figures, months, differences."""

from decimal import Decimal
from html import escape

import streamlit as st

from core.errors import NotFound
from core.inbox.choosing import FEWEST_PROPOSED, LEAST_PRECISION, Standing, TrialKept
from core.inbox.learning import Learning
from core.inbox.replaying import Replayed
from core.inbox.trial import MonthTried, Trial
from core.invoices.listing import one_invoice
from core.office import office
from core.settings import settings
from pages.billing import look
from pages.parts import formats, head, tables, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import invoice_parts, words

MOST_SHOWN = 100
MONTHS = (
    Column("Month", words=True),
    Column("Decided by people"),
    Column("Would have been posted"),
    Column("As people did"),
    Column("Right"),
    Column("Without a person"),
)
DIFFERING = (
    Column("Booked", words=True),
    Column("Payer", words=True),
    Column("What people did", words=True),
    Column("Would have been posted on", words=True),
    Column("Why", words=True),
    Column("Probability"),
    Column("Amount"),
)


def standing(now: Standing) -> None:
    """Whether it is on, since when and by whom."""
    state = "On" if now.enabled else "Off"
    tone = "good" if now.enabled else "flat"
    terms = {"Automatic posting": f'<span class="{tone}">{state}</span>'}
    if now.enabled:
        terms["From probability"] = formats.percent(now.least_probability)
    if now.changed_at:
        terms["Since"] = escape(since(now))
        terms["By"] = escape(now.changed_by or "–")
    st.html(invoice_parts.as_terms(terms))
    if not now.enabled:
        st.html('<p class="muted">Every transfer waits for a person.</p>')


def learning(found: Learning) -> str:
    """What learning would rest on and change, as HTML."""
    terms = {"Decisions with a suggestion": formats.number(found.decisions)}
    now = "as shipped" if not found.learnt_from else f"learnt from {found.learnt_from}"
    terms["Probabilities now"] = now
    if found.error is not None:
        terms["Off by, on average"] = formats.percent(found.error)
    if found.error_after is not None:
        terms["Off by, once learnt"] = formats.percent(found.error_after)
    told = invoice_parts.as_terms(terms)
    if found.decisions < found.needed:
        told += (
            f'<p class="notice warn" role="status">{found.needed} decisions are needed to learn; '
            "nothing changes before.</p>"
        )
    return told


def since(now: Standing) -> str:
    """When it was switched."""
    if now.changed_at is None:
        return "–"
    return formats.instant(now.changed_at, settings().billing_timezone)


def kept(trial: TrialKept) -> None:
    """The newest trial in figures."""
    ran = formats.instant(trial.ran_at, settings().billing_timezone)
    least = formats.percent(trial.least_probability)
    st.html(f'<p class="muted">Last tried on {escape(ran)}, from {least} on</p>')
    st.html(_figures(trial.decided, trial.proposed, trial.agreed, trial.lower_bound))


def found(trial: Trial) -> None:
    """A trial: its figures, its months, and each decision it would have taken otherwise."""
    st.html(_figures(trial.decided, trial.proposed, trial.agreed, trial.lower_bound))
    if not trial.decided:
        st.html('<p class="muted">Nobody decided a transfer in these months.</p>')
        return
    tables.html(MONTHS, [_month(each) for each in trial.months], label="Trial by month")
    if trial.differing:
        _differing(trial.differing)
    elif trial.proposed:
        st.html('<p class="verdict good">None would have gone elsewhere.</p>')


def _figures(decided: int, proposed: int, agreed: int, lower: Decimal | None) -> str:
    right = formats.percent(Decimal(agreed) / proposed) if proposed else "–"
    spared = formats.percent(Decimal(proposed) / decided) if decided else "–"
    few = proposed < FEWEST_PROPOSED
    wrong = agreed < LEAST_PRECISION * proposed
    tone = "bad" if wrong else "flat" if few else "good"
    needed = formats.percent(LEAST_PRECISION, 0)
    terms = {
        "Decided by people": formats.number(decided),
        f"Would have been posted ({FEWEST_PROPOSED} needed)": (
            f'<span class="{"bad" if few else ""}">{formats.number(proposed)}</span>'
        ),
        "As people did": formats.number(agreed),
        f"Right ({needed} needed)": f'<span class="{tone}">{right}</span>',
        "Right at least (95% confidence)": formats.percent(lower) if lower else "–",
        "Without a person": spared,
    }
    cells = "".join(
        f'<div class="term"><dt>{title}</dt><dd>{told}</dd></div>' for title, told in terms.items()
    )
    return f'<dl class="identity">{cells}</dl>'


def _month(each: MonthTried) -> list[Cell]:
    return [
        Cell(formats.month(f"{each.month:%Y-%m}")),
        Cell(formats.number(each.decided)),
        Cell(formats.number(each.proposed)),
        Cell(formats.number(each.agreed)),
        Cell(formats.percent(Decimal(each.agreed) / each.proposed) if each.proposed else "–"),
        Cell(formats.percent(Decimal(each.proposed) / each.decided) if each.decided else "–"),
    ]


def _differing(differing: tuple[Replayed, ...]) -> None:
    head.section("These would have gone elsewhere", "what people did, beside what it would do")
    look.long_words()
    shown = differing[:MOST_SHOWN]
    names = _numbers({one for each in shown for one in (*each.invoice_ids, *each.proposed)})
    tables.html(DIFFERING, [_differs(each, names) for each in shown], label="Differences")
    if len(differing) > MOST_SHOWN:
        st.html(f'<p class="muted">The first {MOST_SHOWN} of {len(differing)}.</p>')


def _differs(each: Replayed, names: dict[int, str]) -> list[Cell]:
    if each.status == "ignored":
        did = f"Ignored: {each.reason}"
    else:
        did = ", ".join(names[one] for one in each.invoice_ids) or "Assigned, undone later"
    return [
        Cell(
            formats.day(each.booked_on),
            opens=tables.link("unmatched", {"status": each.status, "row": str(each.unmatched_id)}),
        ),
        Cell(each.counterparty_name or "–", tone="wrap"),
        Cell(f"{did} ({each.decided_by or '–'})", tone="wrap"),
        Cell(", ".join(names[one] for one in each.proposed), tone="wrap"),
        Cell("; ".join(each.reasons), tone="wrap"),
        Cell(formats.percent(each.probability)),
        Cell(words.money(each.amount_minor, each.currency), tone="strong"),
    ]


def _numbers(ids: set[int]) -> dict[int, str]:
    """The numbers of invoices by id."""
    found: dict[int, str] = {}
    with office().work(viewer.current_actor()) as work:
        for each in ids:
            try:
                found[each] = one_invoice(work, str(each), None).number or f"Invoice {each}"
            except NotFound:
                found[each] = f"Invoice {each}"
    return found
