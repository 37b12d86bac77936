"""Exchange rates of the simulated world: small daily steps, and one large devaluation."""

from datetime import date
from decimal import Decimal
from random import Random

from core.planning.actions import record_rates
from demo.calendar import is_banking_day
from demo.staff import Desk

_START = {
    "SEK": Decimal("0.0884"),
    "NOK": Decimal("0.0861"),
    "USD": Decimal("0.9235"),
    "NGN": Decimal("0.0006150"),
}
_STEP_PPM = {"SEK": 3_600, "NOK": 3_900, "USD": 4_200, "NGN": 6_500}
DEVALUATION_MONTH = 8
_DEVALUED_PERCENT = 61
_PULL_PERCENT = 2
_PLACES = Decimal("1e-10")


class Rates:
    """EUR for one unit of each currency, as published on banking days."""

    def __init__(self, rng: Random) -> None:
        self._rng, self._anchor, self.now = rng, dict(_START), dict(_START)
        self._devalued = False

    def publish(self, desk: Desk, day: date, month: int) -> bool:
        """Move the rates and record them; False on days without rates, when the last ones hold."""
        if not is_banking_day(day):
            return False
        if month >= DEVALUATION_MONTH and not self._devalued:
            self._devalued = True
            self._anchor["NGN"] = _START["NGN"] * _DEVALUED_PERCENT / 100
            self.now["NGN"] = self._anchor["NGN"]
        for code, step in _STEP_PPM.items():
            self.now[code] = self._moved(code, step)
        rates = dict(self.now)
        desk.job("fx", lambda work: record_rates(work, day, rates))
        return True

    def in_eur(self, amount_minor: int, currency: str) -> int:
        """An amount in EUR cents at the present rate, rounded down."""
        return amount_minor if currency == "EUR" else int(amount_minor * self.now[currency])

    def from_eur(self, cents: int, currency: str) -> int:
        """EUR cents in another currency at the present rate, rounded down."""
        return cents if currency == "EUR" else int(cents / self.now[currency])

    def _moved(self, code: str, step: int) -> Decimal:
        drift = Decimal(self._rng.randint(-step, step)) / 1_000_000
        pull = (self._anchor[code] - self.now[code]) * _PULL_PERCENT / 100
        return (self.now[code] * (1 + drift) + pull).quantize(_PLACES)
