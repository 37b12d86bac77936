"""Dunning in words: where a case stands, what comes next, what was done."""

from core.dunning.queries import CaseDetail, CaseRow, EventRow
from core.dunning.rules import HARD_DECLINES, Stage, by_hand
from core.money import Money
from pages.parts import formats
from pages.parts.tables import Cell

STATES = {
    "reminding": "Reminders",
    "restricted": "Restricted",
    "suspended": "Suspended",
    "overridden": "Overridden",
}
RESTRICTIONS = {"throttle": "throttled", "read_only": "read-only", "suspend": "suspended"}
EFFECTS = {
    "remind": "a reminder is sent",
    "throttle": "limits are halved",
    "read_only": "the account reads only",
    "suspend": "the account is suspended",
    "cancel": "the subscription is given up",
}
KINDS = {
    "opened": "Opened",
    "charge_failed": "Charge declined",
    "reminded": "Reminded",
    "restricted": "Restricted",
    "suspended": "Suspended",
    "held": "Brought back under the restriction",
    "cancelled": "Given up",
    "overridden": "Overridden",
    "resumed": "Resumed",
    "closed": "Closed",
}
CLOSED = {
    "paid": "paid",
    "credited": "settled by a credit note",
    "voided": "invoice void",
    "written_off": "written off",
    "cancelled": "given up; the invoice is still owed",
}


def owed(row: CaseRow) -> str:
    """What is owed on the invoice."""
    return formats.money(Money(row.due_minor, row.currency))


def stage(row: CaseRow) -> Cell:
    """Where a case stands."""
    if row.close_reason:
        return Cell(f"Closed: {CLOSED[row.close_reason]}", tone="flat")
    tone = {"suspend": "bad", "throttle": "warn", "read_only": "warn"}.get(row.restriction or "")
    words = [row.stage.capitalize()]
    if row.restriction and RESTRICTIONS[row.restriction] != row.stage:
        words.append(RESTRICTIONS[row.restriction])
    return Cell(", ".join(words), tone=tone or "")


def coming(row: CaseRow) -> str:
    """The next step and its day."""
    if row.status == "closed":
        return "–"
    if row.override_path == "freeze":
        until = row.override_until
        return f"Nothing before {formats.day(until)}" if until else "Nothing while frozen"
    if not row.next_stage or row.next_on is None:
        return "Nothing more by itself"
    return f"{row.next_stage.capitalize()}, {formats.day(row.next_on)}"


def override(row: CaseRow) -> Cell:
    """The badge of an override."""
    if row.override_path is None:
        return Cell("–", tone="muted")
    words = {"freeze": "Frozen", "custom": "Own stages"}[row.override_path]
    if row.override_until:
        words += f" until {formats.day(row.override_until)}"
    return Cell(words, tone="warn")


def decline(row: CaseRow) -> str:
    """What the bank said to the last charge, and whether the card is tried again."""
    if row.failure_code is None:
        return ""
    said = row.failure_code.replace("_", " ")
    again = "not tried again until the card changes" if row.failure_code in HARD_DECLINES else ""
    return ", ".join(filter(None, (f"{said} on {formats.day(row.failed_on)}", again)))


def ladder(stages: tuple[Stage, ...]) -> str:
    """A ladder on one line: ``day 0 first reminder · day 3 restricted``."""
    return " · ".join(f"day {each.after_days} {each.template}" for each in stages)


def happened(event: EventRow) -> str:
    """An event and what it did: ``Restricted, throttled``."""
    kind, did = KINDS[event.kind], told(event)
    return f"{kind}, {did}" if did and did.lower() != kind.lower() else kind


def told(event: EventRow) -> str:
    """What an event did, beyond its kind."""
    facts = event.facts
    if event.kind == "closed":
        return CLOSED[facts["close_reason"]]
    if event.kind == "charge_failed":
        return str(facts["code"]).replace("_", " ")
    if event.kind in ("restricted", "suspended", "held"):
        return RESTRICTIONS[facts["effect"]]
    if event.kind == "overridden":
        until = f" until {formats.told(facts['until'])}" if facts.get("until") else ""
        stages = tuple(Stage(**stage) for stage in facts.get("stages") or ())
        return ("frozen" if facts["path"] == "freeze" else ladder(stages)) + until
    return ""


def reminding(found: CaseDetail) -> str:
    """What reminding by hand does to a case."""
    row = found.row
    task = by_hand(found.stages, row.position, row.restriction)
    if task.position == row.position:
        return "A reminder is sent; the case stays where it is."
    told = f"A reminder is sent, and the case moves to “{found.stages[row.position].template}”"
    return f"{told}." if task.effect == "remind" else f"{told}: {EFFECTS[task.effect]} from now on."


def suspending(found: CaseDetail) -> str:
    """What suspending by hand does."""
    whose = "The subscription" if found.row.subscription_id else "Everything the tenant has running"
    return f"{whose} is suspended at once, and the tenant is told. Settling reactivates it."


def freezing(_found: CaseDetail) -> str:
    """What freezing does."""
    return (
        "Nothing more happens while the case is frozen; what is in force stays. The days go on "
        "counting."
    )


def customising(found: CaseDetail) -> str:
    """What stages of its own do."""
    return (
        f"The case leaves its ladder ({ladder(found.stages)}) for stages of its own. What "
        "they do not ask for yet is lifted at once."
    )


def resuming(found: CaseDetail) -> str:
    """What resuming does."""
    return (
        f"The ladder of version {found.row.policy_version} holds again. The case counts "
        f"{found.row.days} days, and the next run takes the step they call for."
    )
