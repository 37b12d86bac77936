"""`saldo proration` and `saldo periods`: the rules of billing alone, without a database."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from commands.output import AsJson, answer, command, console, table
from core.clock import within_reach
from core.money import Money, units_text
from core.settings import settings
from core.subscriptions.periods import first_periods, instant_of
from core.subscriptions.rules import DEFAULT_POLICY, FIXED_DAYS, POLICIES, prorate


def moment(text: str) -> datetime:
    """An ISO date or date and time from the command line, with or without an offset."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as problem:
        raise typer.BadParameter(
            f"{text!r} is neither a date such as 2026-10-31 nor a time such as 2026-10-31T09:30"
        ) from problem
    try:
        within_reach(given.date())
    except ValueError as problem:
        raise typer.BadParameter(str(problem)) from problem
    return given


def zone(text: str) -> str:
    """The name of a time zone from the command line."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise typer.BadParameter(f"{text!r} is not a time zone of the IANA database") from problem
    return text


Zone = Annotated[
    str | None,
    typer.Option("--tz", parser=zone, metavar="TZ", help="Time zone; the billing one if not said."),
]


@command
def proration(
    old_minor: Annotated[int, typer.Option(help="Price of the old plan for the period.")],
    new_minor: Annotated[int, typer.Option(help="Price of the new plan for the period.")],
    currency: Annotated[str, typer.Option(help="Currency of both, ISO 4217.")],
    start: Annotated[datetime, typer.Option(parser=moment, metavar="DATE")],
    end: Annotated[datetime, typer.Option(parser=moment, metavar="DATE", help="Exclusive.")],
    at: Annotated[
        datetime, typer.Option(parser=moment, metavar="DATETIME", help="When the plan changes.")
    ],
    policy: Annotated[str, typer.Option(help=f"One of {', '.join(POLICIES)}.")] = DEFAULT_POLICY,
    creditable_minor: Annotated[
        int | None, typer.Option(help="Most that may be credited: paid less credited before.")
    ] = None,
    timezone: Zone = None,
    as_json: AsJson = False,
) -> None:
    """What a plan change within a period credits and charges."""
    local = timezone or settings().billing_timezone
    prices = Money(old_minor, currency), Money(new_minor, currency)
    made = prorate(
        prices[0].minor,
        prices[1].minor,
        _instant(start, local),
        _instant(end, local),
        _instant(at, local),
        policy=policy,
        creditable_minor=creditable_minor,
        timezone=local,
    )
    result = {
        "policy": made.policy,
        "currency": currency,
        "credit_minor": made.credit_minor,
        "debit_minor": made.debit_minor,
        "net_minor": made.net_minor,
        "basis": made.basis,
    }
    answer(result, as_json, _show_proration)


@command
def periods(
    start: Annotated[
        datetime, typer.Option(parser=moment, metavar="DATETIME", help="The anchor of all periods.")
    ],
    cycle: Annotated[str, typer.Option(help=f"One of {', '.join(FIXED_DAYS)}.")],
    count: Annotated[int, typer.Option(help="How many periods.")],
    timezone: Zone = None,
    fixed_days: Annotated[
        bool, typer.Option("--fixed-days", help="A month is 30 days, a year 365.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Boundaries of the billing periods that begin with an anchor."""
    local = timezone or settings().billing_timezone
    anchor = _wall(start, local)
    found = first_periods(anchor, cycle, count, local, fixed_days=fixed_days)
    rows = [
        {
            "n": period.n,
            "start": period.start,
            "end": period.end,
            "start_on": period.start_on,
            "end_on": period.end_on,
            "last_day": period.last_day,
            "days": period.days,
        }
        for period in found
    ]
    result = {"cycle": cycle, "timezone": local, "anchor_day": anchor.day, "periods": rows}
    answer(result, as_json, _show_periods)


def _instant(given: datetime, timezone: str) -> datetime:
    """The instant of a time with an offset, or of a wall time without one, as local clocks say."""
    instant = given if given.tzinfo else instant_of(given, timezone)
    return instant.astimezone(ZoneInfo(timezone))


def _wall(given: datetime, timezone: str) -> datetime:
    """The local wall time, without offset."""
    return given.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) if given.tzinfo else given


def _show_proration(result: dict[str, Any]) -> None:
    currency = result["currency"]
    legs = ("credit", "debit", "net")
    rows = [[leg, units_text(result[f"{leg}_minor"], currency), currency] for leg in legs]
    table(["leg", "amount", "currency"], rows, right=(1,))
    console.print(f"{result['policy']}: {result['basis']}")


def _show_periods(result: dict[str, Any]) -> None:
    names = ("n", "start_on", "last_day", "days", "start", "end")
    rows = [[str(row[name]) for name in names] for row in result["periods"]]
    table([name.replace("_", " ") for name in names], rows, right=(0, 3))
