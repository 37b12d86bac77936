"""The writes of `saldo subscription …`, each with a preview of the same options (SUB.3).

A preview carries the write out and undoes it.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

import typer

from commands.acting import acting_as
from commands.output import AsJson, answer, command, day, instant
from commands.subscription_words import after, check_item, show_after, show_preview
from core.office import office
from core.plans.queries import plan_by_slug
from core.rehearsal import rehearse
from core.subscriptions import actions, items, lifecycle, pausing
from core.subscriptions.models import Subscription, SubscriptionItem
from core.work import Work

app = typer.Typer(help="Subscriptions of tenants.", no_args_is_help=True)
preview_app = typer.Typer(help="What a write would do; nothing is kept.", no_args_is_help=True)
app.add_typer(preview_app, name="preview")

Number = Annotated[int, typer.Argument(metavar="SUBSCRIPTION", help="Its number.")]
Version = Annotated[int | None, typer.Option(help="Refuse when it is no longer in this version.")]
Plan = Annotated[str, typer.Option(metavar="SLUG")]
Cycle = Annotated[str | None, typer.Option(help="monthly, quarterly, semiannual, annual, weekly.")]
Amount = Annotated[
    int | None, typer.Option("--amount-minor", help="Negotiated, a cycle; the list price without.")
]
Policy = Annotated[str | None, typer.Option(help="actual_days, elapsed_time, fixed_30 or none.")]
At = Annotated[
    datetime | None,
    typer.Option(parser=instant, metavar="INSTANT", help="The preview's, for elapsed_time."),
]
Reason = Annotated[str, typer.Option(help="Ten characters at least; kept in the audit log.")]
AnyReason = Annotated[str, typer.Option(help="Kept in the audit log.")]
User = Annotated[str, typer.Option("--as", metavar="EMAIL", help="The user who does this.")]
Key = Annotated[str | None, typer.Option(help="The same key again changes nothing.")]


def _option(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, keyword, default=default, annotation=kind)


REASON = (_option("reason", Reason),)
ANY_REASON = (_option("reason", AnyReason, ""),)


@dataclass(frozen=True)
class Act:
    """A write, called with the unit of work, the reason and the key."""

    do: Callable[[Work, str, str | None], Subscription | SubscriptionItem]
    subscription_id: int | None = None


def _both(
    name: str, *, reasons: tuple[inspect.Parameter, ...] = REASON
) -> Callable[[Callable[..., Act]], Callable[..., Act]]:
    """Make a write and its preview of a function that turns options into an act."""

    def declare(ask: Callable[..., Act]) -> Callable[..., Act]:
        given = list(inspect.signature(ask).parameters.values())

        def write(reason: str = "", key: str | None = None, **options: Any) -> None:
            user, as_json = options.pop("user"), options.pop("as_json")
            act = ask(**options)
            with acting_as(office(), user) as actor, office().work(actor) as work:
                done = act.do(work, reason, key)
            answer(after(done), as_json, show_after)

        def preview(**options: Any) -> None:
            user, as_json = options.pop("user"), options.pop("as_json")
            act = ask(**options)
            with acting_as(office(), user) as actor:
                found = rehearse(
                    office(), actor, lambda work: act.do(work, "", None), act.subscription_id
                )
            answer(found.as_json(), as_json, show_preview)

        user, key = _option("user", User), _option("key", Key, None)
        as_json = _option("as_json", AsJson, False)
        for group, run, more in (
            (app, write, [*reasons, user, key, as_json]),
            (preview_app, preview, [user, as_json]),
        ):
            group.command(name, help=ask.__doc__)(command(_signed(run, [*given, *more])))
        return ask

    return declare


def _signed(run: Callable[..., None], given: list[inspect.Parameter]) -> Callable[..., None]:
    """The function with the parameters that typer reads off it."""
    ordered = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in given]
    run.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in ordered}
    return run


@_both("assign", reasons=())
def assign(
    tenant: Annotated[int, typer.Argument(metavar="TENANT", help="The tenant's id.")],
    plan: Plan,
    cycle: Annotated[str, typer.Option()] = "monthly",
    collection: Annotated[str, typer.Option()] = "charge_automatically",
    trial_days: Annotated[int, typer.Option(min=0)] = 0,
    amount_minor: Amount = None,
) -> Act:
    """Give a tenant that has none a subscription from today."""
    return Act(
        lambda work, _reason, key: actions.assign(
            work,
            tenant,
            plan_by_slug(work, plan).id,
            cycle,
            collection=collection,
            trial_days=trial_days,
            amount_minor=amount_minor,
            key=key,
        )
    )


@_both("change-plan")
def change_plan(
    subscription: Number,
    plan: Plan,
    cycle: Cycle = None,
    amount_minor: Amount = None,
    at_renewal: Annotated[bool, typer.Option("--at-renewal", help="Not now.")] = False,
    policy: Policy = None,
    at: At = None,
    version: Version = None,
) -> Act:
    """Change plan, cycle or amount, now with prorated lines or at the renewal."""
    return Act(
        lambda work, reason, key: actions.change_plan(
            work,
            subscription,
            plan_by_slug(work, plan).id,
            cycle=cycle,
            amount_minor=amount_minor,
            at_renewal=at_renewal,
            policy=policy,
            at=at,
            version=version,
            reason=reason,
            key=key,
        ),
        subscription,
    )


@_both("pause")
def pause(
    subscription: Number,
    until: Annotated[date, typer.Option(parser=day, metavar="DATE", help="It resumes then.")],
    version: Version = None,
) -> Act:
    """Stop service and renewals until a day."""
    return Act(
        lambda work, reason, key: pausing.pause(
            work, subscription, until, version=version, reason=reason, key=key
        ),
        subscription,
    )


@_both("resume")
def resume(subscription: Number, version: Version = None) -> Act:
    """End a pause today."""
    return Act(
        lambda work, reason, key: pausing.resume_now(
            work, subscription, version=version, reason=reason, key=key
        ),
        subscription,
    )


@_both("cancel")
def cancel(
    subscription: Number,
    code: Annotated[str, typer.Option(help="The reason's code, such as too_expensive.")],
    mode: Annotated[str, typer.Option(help="now or period_end.")] = "period_end",
    credit_unused: Annotated[
        bool, typer.Option("--credit-unused", help="Give the days left back; with now.")
    ] = False,
    version: Version = None,
) -> Act:
    """End a subscription now or with its period."""
    return Act(
        lambda work, reason, key: actions.cancel(
            work,
            subscription,
            code,
            mode=mode,
            credit_unused=credit_unused,
            version=version,
            reason=reason,
            key=key,
        ),
        subscription,
    )


@_both("extend-trial")
def extend_trial(
    subscription: Number,
    days: Annotated[int, typer.Option(min=1, help="At most 30 in total.")],
    version: Version = None,
) -> Act:
    """Make a trial longer."""
    return Act(
        lambda work, reason, key: actions.extend_trial(
            work, subscription, days, version=version, reason=reason, key=key
        ),
        subscription,
    )


@_both("auto-renew")
def auto_renew(
    subscription: Number,
    on: Annotated[bool, typer.Option("--on/--off", help="Renew by itself, or not.")],
    version: Version = None,
) -> Act:
    """Switch renewing by itself on or off."""
    return Act(
        lambda work, reason, key: actions.set_auto_renew(
            work, subscription, on, version=version, reason=reason, key=key
        ),
        subscription,
    )


@_both("set-status")
def set_status(
    subscription: Number,
    status: Annotated[str, typer.Argument(help="Such as suspended.")],
    version: Version = None,
) -> Act:
    """Move along the table of allowed moves; pause and cancel are commands of their own."""
    return Act(
        lambda work, reason, key: lifecycle.set_status(
            work, subscription, status, version=version, reason=reason, key=key
        ),
        subscription,
    )


@_both("set-collection", reasons=ANY_REASON)
def set_collection(
    subscription: Number,
    method: Annotated[str, typer.Argument(help="wallet, charge_automatically, send_invoice.")],
    version: Version = None,
) -> Act:
    """Choose how it is collected, from the next invoice on."""
    return Act(
        lambda work, reason, key: actions.set_collection(
            work, subscription, method, version=version, reason=reason, key=key
        ),
        subscription,
    )


@_both("add-item")
def add_item(
    subscription: Number,
    name: Annotated[str, typer.Option(help="What is added.")],
    unit_minor: Annotated[int, typer.Option(help="The price of one a cycle, without tax.")],
    quantity: Annotated[int, typer.Option(min=1)] = 1,
    policy: Policy = None,
    at: At = None,
    version: Version = None,
) -> Act:
    """Add something that is billed with each period; the rest of this one is charged now."""
    return Act(
        lambda work, reason, key: items.add_item(
            work,
            subscription,
            name,
            unit_minor,
            quantity,
            policy=policy,
            at=at,
            version=version,
            reason=reason,
            key=key,
        ),
        subscription,
    )


@_both("remove-item")
def remove_item(
    subscription: Number,
    item: Annotated[int, typer.Option(metavar="ID", help="The item's id, as show prints it.")],
    policy: Policy = None,
    at: At = None,
    version: Version = None,
) -> Act:
    """Take an item off; what was paid for the rest of the period becomes credit."""

    def remove(work: Work, reason: str, key: str | None) -> SubscriptionItem:
        check_item(work, subscription, item)
        return items.remove_item(
            work, item, policy=policy, at=at, version=version, reason=reason, key=key
        )

    return Act(remove, subscription)
