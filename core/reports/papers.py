"""Reports on documents to be printed: their rows as a reader has them (CFO.2)."""

from core.documents.listings import Listing
from core.documents.wording import Wording
from core.reports.revenue_schedule import Schedule

_SAY = Wording("en")
_TITLES = (
    ("Month", False),
    ("Opening", True),
    ("Deferred", True),
    ("Recognised", True),
    ("Closing", True),
    ("Currency", False),
    ("State", False),
)


def schedule_paper(schedule: Schedule) -> Listing:
    """The months of deferred revenue, posted and planned."""
    rows = [
        [
            f"{month.month:%Y-%m}",
            *(
                _SAY.amount(minor, month.currency)
                for minor in (
                    month.opening_minor,
                    month.deferred_minor,
                    month.recognised_minor,
                    month.closing_minor,
                )
            ),
            month.currency,
            "planned" if month.planned else "posted",
        ]
        for month in schedule.months
    ]
    told = f"{schedule.since:%Y-%m} to {schedule.until:%Y-%m}, without tax"
    return Listing("Deferred revenue", _TITLES, rows, schedule.open_from, told, len(rows))
