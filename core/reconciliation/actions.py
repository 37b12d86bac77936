"""What people do about a difference: post it, leave it as it is, take that back (REC.2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select, text, update

from core.access.authority import Actor
from core.actions import action
from core.errors import BadInput, ChangedMeanwhile, NotFound, NotNow
from core.gateways.entries import note
from core.ledger.journal import post
from core.ledger.postings import Leg, currency_exchanged, difference_booked, gateway_fee
from core.reconciliation.models import ReconciliationDecision
from core.reconciliation.report import Difference, differences
from core.reconciliation.rules import NOUNS
from core.reconciliation.sides import Window
from core.work import Office, Work

Decision = Literal["fee_posted", "difference_booked", "ignored"]
MOST_AT_ONCE = 200
EARLIEST = date(2000, 1, 1)
"""Before any line that a gateway shows."""
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended(:place, 4720))")


@dataclass(frozen=True)
class Sight:
    """A difference as a person saw it: what tells it, and what the gateway had more."""

    provider: str
    tenant_id: int | None
    kind: str
    reference: str
    difference_minor: int


@dataclass(frozen=True)
class Outcome:
    """What became of one of several: the decision's id, or why it was refused."""

    sight: Sight
    decision_id: int | None
    words: str = ""


@action("reconciliation.fee.posted", needs="sys_finance", fresh=True)
def post_fee(
    work: Work, sight: Sight, *, reason: str, key: str | None = None
) -> ReconciliationDecision:
    """Post the fee that the gateway kept and the books do not have.

    Raises NotFound when there is no such difference, ChangedMeanwhile when it is another by now,
    NotNow when a fee does not explain it.
    """
    seen = _standing(work, sight)
    if seen.act != "fee_posted":
        raise NotNow("A fee does not explain this difference")
    made = _decide(work, seen, "fee_posted", reason)
    _post(work, made, "gateway_fee", gateway_fee(seen.provider, -seen.difference_minor))
    _expect(work, made, "fee")
    return made


@action("reconciliation.difference.booked", needs="sys_finance", fresh=True)
def book_difference(
    work: Work, sight: Sight, *, reason: str, key: str | None = None
) -> ReconciliationDecision:
    """Book what the gateway has more, or less, as a difference with it; its fee as a fee.

    What it keeps in another currency is exchanged: out of the books' currency, into its own.
    Raises as `post_fee` does, and NotNow for what is not booked: payouts.
    """
    seen = _standing(work, sight)
    if seen.act != "difference_booked":
        raise NotNow("This difference is not booked: it has its own way to be settled")
    made = _decide(work, seen, "difference_booked", reason)
    if seen.their_currency is not None:
        _exchange(work, made, seen, seen.their_currency)
        return made
    fee = (seen.provider_fee_minor or 0) - (seen.ledger_fee_minor or 0)
    legs = difference_booked(seen.provider, seen.difference_minor + fee)
    _post(work, made, "difference_booked", legs)
    _post(work, made, "gateway_fee", gateway_fee(seen.provider, fee))
    _expect(work, made, "adjustment")
    return made


def _exchange(
    work: Work, made: ReconciliationDecision, seen: Difference, their_currency: str
) -> None:
    """The event leaves the books' currency with its fee, and comes in as the gateway has it."""
    for currency, amount, fee in (
        (seen.currency, -(seen.ledger_minor or 0), -(seen.ledger_fee_minor or 0)),
        (their_currency, seen.provider_minor or 0, seen.provider_fee_minor or 0),
    ):
        legs = currency_exchanged(seen.provider, amount)
        _post(work, made, f"currency_exchanged:{currency}", legs, currency)
        fees = gateway_fee(seen.provider, fee)
        _post(work, made, f"gateway_fee:{currency}", fees, currency)
        number = f"reconciliation-{made.id}-{currency}"
        note(work, made.provider, "adjustment", number, currency, amount - fee)


@action("reconciliation.difference.ignored", needs="sys_finance", fresh=True)
def ignore_difference(
    work: Work, sight: Sight, *, reason: str, key: str | None = None
) -> ReconciliationDecision:
    """Leave a difference as it is; nothing is posted. Raises as `post_fee` does.

    It takes the place of an earlier decision about another amount.
    """
    seen = _standing(work, sight)
    work.session.execute(
        update(ReconciliationDecision)
        .where(
            ReconciliationDecision.provider == seen.provider,
            ReconciliationDecision.tenant_id.is_not_distinct_from(seen.tenant_id),
            ReconciliationDecision.kind == seen.kind,
            ReconciliationDecision.reference == seen.reference,
            ReconciliationDecision.decision == "ignored",
            ReconciliationDecision.undone_at.is_(None),
        )
        .values(undone_at=work.now, undone_by=work.actor.user_id)
    )
    return _decide(work, seen, "ignored", reason)


@action("reconciliation.ignored.undone", needs="sys_finance", fresh=True)
def heed_difference(
    work: Work, decision_id: int, *, reason: str, key: str | None = None
) -> ReconciliationDecision:
    """Take an ignored difference up again. Raises NotFound; NotNow when it is not ignored."""
    kept = work.session.scalar(
        select(ReconciliationDecision)
        .where(ReconciliationDecision.id == decision_id)
        .with_for_update()
    )
    if kept is None:
        raise NotFound(f"There is no decision {decision_id}")
    if kept.decision != "ignored" or kept.undone_at is not None:
        raise NotNow("This difference is not ignored")
    kept.undone_at, kept.undone_by = work.now, work.actor.user_id
    work.tell(
        tenant_id=kept.tenant_id,
        decision_id=kept.id,
        provider=kept.provider,
        reference=kept.reference,
    )
    return kept


DECIDING: dict[Decision, Callable[..., ReconciliationDecision]] = {
    "fee_posted": post_fee,
    "difference_booked": book_difference,
    "ignored": ignore_difference,
}


def decide_each(
    office: Office, actor: Actor, decision: Decision, sights: Sequence[Sight], *, reason: str
) -> list[Outcome]:
    """Decide several differences, each for itself: one that is refused says why, the rest go on.

    Raises BadInput for too many, and whatever is refused of all: rights, sign-in, reason.
    """
    if not 0 < len(sights) <= MOST_AT_ONCE:
        raise BadInput(f"Between 1 and {MOST_AT_ONCE} differences are decided at once")
    done = []
    for sight in sights:
        try:
            with office.work(actor) as work:
                made = DECIDING[decision](work, sight, reason=reason)
                made_id = made.id
            done.append(Outcome(sight, made_id))
        except (ChangedMeanwhile, NotFound, NotNow) as problem:
            done.append(Outcome(sight, None, str(problem)))
    return done


def find_difference(work: Work, sight: Sight) -> Difference:
    """A difference as it stands now, whenever it happened. Raises NotFound."""
    window = Window(EARLIEST, work.today, work.today, sight.provider, sight.reference)
    wanted = (sight.provider, sight.tenant_id, sight.kind, sight.reference)
    for each in differences(work, window):
        if (each.provider, each.tenant_id, each.kind, each.reference) == wanted:
            return each
    raise NotFound(
        f"{sight.provider} and the books do not differ on the {NOUNS.get(sight.kind, sight.kind)} "
        f"{sight.reference}"
    )


def _standing(work: Work, sight: Sight) -> Difference:
    """The open difference, nobody else deciding it. Raises NotFound, NotNow, ChangedMeanwhile."""
    place = f"{sight.provider}|{sight.tenant_id or 0}|{sight.kind}|{sight.reference}"
    work.session.execute(_ONE_AT_A_TIME, {"place": place})
    seen = find_difference(work, sight)
    if seen.ignored is not None:
        raise NotNow("Somebody decided to leave this difference as it is")
    if not seen.open:
        raise NotNow(f"This is no exception yet: {seen.words}")
    if seen.difference_minor != sight.difference_minor:
        raise ChangedMeanwhile("The difference is another by now; look again")
    return seen


def _post(
    work: Work,
    made: ReconciliationDecision,
    event: str,
    legs: list[Leg],
    currency: str | None = None,
) -> None:
    source = ("reconciliation", made.id)
    post(
        work,
        event,
        source,
        legs,
        currency or made.currency,
        work.today,
        tenant_id=made.tenant_id,
        memo=made.reference,
    )


def _expect(work: Work, made: ReconciliationDecision, kind: str) -> None:
    """What the books now expect the gateway to hold changes by as much."""
    number = f"reconciliation-{made.id}"
    note(work, made.provider, kind, number, made.currency, made.amount_minor)


def _decide(
    work: Work, seen: Difference, decision: Decision, reason: str
) -> ReconciliationDecision:
    made = ReconciliationDecision(
        provider=seen.provider,
        tenant_id=seen.tenant_id,
        kind=seen.kind,
        reference=seen.reference,
        difference=seen.difference,
        currency=seen.currency,
        amount_minor=seen.difference_minor,
        decision=decision,
        reason=reason.strip(),
        decided_at=work.now,
        decided_by=work.actor.user_id,
    )
    work.session.add(made)
    work.session.flush()
    work.tell(
        tenant_id=seen.tenant_id,
        decision_id=made.id,
        provider=seen.provider,
        reference=seen.reference,
        difference=seen.difference,
        difference_minor=seen.difference_minor,
        currency=seen.currency,
    )
    return made
