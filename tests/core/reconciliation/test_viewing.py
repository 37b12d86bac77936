"""What every door shows: states instead of zeros, kept for an hour for the same data (REC.1)."""

from datetime import date, timedelta

import pytest

from core.access.authority import Actor
from core.clock import SetClock
from core.errors import BadInput, NotAllowed
from core.gateways.port import CredentialsMissing
from core.ledger.checks import trial_balance
from core.reconciliation import viewing
from core.reconciliation.actions import ignore_difference
from core.reconciliation.run import run_reconcile
from core.reconciliation.standing import NotPulled
from core.reconciliation.viewing import (
    FILE_COLUMNS,
    Reconciliation,
    as_lines,
    forget,
    reconciliation,
)
from core.settings import Settings
from core.work import Office
from tests.billing import JOB, WHY, pass_days
from tests.builders import a_user, acting
from tests.inbox import waiting
from tests.reconciliation import (
    TODAY,
    Told,
    a_line,
    began,
    paid,
    person,
    pulled,
    read,
    sight,
)

SINCE = TODAY - timedelta(days=30)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    forget()
    return settings.model_copy(update={"gateway_simulator": True})


@pytest.fixture
def unconnected(office: Office) -> Office:
    """The same office without any gateway."""
    given = office.settings.model_copy(update={"gateway_simulator": False})
    return Office(office.engine, office.clock, given)


def look(office: Office, actor: Actor | None = None, provider: str | None = None) -> Reconciliation:
    return reconciliation(office, actor or person(office), SINCE, TODAY, provider)


def states(found: Reconciliation) -> dict[str, str]:
    return {state.provider: state.state for state in found.providers}


def test_missing_credentials_are_a_state_of_their_own_and_never_zero(unconnected: Office) -> None:
    paid(unconnected)
    found = look(unconnected)
    assert set(states(found).values()) == {"credentials_missing"}
    assert (found.totals, found.differences, found.clearing) == ((), (), ())
    assert all(state.words for state in found.providers)


@pytest.mark.parametrize(
    ("provider", "words"),
    [("stripe", "STRIPE_SECRET"), ("bankgirot", "No file of Bankgirot is of 2026-10-21")],
)
def test_the_provider_asked_for_alone_is_refused_with_words(
    unconnected: Office, provider: str, words: str
) -> None:
    with pytest.raises(CredentialsMissing, match=words):
        look(unconnected, provider=provider)


def test_a_gateway_that_was_never_read_says_so(office: Office) -> None:
    assert states(look(office))["stripe"] == "not_pulled"
    with pytest.raises(NotPulled, match="saldo run reconcile"):
        look(office, provider="stripe")


def test_a_file_of_bankgirot_is_its_credentials(office: Office) -> None:
    waiting(office, 5_000, format_="bgmax", booked_on=TODAY)
    run_reconcile(office)
    found = look(office, provider="bankgirot")
    assert states(found) == {"bankgirot": "ready"}
    (total,) = found.totals
    assert (total.ledger_minor, total.provider_minor, total.drift_minor) == (5_000, 0, 0)
    assert [each.difference for each in found.differences] == ["in_transit"]


def test_a_reading_that_stopped_is_shown_with_what_was_read(office: Office) -> None:
    paid(office)
    read(office, Told([a_line()], stops_after=0))
    (state,) = look(office, provider="stripe").providers
    assert (state.state, state.words) == (
        "failed",
        "The last reading stopped: the connection broke",
    )


def test_a_reading_of_long_ago_is_stale(office: Office, clock: SetClock) -> None:
    paid(office)
    pulled(office, a_line())
    pass_days(clock, 2)
    found = reconciliation(office, person(office), SINCE, TODAY + timedelta(days=2), "stripe")
    assert states(found) == {"stripe": "stale"}
    assert [total.standing for total in found.totals] == ["agrees"]


def test_the_answer_is_kept_for_an_hour_and_for_the_same_data(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    real = viewing._look
    monkeypatch.setattr(
        viewing, "_look", lambda work, window: looked.append(window) or real(work, window)
    )
    paid(office, "ch_1")
    pulled(office, a_line("ch_1"))
    actor = person(office)
    first = look(office, actor)
    assert look(office, actor) == first
    assert len(looked) == 1
    look(office, actor, "stripe")
    assert len(looked) == 2, "another question"
    paid(office, "ch_2")
    assert look(office, actor).totals != first.totals
    assert len(looked) == 3, "other data"
    clock.advance(timedelta(minutes=61))
    look(office)
    assert len(looked) == 4, "an hour later"


def test_a_decision_shows_at_once(office: Office) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    actor = person(office)
    (each,) = look(office, actor).differences
    with office.work(actor) as work:
        ignore_difference(work, sight(each), reason=WHY)
    assert [each.open for each in look(office, actor).differences] == [False]


@pytest.mark.parametrize("roles", [("billing",), ("org_admin",), ()])
def test_who_may_not_read_reports_sees_nothing(office: Office, roles: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowed):
        look(office, acting(office, a_user(office, *roles)))


def test_a_window_that_ends_too_early_and_an_unknown_provider_are_refused(office: Office) -> None:
    with pytest.raises(BadInput, match="window"):
        reconciliation(office, person(office), TODAY, SINCE)
    with pytest.raises(BadInput, match="klarna"):
        look(office, provider="klarna")


def test_the_file_has_every_line_of_the_answer(office: Office) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    found = look(office)
    lines = as_lines(found)
    assert [line["line"] for line in lines] == [
        *["provider"] * 4, "total", "difference", "clearing",
    ]  # fmt: skip


def test_the_run_keeps_the_day_and_a_dry_run_nothing(office: Office, clock: SetClock) -> None:
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    dry = run_reconcile(office, dry_run=True)
    assert (dry.counts["open"], dry.counts["lines"]) == (1, 0)
    assert look(office).history == ()
    pulled(office, a_line(amount_minor=9_000))
    run_reconcile(office)
    run_reconcile(office)
    (day,) = look(office).history
    assert (day.provider, day.day, day.drift_minor, day.open_rows) == ("stripe", TODAY, -1_000, 1)


def test_the_clearing_account_is_explained_to_the_cent(office: Office, clock: SetClock) -> None:
    paid(office, "ch_1", fee_minor=175)
    paid(office, "ch_2")
    pulled(office, a_line("ch_1", fee_minor=200), a_line("ch_2", currency="USD"), a_line("ch_3"))
    pass_days(clock, 4)
    found = reconciliation(office, person(office), SINCE, date(2026, 11, 24), "stripe")
    assert {each.currency for each in found.clearing} == {"EUR", "USD"}
    for each in found.clearing:
        told = each.in_transit_minor + each.listed_minor
        assert each.provider_minor - each.ledger_minor == told
        assert each.unexplained_minor == 0


def test_the_clearing_accounts_are_those_of_the_trial_balance(
    office: Office, clock: SetClock
) -> None:
    clock.move_to(clock.now() - timedelta(days=20))
    paid(office, "ch_0", 7_000)
    paid(office, "pay_0", 900, provider="paypal")
    clock.move_to(clock.now() + timedelta(days=20))
    for provider in ("stripe", "paypal"):
        began(office, provider, TODAY - timedelta(days=5))
    paid(office, "ch_1")
    pulled(office, a_line("ch_1"))
    found = {(each.provider, each.currency): each for each in look(office).clearing}
    with office.work(JOB) as work:
        held = {row["slug"]: row["amount_minor"] for row in trial_balance(work)}
    stripe, paypal = found["stripe", "EUR"], found["paypal", "EUR"]
    assert (stripe.before_minor, stripe.ledger_minor) == (7_000, 10_000)
    assert stripe.balance_minor == held["clearing_stripe"] == 17_000
    assert paypal.balance_minor == paypal.before_minor == held["clearing_paypal"] == 900


def test_days_of_before_the_reading_agree_with_nothing(office: Office, clock: SetClock) -> None:
    clock.move_to(clock.now() - timedelta(days=20))
    paid(office, "ch_0")
    clock.move_to(clock.now() + timedelta(days=20))
    first = TODAY - timedelta(days=5)
    began(office, "stripe", first)
    pulled(office)
    (state,) = look(office, provider="stripe").providers
    early = SINCE, first - timedelta(days=1)
    assert state.state == "partly_read"
    assert f"from {first} on; the postings of {early[0]} to {early[1]} are not" in state.words
    with pytest.raises(NotPulled, match="are not compared"):
        reconciliation(office, person(office), *early, "stripe")
    found = reconciliation(office, person(office), *early)
    assert (states(found)["stripe"], found.totals) == ("not_pulled", ())


def test_days_without_postings_need_no_reading(office: Office) -> None:
    began(office, "stripe", TODAY - timedelta(days=5))
    paid(office)
    pulled(office, a_line())
    assert states(look(office, provider="stripe")) == {"stripe": "ready"}


def test_a_file_has_every_part_under_the_same_columns(office: Office) -> None:
    assert {line["line"] for line in as_lines(look(office))} == {"provider"}
    paid(office)
    pulled(office, a_line(amount_minor=9_000))
    run_reconcile(office)
    lines = as_lines(look(office))
    assert list(dict.fromkeys(line["line"] for line in lines)) == [
        "provider", "total", "difference", "clearing", "day",
    ]  # fmt: skip
    assert {name for line in lines for name in line} <= set(FILE_COLUMNS)
