"""Writes of costs, cash balances and exchange rates (CFO.3–4)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.actions import action
from core.errors import BadInput
from core.planning.models import CashBalance, Cost, FxRate
from core.work import Work


@dataclass(frozen=True)
class CostItem:
    """Money spent: `sales_marketing` feeds CAC, `cost_of_revenue` the gross margin."""

    category: str
    currency: str
    amount_minor: int


@dataclass(frozen=True)
class Balance:
    """What an account held at the end of a day."""

    account: str
    currency: str
    balance_minor: int


@action("planning.costs.recorded", needs="sys_finance", fresh=True)
def record_costs(
    work: Work, month: date, items: tuple[CostItem, ...], *, reason: str, key: str | None = None
) -> int:
    """Add the costs of a month; returns how many. Raises BadInput."""
    if month.day != 1 or not items:
        raise BadInput("Costs belong to the first day of a month, and there is at least one")
    taken: dict[tuple[str, str], int] = {}
    counted = (
        select(Cost.category, Cost.currency, func.max(Cost.nth))
        .where(Cost.month == month)
        .group_by(Cost.category, Cost.currency)
    )
    for category, currency, nth in work.session.execute(counted):
        taken[category, currency] = nth
    for item in items:
        place = (item.category, item.currency)
        taken[place] = taken.get(place, 0) + 1
        work.session.add(
            Cost(
                month=month,
                category=item.category,
                currency=item.currency,
                nth=taken[place],
                amount_minor=item.amount_minor,
                created_at=work.now,
            )
        )
    work.session.flush()
    work.tell(
        month=f"{month:%Y-%m}", items=[[i.category, i.currency, i.amount_minor] for i in items]
    )
    return len(items)


@action("planning.cash.recorded", needs="sys_finance", fresh=True, system=True)
def record_cash(
    work: Work, held_on: date, balances: tuple[Balance, ...], *, reason: str = ""
) -> int:
    """Note what accounts held at the end of a day; a later note of the same day replaces it."""
    if not balances or held_on > work.today:
        raise BadInput("A balance is of today or earlier, and there is at least one")
    rows = [
        {
            "held_on": held_on,
            "account": each.account,
            "currency": each.currency,
            "balance_minor": each.balance_minor,
            "created_at": work.now,
        }
        for each in balances
    ]
    noted = insert(CashBalance).values(rows)
    work.session.execute(
        noted.on_conflict_do_update(
            index_elements=["held_on", "account"],
            set_={
                "balance_minor": noted.excluded.balance_minor,
                "currency": noted.excluded.currency,
            },
        )
    )
    work.tell(held_on=str(held_on), accounts=[each.account for each in balances])
    return len(rows)


@action("planning.rates.recorded", needs="sys_finance", fresh=True, system=True)
def record_rates(work: Work, rated_on: date, rates: dict[str, Decimal], *, reason: str = "") -> int:
    """EUR for one unit, as published for a day; a day's published rate is not replaced."""
    if not rates or any(rate <= 0 for rate in rates.values()):
        raise BadInput("A rate is above zero, and there is at least one")
    rows = [
        {"rated_on": rated_on, "currency": code, "rate_to_eur": rate, "created_at": work.now}
        for code, rate in sorted(rates.items())
    ]
    added = work.session.scalars(
        insert(FxRate).values(rows).on_conflict_do_nothing().returning(FxRate.id)
    ).all()
    work.tell(rated_on=str(rated_on), rates={code: str(rate) for code, rate in rates.items()})
    return len(added)
