"""`saldo …`: the door for operators and cron."""

from collections.abc import Iterator, Mapping, MutableMapping
from functools import cache
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from commands.logs import configure_logs

WHERE = {
    "db": ("database:app",),
    "import": ("imports:app",),
    "invoice": ("invoices:app", "gateways:charge", "gateways:attempts"),
    "payment": ("payments:app",),
    "refund": ("payments:refund_app",),
    "unmatched": ("unmatched:app",),
    "reconciliation": ("reconciliation:app",),
    "credit-note": ("credit_notes:app",),
    "ledger": ("books:ledger_app", "closing:export"),
    "audit": ("books:audit_app",),
    "report": (
        "reports:report_app",
        "document_reports:churn",
        "document_reports:platform_fees",
        "document_reports:revenue_schedule",
        "reconciliation:report=reconciliation",
        "cash_forecast:cash_forecast",
    ),
    "user": ("users:app",),
    "apikey": ("keys:app",),
    "gateway": ("gateways:app",),
    "bank": ("bank:app",),
    "keys": ("gateways:keys_app",),
    "run": ("runs:app", "notifications:run=notifications"),
    "job": ("jobs:app",),
    "notification": (
        "notifications:app",
        "channels:channels",
        "channels:set_channel",
        "channels:add_endpoint",
        "channels:rotate_endpoint",
        "channels:remove_endpoint",
        "channels:send_test=test",
    ),
    "usage": (
        "usage:app",
        "usage_prices:meters",
        "usage_prices:prices",
        "usage_prices:create_meter",
        "usage_prices:set_price",
    ),
    "wallet": ("wallets:app",),
    "dunning": ("dunning:app",),
    "subscription": (
        "subscription_acts:app",
        "subscriptions:list_subscriptions=list",
        "subscriptions:show",
        "subscriptions:renewals",
    ),
    "plan": ("plans:app",),
    "tenant": ("tenants:app",),
    "query": ("sql:app",),
    "close": ("closing:close",),
    "sync": ("reports:sync",),
    "metrics": ("reports:metrics",),
    "sql": ("sql:sql",),
    "proration": ("pure:proration",),
    "periods": ("pure:periods",),
    "match": ("matching:match",),
    "demo": ("serving:demo",),
    "serve": ("serving:serve",),
    "worker": ("worker:worker",),
    "doctor": ("operations:doctor",),
    "bench": ("operations:bench",),
}
"""Each command's places under `commands`: a module and what it is called there, its name after `=`.

A group comes first, and what other modules add to it follows.
"""


class Places(Mapping[str, Any]):
    """The commands by name, imported when they are asked for: all together take seconds."""

    def __getitem__(self, name: str) -> Any:
        """The command or group; KeyError when there is none of that name."""
        return _imported(name)

    def __iter__(self) -> Iterator[str]:
        return iter(WHERE)

    def __len__(self) -> int:
        return len(WHERE)


class Commands(TyperGroup):
    """The group of all commands; a name finds its own alone."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = cast("MutableMapping[str, Any]", Places())


@cache
def _imported(name: str) -> Any:
    (what, _), *more = (_at(place) for place in WHERE[name])
    if not isinstance(what, typer.Typer):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(what)
        return get_command(alone)
    for function, own in more:
        what.command(own)(function)
    group = get_group(what)
    group.name = name
    return group


def _at(place: str) -> tuple[Any, str | None]:
    module, _, rest = place.partition(":")
    attribute, _, own = rest.partition("=")
    return getattr(import_module(f"commands.{module}"), attribute), own or None


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def saldo() -> None:
    """Saldo, the finance cockpit."""


def main() -> None:
    """Run the command line."""
    configure_logs()
    app()


if __name__ == "__main__":
    main()
