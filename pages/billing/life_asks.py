"""Writes on how a subscription goes on: pause, resume, cancel, trial, renewal, status."""

from datetime import timedelta

from core.errors import NotNow
from core.subscriptions.actions import cancel, extend_trial, set_auto_renew, set_collection
from core.subscriptions.lifecycle import set_status
from core.subscriptions.models import COLLECTION
from core.subscriptions.models import REASONS as REASON_CODES
from core.subscriptions.pausing import pause, resume_now
from core.subscriptions.rules import MOVES
from core.work import Work
from pages.billing import words
from pages.billing.asking import Ask, Sheet, Values
from pages.billing.form import Form
from pages.parts import formats

USUAL_PAUSE = timedelta(days=30)
MODES = {"period_end": "With its period", "now": "Now"}
OWN_ACTION = ("cancelled", "paused", "trial")
"""Statuses that are reached by an action of their own."""


def statuses(status: str) -> list[str]:
    """Where a status can be set to by hand; a pause ends by resuming."""
    moves = [move for move in MOVES[status] if move not in OWN_ACTION]
    return [move for move in moves if (status, move) != ("paused", "active")]


def _nothing(_form: Form, _sheet: Sheet) -> Values:
    return {}


def _pause_fields(form: Form, sheet: Sheet) -> Values:
    first = sheet.today + timedelta(days=1)
    usual = sheet.today + USUAL_PAUSE
    until = form.day("until", "Until, the day it resumes by itself", usual, first)
    return {"until": until}


def _pause(work: Work, sheet: Sheet, values: Values, reason: str, key: str | None) -> object:
    return pause(work, sheet.id, **values, **sheet.seen, reason=reason, key=key)


def _resume(work: Work, sheet: Sheet, _values: Values, reason: str, key: str | None) -> object:
    return resume_now(work, sheet.id, **sheet.seen, reason=reason, key=key)


def _cancel_fields(form: Form, sheet: Sheet) -> Values:
    code = form.choice("code", "Why", REASON_CODES, words.REASONS.__getitem__)
    mode = form.radio("mode", "When", MODES)
    give_back = mode == "now" and form.yes(
        "back", "Give the unused days back", "What was paid for them becomes customer credit"
    )
    return {"reason_code": code, "mode": mode, "credit_unused": give_back}


def _cancel(work: Work, sheet: Sheet, values: Values, reason: str, key: str | None) -> object:
    return cancel(work, sheet.id, **values, **sheet.seen, reason=reason, key=key)


def _cancelled(sheet: Sheet, values: Values) -> str:
    row = sheet.detail.row
    when = "today" if values["mode"] == "now" else formats.day(row.current_period_end)
    return f"The subscription of {row.tenant_name} ends {when}"


def _trial_fields(form: Form, _sheet: Sheet) -> Values:
    return {"days": form.number("days", "Days more, at most 30 in total", 7)}


def _extend(work: Work, sheet: Sheet, values: Values, reason: str, key: str | None) -> object:
    return extend_trial(work, sheet.id, **values, **sheet.seen, reason=reason, key=key)


def _renewal(work: Work, sheet: Sheet, _values: Values, reason: str, key: str | None) -> object:
    wanted = not sheet.detail.row.auto_renew
    return set_auto_renew(work, sheet.id, wanted, **sheet.seen, reason=reason, key=key)


def _collection_fields(form: Form, sheet: Sheet) -> Values:
    others = [name for name in COLLECTION if name != sheet.detail.row.collection]
    return {
        "collection": form.choice("by", "Collect by", others, words.COLLECTION.__getitem__),
    }


def _collect(work: Work, sheet: Sheet, values: Values, reason: str, key: str | None) -> object:
    return set_collection(work, sheet.id, **values, **sheet.seen, reason=reason, key=key)


def _status_fields(form: Form, sheet: Sheet) -> Values:
    offered = statuses(sheet.detail.row.status)
    if not offered:
        raise NotNow("There is no status to set it to")
    return {"status": form.choice("to", "Status", offered, words.STATUSES.__getitem__)}


def _set(work: Work, sheet: Sheet, values: Values, reason: str, key: str | None) -> object:
    return set_status(work, sheet.id, values["status"], **sheet.seen, reason=reason, key=key)


PAUSE = Ask(
    "pause", "Pause", "Pause it", "saas.subscription.paused", _pause_fields, _pause,
    lambda sheet, values: f"{sheet.detail.row.tenant_name} is paused until "
    + formats.day(values["until"]),
    needs="sys_finance",
).step()  # fmt: skip
RESUME = Ask(
    "resume", "Resume today", "Resume it", "saas.subscription.resumed_early", _nothing, _resume,
    lambda sheet, _values: f"{sheet.detail.row.tenant_name} is active again",
    needs="sys_finance",
).step()  # fmt: skip
CANCEL = Ask(
    "cancel", "Cancel", "Cancel it", "saas.subscription.cancelled", _cancel_fields, _cancel,
    _cancelled,
    needs="sys_finance",
).step()  # fmt: skip
EXTEND = Ask(
    "extend-trial", "Extend the trial", "Extend it", "saas.subscription.trial_extended",
    _trial_fields, _extend,
    lambda _sheet, values: f"The trial is {formats.number(values['days'])} days longer",
    needs="sys_finance",
).step()  # fmt: skip
AUTO_RENEW = Ask(
    "auto-renew", "Renewing by itself", "Change it", "saas.subscription.renewal_set",
    _nothing, _renewal,
    lambda sheet, _values: f"{sheet.detail.row.tenant_name} "
    + ("does not renew by itself any more" if sheet.detail.row.auto_renew else "renews by itself"),
    needs="sys_finance",
).step()  # fmt: skip
COLLECT = Ask(
    "collection", "Collection", "Change it", "saas.subscription.collection_set",
    _collection_fields, _collect,
    lambda _sheet, values: f"Collected by {words.COLLECTION[values['collection']].lower()}",
    fresh=False,
    needs="saas.subscriptions.manage",
).step()  # fmt: skip
STATUS = Ask(
    "status", "Set the status", "Set it", "saas.subscription.status_changed", _status_fields, _set,
    lambda _sheet, values: f"The status is {words.STATUSES[values['status']].lower()}",
    fresh=False,
    needs="saas.subscriptions.manage",
).step()  # fmt: skip
