"""The figures of a month for its close, as the pages show them: one copy, every group (LED.2)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, get_args

from core.closing.checklist import CopySeen
from core.closing.rules import WHOLE, CopiedFigures, Copier, Figure
from core.errors import NoCopy
from etl.days import last_day
from etl.figures import ar_ageing, metrics, movements, tenants_counted
from etl.figures.metrics import NO_COMPANY_FIGURES, By
from etl.figures.view import Readable
from etl.warehouse import Reading

_NAMES = ("month", "partial", "groups")


def seen(wh: Readable) -> CopySeen:
    """Which day the copy is of; of none when there is none."""
    try:
        reading = wh.reading()
        info = reading.info()
    except NoCopy:
        return CopySeen()
    return CopySeen(info.as_of, info.published_at, _postings(reading))


def copier(wh: Readable) -> Copier:
    """What asks a copy for the figures of a month; the copy is opened at the question."""
    return partial(copied, wh)


def copied(wh: Readable, month: date, currency: str | None = None) -> CopiedFigures:
    """Metrics and movements of a month in all and by group, and receivables at its end.

    Raises NoCopy, BadInput, RateMissing.
    """
    reading = wh.reading()
    info = reading.info()
    chosen = currency or info.reporting_currency
    figures = [*_months(reading, month, chosen), *_ageing(reading, last_day(month), chosen)]
    return CopiedFigures(
        info.run_id,
        info.published_at,
        info.as_of,
        chosen,
        tuple(sorted(figures)),
        _postings(reading),
    )


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The company's own figures of a month, and how many figures its close would keep in all."""

    figures: tuple[Figure, ...]
    count: int


def foreseen(wh: Readable, month: date) -> Foreseen:
    """What `copied` would hold, without the figures of each tenant.

    Raises NoCopy, BadInput, RateMissing.
    """
    reading = wh.reading()
    currency, end = reading.info().reporting_currency, last_day(month)
    others: tuple[By, ...] = ("plan", "country")
    figures = [*_months(reading, month, currency, others), *_ageing(reading, end, currency)]
    counted = tenants_counted(reading, month, end, currency)
    told = Counter((held.name.partition(".")[0], held.group) for held in figures)
    kinds = {kind: count for (kind, group), count in told.items() if group.startswith("plan:")}
    of_tenants = counted.tenants * kinds.get("metrics", 0)
    of_tenants += counted.recurring * kinds.get("movements", 0)
    whole = tuple(held for held in figures if held.group == WHOLE)
    return Foreseen(whole, len(figures) + of_tenants)


def _postings(reading: Reading) -> dict[date, int]:
    return dict(reading.ask("ledger_months").iter_rows())


def _months(
    reading: Reading, month: date, currency: str, ways: tuple[By, ...] = get_args(By)
) -> Iterator[Figure]:
    end = last_day(month)
    for by in (None, *ways):
        [whole] = metrics(reading, month, by=by, as_of=end, currency=currency)["months"]
        [moved] = movements(reading, month, month, as_of=end, currency=currency, group_by=by)
        for kind, answer in (("metrics", whole), ("movements", moved)):
            if by is None:
                yield from _named(kind, WHOLE, answer)
                continue
            for group, part in answer["groups"].items():
                yield from _named(kind, f"{by}:{group}", part)


def _named(kind: str, group: str, answer: dict[str, Any]) -> Iterator[Figure]:
    """A figure each; a group has none of the figures that belong to the company alone."""
    left_out = _NAMES if group == WHOLE else (*_NAMES, *NO_COMPANY_FIGURES)
    for name, value in answer.items():
        if name not in left_out:
            yield Figure.of(f"{kind}.{name}", group, value)


def _ageing(reading: Reading, end: date, currency: str) -> Iterator[Figure]:
    found = ar_ageing(reading, end, currency)
    yield from _aged(WHOLE, found)
    for name in ("disputed", "invoices"):
        yield Figure.of(f"ageing.{name}", WHOLE, found[name])
    for name, days in found["dso"].items():
        yield Figure.of(f"dso.{name}", WHOLE, days)
    for part in found["by_currency"]:
        yield from _aged(f"currency:{part['currency']}", part)


def _aged(group: str, part: dict[str, Any]) -> Iterator[Figure]:
    for name, value in (*part["buckets"].items(), ("total", part["total"])):
        yield Figure.of(f"ageing.{name}", group, value)
