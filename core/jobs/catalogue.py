"""The jobs there are: what each does in words, and when it runs unless somebody chose otherwise."""

from dataclasses import dataclass
from datetime import timedelta

from core.errors import NotFound

RETRY_AFTER = timedelta(minutes=5)
"""Wait after the first attempt that did not succeed; it grows with each."""


@dataclass(frozen=True)
class Job:
    """A job: programs call it by its `name`, pages by its `title`.

    `cron` is local to the billing time zone; jobs of one `group` never run together. `attempts`
    counts the first; a job that comes round in minutes needs no second one.
    """

    name: str
    title: str
    does: str
    cron: str
    attempts: int = 3
    group: str = ""
    ages: bool = False
    """Lets contracts, books and rates go on with the calendar; a simulated company has it off."""

    @property
    def lock(self) -> str:
        """What only one run holds at a time."""
        return self.group or self.name

    def wait_after(self, attempt: int) -> timedelta:
        """How long to wait after an attempt that did not succeed."""
        return RETRY_AFTER * attempt


_ALL = (
    Job(
        "lifecycle",
        "Daily renewals",
        "Renews, ends trials and pauses, cancels",
        "0 1 * * *",
        ages=True,
    ),
    Job(
        "usage-invoices",
        "Usage invoices",
        "Invoices the usage of periods that ended",
        "30 1 * * *",
        ages=True,
    ),
    Job(
        "auto-charge",
        "Card charges",
        "Charges due invoices to the cards kept",
        "0 6 * * *",
        ages=True,
    ),
    Job(
        "dunning",
        "Dunning",
        "Reminds, restricts and suspends by overdue days",
        "0 2 * * *",
        ages=True,
    ),
    Job(
        "recognition",
        "Revenue recognition",
        "Posts the revenue earned last month",
        "0 4 1 * *",
        ages=True,
    ),
    Job(
        "auto-assign",
        "Automatic posting",
        "Posts certain bank transfers, when switched on",
        "*/10 * * * *",
        1,
    ),
    Job(
        "sweep",
        "Unfinished payments",
        "Finishes refunds, charges and recharges left open",
        "*/5 * * * *",
        1,
    ),
    Job(
        "simulator",
        "Gateway simulator",
        "Sends the events of the built-in gateway simulator",
        "* * * * *",
        1,
    ),
    Job("disputes", "Disputes", "Looks for disputes at the gateways", "40 * * * *", 1),
    Job(
        "refunds",
        "Returned refunds",
        "Looks for refunds that came back at the gateways",
        "10 5 * * *",
    ),
    Job(
        "reconcile",
        "Reconciliation",
        "Reads the gateways' ledgers and compares them with the books",
        "30 5 * * *",
    ),
    Job(
        "fx",
        "Exchange rates",
        "Fetches the European Central Bank's exchange rates",
        "30 16 * * 1-5",
        ages=True,
    ),
    Job(
        "notifications",
        "Notifications",
        "Tells tenants what happened, and tries again",
        "* * * * *",
        1,
    ),
    Job("anchor", "Audit anchor", "Keeps the audit log's head elsewhere too", "45 2 * * *"),
    Job(
        "sync",
        "Analytics sync",
        "Brings the analytics copy up to date",
        "15 * * * *",
        1,
        group="sync",
    ),
    Job(
        "sync-full",
        "Full analytics sync",
        "Copies everything anew to the analytics copy",
        "0 3 * * *",
        group="sync",
    ),
)
JOBS = {job.name: job for job in _ALL}


def the_job(name: str) -> Job:
    """A job by its name; raises NotFound with the names there are."""
    if name not in JOBS:
        raise NotFound(f"There is no job {name!r}; there are {', '.join(JOBS)}")
    return JOBS[name]


def title_of(name: str) -> str:
    """What people call a job; the name itself of one that there is no longer."""
    return JOBS[name].title if name in JOBS else name
