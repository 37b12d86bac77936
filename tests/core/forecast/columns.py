"""Invoices of the tests as the columns the forecast takes."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from core.forecast.backtest import ORIGINS, Trial, back_test, by_currency
from core.forecast.behaviour import USUAL, Behaviour, Beliefs
from core.forecast.draws import Orders
from core.forecast.invoices import NEVER, Bills, known_on, number
from core.forecast.receipts import Forecast, forecast
from tests.core.forecast.bills import TODAY
from tests.core.forecast.slow import Billed


def columns(bills: Sequence[Billed]) -> Bills:
    """The invoices as columns, those due first leading."""
    rows = sorted(bills, key=lambda bill: (bill.due_on, bill.invoice_id))
    paid = [sorted(bill.paid, key=lambda each: each.on) for bill in rows]
    flat = [each for payments in paid for each in payments]
    names = {
        what: sorted({getattr(bill, what) for bill in rows})
        for what in ("customer", "country", "currency")
    }

    def whole(values: Sequence[int]) -> np.ndarray:
        return np.array(values, np.int64)

    def flags(values: Sequence[bool]) -> np.ndarray:
        return np.array(values, np.bool_)

    return Bills(
        whole([bill.invoice_id for bill in rows]),
        *(
            whole([names[what].index(getattr(bill, what)) for bill in rows])
            for what in ("customer", "country", "currency")
        ),
        whole([number(bill.issued_on) for bill in rows]),
        whole([number(bill.due_on) for bill in rows]),
        whole([bill.total_minor for bill in rows]),
        whole([number(bill.closed_on) if bill.closed_on else NEVER for bill in rows]),
        flags([bill.void for bill in rows]),
        flags([bill.at_once for bill in rows]),
        whole([0, *np.cumsum([len(each) for each in paid])]),
        whole([number(each.on) for each in flat]),
        whole([each.amount_minor for each in flat]),
        flags([each.cash for each in flat]),
        *(tuple(names[what]) for what in ("customer", "country", "currency")),
    )


def chances(
    bills: Sequence[Billed], asked: Billed, beliefs: Beliefs = USUAL
) -> tuple[float, float]:
    """The probabilities that an open invoice is paid within a week, and ever."""
    made = columns([*(bill for bill in bills if bill is not asked), asked])
    [place] = np.flatnonzero(made.invoice_id == asked.invoice_id)
    behaviour = Behaviour(made, known_on(made, TODAY), beliefs)
    by_week, ever = behaviour.paid_by(np.array([place]), 1)
    return float(by_week[0, 0]), float(ever[0])


def forecast_of(
    bills: Sequence[Billed],
    weeks: int = 13,
    unused: dict[str, int] | None = None,
) -> tuple[Forecast, Bills]:
    """The forecast of today in EUR, and the invoices it is of."""
    made = columns(bills)
    known = known_on(made, TODAY)
    found = forecast(
        Behaviour(made, known), made, known, weeks, Orders(made.customers), {"EUR": unused or {}}
    )
    return found["EUR"], made


def forecast_on(bills: Sequence[Billed], day: date, weeks: int = 13) -> Forecast:
    """The forecast of a day, all in one currency."""
    made = columns(bills)
    known = known_on(made, day)
    [found] = forecast(Behaviour(made, known), made, known, weeks, Orders(made.customers)).values()
    return found


def trials_of(bills: Sequence[Billed], today: date, origins: int = ORIGINS) -> list[Trial]:
    """The trials of the past, all in one currency."""
    made = columns(bills)
    [currency] = made.currencies
    return by_currency(back_test(made, today, Orders(made.customers), origins), currency)
