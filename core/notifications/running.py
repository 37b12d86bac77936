"""The run that tells: reminders of trials, deliveries made and carried out (NTF).

Several may run at once. Nothing is sent inside a transaction.
"""

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from jinja2 import TemplateError
from sqlalchemy import text

from core.access.authority import Actor, system
from core.notifications import webhooks
from core.notifications.addresses import Resolve, resolved
from core.notifications.claims import Parcel, claim, mark_leaving, record, take_up_left
from core.notifications.fanning import fan_out
from core.notifications.mail import Mailer, compose
from core.notifications.outbox import tell_tenant
from core.notifications.outcomes import Later, LostClaim, Never, Outcome
from core.notifications.phones import Messenger, messengers, short_text
from core.notifications.rendering import render
from core.notifications.webhooks import Endpoint, secret_place
from core.secrets import SecretUnreadable, unseal
from core.work import Office

JOB = system("notifications")
MOST = 10_000
"""Notifications handed out, and deliveries tried, in one run unless told otherwise."""
MOST_TRIALS = 1_000
_TRIALS = text("""
-- Which trials end soon and were not told of? One row per subscription.
select s.id, s.tenant_id, s.trial_ends_on from subscription s
where s.status = 'trial' and s.trial_ends_on > :today and s.trial_ends_on <= :last
  and s.auto_renew and not s.cancel_at_period_end and not exists (
    select from notification n
    where n.once_key = 'trial.ending|' || s.id || '|' || s.trial_ends_on)
order by s.id limit :limit
""")
_ENDPOINT = text("""
select id, url, secret_sealed, case when previous_until > :now then previous_sealed end as previous
from webhook_endpoint where id = :id and disabled_at is null and removed_at is null
""")


@dataclass(frozen=True)
class NotificationRun:
    """What a run did: notifications handed out, and deliveries by how they ended.

    `pending` are to be tried again; `unknown` may have arrived and are left to a person.
    """

    trials: int
    handed_out: int
    sent: int
    pending: int
    failed: int
    unknown: int

    def as_json(self) -> dict[str, Any]:
        """The counts by name."""
        return {"counts": dict(vars(self))}


@dataclass
class _Round:
    """One run: what it sends with, and who turned out not to answer."""

    office: Office
    actor: Actor
    mailer: Mailer
    telephones: dict[str, Messenger]
    resolve: Resolve
    silent_channels: set[str] = field(default_factory=set)
    silent_doors: set[str] = field(default_factory=set)


def run_notifications(
    office: Office, limit: int = MOST, *, actor: Actor = JOB, resolve: Resolve = resolved
) -> NotificationRun:
    """Tell what is to be told, at most `limit` deliveries; what is refused is tried again later."""
    with office.work(actor) as work:
        work.require("saas.billing.admin")
    trials = _remind_of_trials(office, actor)
    handed_out = fan_out(office, actor, limit)
    left = take_up_left(office, actor)
    ended: Counter[str] = Counter()
    with ExitStack() as open_:
        mailer = open_.enter_context(Mailer(office.settings))
        run = _Round(office, actor, mailer, messengers(office.settings), resolve)
        for _ in range(limit):
            parcel = claim(office, actor, run.silent_channels, run.silent_doors)
            if parcel is None:
                break
            ended[_deliver(run, parcel)] += 1
    return NotificationRun(
        trials,
        handed_out,
        ended["sent"],
        ended["pending"],
        ended["failed"] + left["failed"],
        ended["unknown"] + left["unknown"],
    )


def _remind_of_trials(office: Office, actor: Actor) -> int:
    """Note the trials that end soon, each once for each day it may end on."""
    with office.work(actor) as work:
        last = work.today + timedelta(days=office.settings.trial_notice_days)
        asked = {"today": work.today, "last": last, "limit": MOST_TRIALS}
        found = work.session.execute(_TRIALS, asked).all()
        for row in found:
            tell_tenant(
                work,
                "trial.ending",
                row.tenant_id,
                {"subscription_id": row.id, "trial_ends_on": str(row.trial_ends_on)},
                once_key=f"trial.ending|{row.id}|{row.trial_ends_on}",
            )
    return len(found)


def _deliver(run: _Round, parcel: Parcel) -> str:
    """Carry one delivery out; returns the status it ended in."""
    try:
        outcome = _send(run, parcel)
    except LostClaim:
        return "lost"
    except (TemplateError, SecretUnreadable, ValueError, LookupError, TypeError) as problem:
        outcome = Never(f"It could not be put into words: {problem}")
    if isinstance(outcome, Later):
        if outcome.whole_channel:
            run.silent_channels.add(parcel.channel)
        run.silent_doors.add(parcel.door)
    return record(run.office, run.actor, parcel, outcome)


def _send(run: _Round, parcel: Parcel) -> Outcome:
    settings = run.office.settings

    def about_to() -> None:
        mark_leaving(run.office, run.actor, parcel)

    if parcel.channel == "webhook":
        return _hook(run, parcel)
    words = render(parcel.told, settings)
    if parcel.channel == "email":
        if settings.smtp_url is None:
            return Later("No mail server is set: SALDO_SMTP_URL", whole_channel=True)
        message = compose(parcel.told, words, parcel.recipient, parcel.reference, settings)
        return run.mailer.send(message, parcel.recipient, about_to)
    telephone = run.telephones[parcel.channel]
    return telephone.send(parcel.recipient, short_text(words), parcel.reference.hex, about_to)


def _hook(run: _Round, parcel: Parcel) -> Outcome:
    number = int(parcel.recipient.partition(":")[2])
    with run.office.work(run.actor) as work:
        now = work.now
        row = work.session.execute(_ENDPOINT, {"id": number, "now": now}).one_or_none()
    if row is None:
        return Never("The endpoint was removed or switched off")
    sealed = [one for one in (row.secret_sealed, row.previous) if one]
    place, settings = secret_place(number), run.office.settings
    endpoint = Endpoint(number, row.url, tuple(unseal(one, place, settings) for one in sealed))
    return webhooks.send(
        endpoint,
        webhooks.message_id(parcel.reference),
        webhooks.body_of(parcel.told),
        now,
        settings,
        lambda: mark_leaving(run.office, run.actor, parcel),
        run.resolve,
    )
