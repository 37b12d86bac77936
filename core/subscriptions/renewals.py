"""What renews in the next days, what it will ask for, who pays it, and how it will end (SUB.5).

The whole window is read in a handful of queries; what will happen is decided by the same function
as in the daily run.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import text as sql

from core.errors import BadInput
from core.invoices.rules import NewLine, line_amounts, tax_of
from core.invoices.totals import whole_of
from core.money import units_text
from core.subscriptions.listing import SERVED, admit
from core.subscriptions.rules import rescaled
from core.subscriptions.steps import Facts, Step, next_step
from core.wallets.rules import Funds, take
from core.work import Work

LONGEST_WINDOW = 400
"""Days one question may look ahead."""
MOST_KNOWN = 4_096
"""Totals that are remembered."""
COMING = ("renews", "converts", "changes")
"""Outcomes in which the expected amount is paid, charged or invoiced."""
_OBSTACLES = {
    "no_card": "but there is no card to charge",
    "card_expired": "but the card has expired by then",
}
_DUE = sql("""
-- Which subscriptions reach the end of their period by a day? One row per subscription; minor
-- units a cycle. A list price that has been replaced by then gives way to the new one.
select s.id, s.tenant_id, t.name as tenant_name, t.country, p.name as plan_name, s.status, s.cycle,
  s.currency, s.amount_minor, s.items_minor, s.collection, s.auto_renew, s.cancel_at_period_end,
  s.current_period_end as period_end, s.paused_until, s.grace_ends_on,
  n.name as next_plan_name, s.next_cycle, s.next_amount_minor, np.id as next_price_id,
  f.amount_minor as fresh_minor, w.balance_minor, w.promotional_minor,
  m.id as card_id, (make_date(m.expires_year::int, m.expires_month::int, 1)
    + interval '1 month')::date <= s.current_period_end as card_over,
  coalesce(o.overdue, false) as overdue
from subscription s
join tenant t on t.id = s.tenant_id
join plan p on p.id = s.plan_id
left join plan n on n.id = s.next_plan_id
left join plan_price np on np.plan_id = s.next_plan_id and np.cycle = s.next_cycle
  and np.currency = s.currency and np.valid_from <= s.current_period_end
  and (np.valid_until is null or np.valid_until > s.current_period_end)
left join plan_price op on op.id = s.plan_price_id and op.valid_until <= s.current_period_end
  and op.amount_minor = s.amount_minor
left join plan_price f on op.id is not null and f.plan_id = s.plan_id and f.cycle = s.cycle
  and f.currency = s.currency and f.valid_from <= s.current_period_end
  and (f.valid_until is null or f.valid_until > s.current_period_end)
left join wallet w on s.collection = 'wallet' and w.tenant_id = s.tenant_id
  and w.currency = s.currency
left join payment_method m on s.collection = 'charge_automatically' and m.tenant_id = s.tenant_id
  and m.is_default
left join (
  select subscription_id, true as overdue from invoice
  where due_on < :today and status in ('issued', 'partially_paid', 'written_off')
    and subscription_id is not null
  group by subscription_id) o
  on o.subscription_id = s.id
where s.status = any(:statuses) and s.current_period_end <= :until
  and (cast(:tenant_id as bigint) is null or s.tenant_id = :tenant_id)
order by s.current_period_end, s.id
""")
_ITEMS = sql("""
-- What was added to them and runs? One row per item; minor units a cycle.
select i.subscription_id, i.name, i.unit_minor, i.quantity
from subscription_item i
join subscription s on s.id = i.subscription_id
where i.removed_on is null and s.items_minor > 0 and s.status = any(:statuses)
  and s.current_period_end <= :until
order by i.id
""")
_CREDIT = sql("""
-- What is left of credit notes? One row per tenant and currency; minor units.
select tenant_id, currency,
  sum(amount_minor - allocated_minor - returned_minor)::bigint as left_minor
from payment
where provider = 'credit' and amount_minor > allocated_minor + returned_minor
group by tenant_id, currency
""")


@dataclass(frozen=True)
class Renewal:
    """The next renewal of a subscription, as the daily run will meet it.

    `expected_minor` is asked for, tax included, 0 when nothing is; of it `credit_minor` comes from
    credit notes. `wallet_minor` is what the wallet holds, None when another method pays;
    `short_minor` what is missing in it. `outcome` is a code, `words` says it. `obstacle` is
    `no_card` or `card_expired` when it renews but cannot be charged, else empty.
    """

    subscription_id: int
    tenant_id: int
    tenant_name: str
    plan_name: str
    status: str
    cycle: str
    currency: str
    collection: str
    renews_on: date
    expected_minor: int
    credit_minor: int
    wallet_minor: int | None
    short_minor: int
    outcome: str
    words: str
    obstacle: str = ""


@dataclass(frozen=True)
class Total:
    """Renewals of one currency: what will come, and what will not for want of money; with tax."""

    currency: str
    renewals: int
    coming_minor: int
    short: int
    short_minor: int


@dataclass(frozen=True)
class Renewals:
    """The window `[since, until]` of local days; what was due before is in it too."""

    since: date
    until: date
    rows: list[Renewal]
    totals: list[Total]


@dataclass
class _Purse:
    """What is left to pay renewals from, while they take from it one after another."""

    credit: dict[tuple[int, str], int]
    wallets: dict[tuple[int, str], Funds] = field(default_factory=dict)


def renewals(work: Work, days: int = 30, *, tenant_id: int | None = None) -> Renewals:
    """The next renewal of each subscription whose period ends in the next days, by day.

    Needs `billing.read` or `saas.subscriptions.manage`, of the own tenant `org.billing.read`.
    One without service is listed only where the next run would renew it. Raises BadInput.
    """
    own = admit(work, tenant_id)
    if not 0 <= days <= LONGEST_WINDOW:
        raise BadInput(f"A window has 0 to {LONGEST_WINDOW} days, not {days}")
    until = work.today + timedelta(days=days)
    values = {
        "until": until,
        "today": work.today,
        "statuses": [*SERVED, "paused"],
        "tenant_id": own if own is not None else tenant_id,
    }
    due = work.session.execute(_DUE, values).all()
    items: dict[int, list[Any]] = defaultdict(list)
    for item in work.session.execute(_ITEMS, values):
        items[item.subscription_id].append(item)
    credit = work.session.execute(_CREDIT)
    purse = _Purse({(row.tenant_id, row.currency): row.left_minor for row in credit})
    found = [_renewal(work, row, items[row.id], purse) for row in due]
    rows = [row for row in found if row.status != "read_only" or row.outcome in COMING]
    return Renewals(work.today, until, rows, _totals(rows))


def _renewal(work: Work, row: Any, items: Sequence[Any], purse: _Purse) -> Renewal:
    asked = _expected(row, items)
    who = (row.tenant_id, row.currency)
    by_wallet = row.collection == "wallet"
    held = purse.wallets.get(who) or Funds(row.balance_minor or 0, row.promotional_minor or 0)
    credit = min(asked, purse.credit.get(who, 0))
    needed = asked - credit
    taken = take(held, needed) if by_wallet and needed else Funds()
    step = _step(work, row, funded=taken is not None)
    outcome = _outcome(row, step, funded=taken is not None)
    if outcome in COMING:
        purse.credit[who] = purse.credit.get(who, 0) - credit
        if by_wallet and taken is not None:
            purse.wallets[who] = held + -taken
    is_asked = outcome in (*COMING, "short")
    short = max(needed - held.total_minor, -held.prepaid_minor) if outcome == "short" else 0
    obstacle = _obstacle(row) if needed and outcome in COMING else ""
    return Renewal(
        subscription_id=row.id,
        tenant_id=row.tenant_id,
        tenant_name=row.tenant_name,
        plan_name=row.plan_name,
        status=row.status,
        cycle=row.cycle,
        currency=row.currency,
        collection=row.collection,
        renews_on=row.period_end,
        expected_minor=asked if is_asked else 0,
        credit_minor=credit if is_asked else 0,
        wallet_minor=held.total_minor if by_wallet else None,
        short_minor=short,
        outcome=outcome,
        words=_words(work, row, outcome, asked, short, obstacle),
        obstacle=obstacle,
    )


def _expected(row: Any, items: Sequence[Any]) -> int:
    """What the renewal asks for, tax included; the arithmetic of `terms.expected_minor`."""
    cycle = row.next_cycle or row.cycle
    amount = row.amount_minor
    if row.next_amount_minor is not None:
        amount = row.next_amount_minor
    elif row.fresh_minor is not None:
        amount = row.fresh_minor
    added = [rescaled(item.unit_minor, row.cycle, cycle) * item.quantity for item in items]
    return _with_tax((amount, *added), row.country)


@lru_cache(MOST_KNOWN)
def _with_tax(prices: tuple[int, ...], country: str | None) -> int:
    """The total of an invoice of a line a price; many subscriptions have the same."""
    lines = [NewLine("", price) for price in prices if price]
    if not lines:
        return 0
    tax = tax_of(country)
    return whole_of([line_amounts(line, tax) for line in lines]).total_minor


def _step(work: Work, row: Any, *, funded: bool) -> Step | None:
    """What the daily run does on the day the period ends; a pause over by then has ended."""
    day = max(row.period_end, work.today)
    resumed = row.status == "paused" and row.paused_until and row.paused_until <= day
    facts = Facts(
        status="active" if resumed else row.status,
        auto_renew=row.auto_renew,
        cancel_at_period_end=row.cancel_at_period_end,
        period_end=row.period_end,
        paused_until=None if resumed else row.paused_until,
        grace_ends_on=row.grace_ends_on,
        behind_since=None,
        funded=funded,
        owes=row.overdue and row.status in ("grace_period", "read_only"),
    )
    return next_step(facts, day, work.settings.past_due_days)


def _outcome(row: Any, step: Step | None, *, funded: bool) -> str:
    task = step.task if step else ""
    if task in ("renew", "end_trial"):
        if row.next_plan_name is not None:
            return "changes" if row.next_price_id is not None else "blocked"
        return "converts" if task == "end_trial" else "renews"
    if task == "end":
        return "ends"
    if row.status == "paused" and not task:
        return "paused"
    if not row.auto_renew:
        return "lapses"
    return "short" if not funded else "owes"


def _obstacle(row: Any) -> str:
    """What keeps a card from being charged on the day."""
    if row.collection != "charge_automatically":
        return ""
    if row.card_id is None:
        return "no_card"
    return "card_expired" if row.card_over else ""


def _words(
    work: Work, row: Any, outcome: str, asked_minor: int, short_minor: int, obstacle: str
) -> str:
    """The outcome in words."""
    paid = (_OBSTACLES.get(obstacle) or _paid(work, row)) if asked_minor else "nothing to pay"
    if outcome == "short":
        missing = units_text(short_minor, row.currency)
        return f"Wallet short by {missing} {row.currency}"
    if outcome == "changes":
        return f"Change to {row.next_plan_name} takes effect, {paid}"
    if outcome == "blocked":
        return f"{row.next_plan_name} has no {row.next_cycle} price in {row.currency} on that day"
    fixed = {
        "ends": "Ends with its period",
        "paused": f"Paused until {row.paused_until}",
        "lapses": "Does not renew by itself",
        "owes": "Waits until its overdue invoices are paid",
    }
    begins = "Trial converts" if outcome == "converts" else "Renews"
    return fixed.get(outcome) or f"{begins}, {paid}"


def _paid(work: Work, row: Any) -> str:
    days = work.settings.payment_terms_days
    return {
        "wallet": "paid from the wallet",
        "charge_automatically": "charged to the card",
        "send_invoice": f"invoice due in {days} days",
    }[str(row.collection)]


def _totals(rows: Iterable[Renewal]) -> list[Total]:
    by_currency: dict[str, list[Renewal]] = defaultdict(list)
    for row in rows:
        by_currency[row.currency].append(row)
    return [_total(currency, by_currency[currency]) for currency in sorted(by_currency)]


def _total(currency: str, rows: list[Renewal]) -> Total:
    coming = [row.expected_minor for row in rows if row.outcome in COMING]
    short = [row.expected_minor for row in rows if row.outcome == "short"]
    return Total(currency, len(coming), sum(coming), len(short), sum(short))
