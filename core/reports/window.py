"""Who may read a report, and the days it is about."""

from datetime import date

from core.errors import BadInput
from core.work import Work


def admit(work: Work, since: date, until: date) -> None:
    """Raise NotAllowed without `analytics.read`, BadInput when a window ends before it begins."""
    work.require("analytics.read")
    if until < since:
        raise BadInput(f"The window ends on {until}, before it begins on {since}")
