"""The company's own money: costs, the funding round, sweeps, month-end balances."""

from datetime import date

from core.planning.actions import Balance, CostItem, record_cash, record_costs
from demo.calendar import DAY, banking_day, month_of, months_before
from demo.market import BAD_QUARTER, SEASON_PERCENT, STANDARD_TENANTS
from demo.staff import FINANCE
from demo.transfers import ACCOUNTS, Bank
from demo.world import World

OPERATING = {"SEK": "Operating SEK", "EUR": "Operating EUR"}
SALARY_SEK = 58_000
"""A person's month with social charges, in units."""
HIRING = (4, 4, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9)
"""Heads by month of the company's life, for three hundred tenants."""
OPENING_SEK, OPENING_EUR = 4_600_000, 40_000
FUNDING_MONTH, FUNDING_SEK = 10, 10_000_000
FLOOR_EUR = 1_500_000
"""EUR cents below which the operating account is filled up."""


class Treasury:
    """Operating accounts beside the collecting accounts of the bank statements."""

    def __init__(self, world: World, bank: Bank, tenants: int) -> None:
        self.world, self.bank, self.tenants = world, bank, tenants
        self.held = {"SEK": self._scaled(OPENING_SEK) * 100, "EUR": self._scaled(OPENING_EUR) * 100}

    def day(self) -> None:
        """Balances on the last day of a month; costs of a month are entered early in the next."""
        world, today = self.world, self.world.today
        if today == world.start:
            self._note_balances()
        if (today + DAY).day == 1:
            self._month_end()
        if today == banking_day(month_of(today) + 2 * DAY) and today > world.start:
            self._enter_costs(months_before(today, 1))
        if today == world.until and (today + DAY).day != 1:
            self._note_balances()

    def _month_end(self) -> None:
        for item in self._costs(month_of(self.world.today)):
            self.held[item.currency] -= item.amount_minor
        if self.world.month == FUNDING_MONTH:
            self.held["SEK"] += self._scaled(FUNDING_SEK) * 100
        self._sweep()
        if self.held["EUR"] < self._scaled(FLOOR_EUR):
            missing = 3 * self._scaled(FLOOR_EUR) - self.held["EUR"]
            self.held["EUR"] += missing
            self.held["SEK"] -= self.world.rates.from_eur(missing, "SEK")
        self._note_balances()

    def _sweep(self) -> None:
        """What was collected goes to the operating accounts; naira stay where they are."""
        for currency in ("SEK", "EUR", "USD"):
            amount = self.bank.balance[currency] * 9 // 10
            if amount <= 0 or self.bank.sent[currency]:
                continue
            self.bank.sent[currency] = amount
            home = currency if currency in self.held else "EUR"
            self.held[home] += (
                amount if home == currency else self.world.rates.in_eur(amount, currency)
            )

    def _note_balances(self) -> None:
        """What every account holds; money swept but not yet booked out counts once."""
        day = self.world.today
        balances = [
            Balance(name, currency, self.held[currency]) for currency, name in OPERATING.items()
        ]
        balances += [
            Balance(account, currency, self.bank.balance[currency] - self.bank.sent[currency])
            for currency, account in ACCOUNTS.items()
        ]
        self.world.desk.job("treasury", lambda work: record_cash(work, day, tuple(balances)))

    def _enter_costs(self, month: date) -> None:
        items, why = tuple(self._costs(month)), f"Costs of {month:%Y-%m} as booked"

        def enter() -> None:
            self.world.desk.person(
                FINANCE, lambda work: record_costs(work, month, items, reason=why)
            )

        self.world.errand(self.world.today + DAY, enter)

    def _costs(self, month: date) -> list[CostItem]:
        """The costs of a month; the same whenever they are asked for."""
        first = self.world.start
        n = (month.year - first.year) * 12 + month.month - first.month
        heads = HIRING[min(n, len(HIRING) - 1)]
        live = sum(1 for each in self.world.customers.values() if each.profile.signs_up_on < month)
        season = SEASON_PERCENT[month.month - 1]
        push = 70 if n in BAD_QUARTER else 100
        marketing = (3_600 + 300 * n) * season * push // 10_000
        return [
            CostItem("salaries", "SEK", self._scaled(heads * SALARY_SEK) * 100),
            CostItem("office", "SEK", self._scaled(26_000 + 2_500 * heads) * 100),
            CostItem("sales_marketing", "EUR", self._scaled(marketing) * 100),
            CostItem("cost_of_revenue", "EUR", (self._scaled(600) + 5 * live + 14 * n) * 100),
        ]

    def _scaled(self, amount: int) -> int:
        return amount * self.tenants // STANDARD_TENANTS
