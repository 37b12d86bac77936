"""Where the reading of a gateway's ledger begins (REC)."""

from datetime import datetime, timedelta

from sqlalchemy import text

from core.clock import start_of_day
from core.ledger.chart import CLEARING, CODE
from core.work import Work

WITHOUT_BOOKS = timedelta(days=90)
"""How far back to read when nothing was ever posted on the gateway's clearing account."""
FARTHEST = timedelta(days=3 * 365)
"""PayPal shows no more."""
_FIRST = text("""
select min(t.booked_on)
from accounting_entry e join ledger_transaction t on t.id = e.ledger_transaction_id
where e.account_code = :code
""")


def first_moment(work: Work, provider: str) -> datetime:
    """The first moment of the day of our first posting on a provider's clearing account."""
    first = work.session.scalar(_FIRST, {"code": CODE[CLEARING[provider]]})
    day = max(first or work.today - WITHOUT_BOOKS, work.today - FARTHEST)
    return start_of_day(day, work.settings.billing_timezone)
