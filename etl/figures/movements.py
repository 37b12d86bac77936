"""How recurring revenue went from one month's end to the next (CFO.2)."""

from collections.abc import Sequence
from datetime import date
from typing import Any, get_args

from core.errors import BadInput
from etl.days import months_back
from etl.figures.metrics import MOST_MONTHS, NOTHING, By, Row, by_tenant, merged
from etl.figures.values import money
from etl.figures.view import Readable, View, look

GAINS = ("new", "expansion", "reactivation")
LOSSES = ("contraction", "churn")


def movements(
    wh: Readable,
    first_month: date,
    last_month: date,
    as_of: date | None = None,
    currency: str | None = None,
    group_by: By | None = None,
    constant_on: date | None = None,
    only: Sequence[int] | None = None,
) -> list[dict[str, Any]]:
    """start + new + expansion + reactivation − contraction − churn + fx = end, for each month.

    Losses are positive. With `group_by` each month holds `groups`, which add up to it. With
    `constant_on` all is at the exchange rates of that day, and fx is 0 (of a plan, but for the
    rounding between a tenant's plans). `only` has the numbers of the tenants that are wanted by
    tenant, else all are.
    Raises NoCopy, BadInput, RateMissing.
    """
    if months_back(last_month, MOST_MONTHS) > first_month:
        raise BadInput(f"Ask for at most {MOST_MONTHS} months")
    view = look(wh, first_month, last_month, as_of, currency, constant_on)
    total = merged(view.rows("recurring_revenue", "mrr_by_month", dimension="all")).get("all", {})
    groups = _groups(view, group_by, only) if group_by else {}
    answers = []
    for month in view.months:
        answer: dict[str, Any] = {"month": f"{month:%Y-%m}", "partial": view.is_partial(month)}
        answer |= _movement(total.get(month, NOTHING), view.currency)
        if group_by:
            answer["groups"] = {
                key: _movement(group[month], view.currency)
                for key, group in groups.items()
                if month in group
            }
        answers.append(answer)
    return answers


def _groups(view: View, by: By, only: Sequence[int] | None) -> dict[str, dict[date, Row]]:
    if by not in get_args(By):
        raise BadInput(f"Movements are not grouped by {by!r}")
    if by == "tenant":
        return merged(by_tenant(view, "recurring_revenue_by_tenant", "mrr_tenants", only))
    return merged(view.rows("recurring_revenue", "mrr_by_month", dimension=by))


def _movement(row: Row, currency: str) -> dict[str, Any]:
    return {
        "start": money(row["start_minor"], currency),
        "new": money(row["new_minor"], currency),
        "expansion": money(row["expansion_minor"], currency),
        "contraction": money(-row["contraction_minor"], currency),
        "churn": money(-row["churn_minor"], currency),
        "reactivation": money(row["reactivation_minor"], currency),
        "fx": money(row["fx_minor"], currency),
        "end": money(row["end_minor"], currency),
    }
