"""E-mail against a real mail server: once each, tried again when asked to, never after a crash."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from core.clock import SetClock
from core.errors import NotNow
from core.notifications import running
from core.notifications.actions import redeliver
from core.notifications.outcomes import LONGEST_WAIT, wait_after
from core.notifications.running import NotificationRun, run_notifications
from core.work import Office
from tests.billing import WHY
from tests.builders import a_user, acting
from tests.notifications import (
    Mailbox,
    Point,
    a_customer,
    a_mailbox,
    a_notice,
    delivered,
    killed_at,
    with_settings,
)

Post = tuple[Mailbox, SecretStr]


@pytest.fixture
def post() -> Iterator[Post]:
    with a_mailbox() as running:
        yield running


@pytest.fixture
def mailing(office: Office, clock: SetClock, post: Post) -> Office:
    return with_settings(office, clock, smtp_url=post[1], smtp_seconds=5)


def test_an_event_arrives_by_mail_once(mailing: Office, post: Post) -> None:
    tenant = a_customer(mailing, "Åsen & Söner AB")
    a_user(mailing, "org_admin", tenant_id=tenant.id, email="admin@fjord.example")
    a_notice(mailing, tenant)
    assert run_notifications(mailing) == NotificationRun(0, 1, 2, 0, 0, 0)
    assert run_notifications(mailing) == NotificationRun(0, 0, 0, 0, 0, 0)
    assert sorted(post[0].recipients) == ["admin@fjord.example", "billing@fjord.example"]
    mail = post[0].mails[0]
    assert mail["Subject"] == "Account suspended: Åsen & Söner AB"
    assert mail["From"] == "Saldo <billing@localhost>"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "/inbox?message=" in text.get_content()
    assert {one.status for one in delivered(mailing)} == {"sent"}
    assert sorted(post[0].ids) == sorted(
        f"<{one.reference.hex}@localhost>" for one in delivered(mailing)
    )


def test_a_line_that_begins_with_a_dot_arrives_whole(mailing: Office, post: Post) -> None:
    a_notice(mailing, a_customer(mailing, "x\n.\n.dot AB"))
    run_notifications(mailing)
    (mail,) = post[0].mails
    assert mail["Subject"] == "Account suspended: x . .dot AB"
    html = mail.get_body(("html",))
    assert html is not None
    assert html.get_content().rstrip().endswith("</html>")


def test_again_later_is_tried_again_with_the_same_id(
    mailing: Office, post: Post, clock: SetClock
) -> None:
    post[0].answers = ["451 again later", "451 again later"]
    a_notice(mailing, a_customer(mailing))
    waits = []
    for _ in range(2):
        assert run_notifications(mailing).pending == 1
        (one,) = delivered(mailing)
        assert one.problem == "451 again later"
        waits.append(one.due_at - clock.now())
        assert run_notifications(mailing).pending == 0
        clock.move_to(one.due_at)
    assert run_notifications(mailing).sent == 1
    assert timedelta(seconds=45) <= waits[0] <= timedelta(seconds=75)
    assert timedelta(seconds=90) <= waits[1] <= timedelta(seconds=150)
    (one,) = delivered(mailing)
    assert (one.status, one.attempts, one.problem) == ("sent", 3, None)
    assert post[0].ids == [f"<{one.reference.hex}@localhost>"]


def test_never_is_not_tried_again(mailing: Office, post: Post, clock: SetClock) -> None:
    post[0].refused_recipients = {"billing@fjord.example": "550 no such user"}
    a_notice(mailing, a_customer(mailing))
    assert run_notifications(mailing).failed == 1
    clock.advance(timedelta(days=2))
    assert run_notifications(mailing).failed == 0
    (one,) = delivered(mailing)
    assert (one.status, one.problem) == ("failed", "550 no such user")
    assert post[0].mails == []


def test_attempts_have_an_end_and_a_person_may_begin_afresh(
    mailing: Office, post: Post, clock: SetClock
) -> None:
    post[0].answers = ["451 again later"] * mailing.settings.notify_attempts
    a_notice(mailing, a_customer(mailing))
    for _ in range(mailing.settings.notify_attempts):
        run_notifications(mailing)
        clock.advance(timedelta(hours=8))
    (one,) = delivered(mailing)
    assert (one.status, one.attempts) == ("failed", mailing.settings.notify_attempts)
    clerk = acting(mailing, a_user(mailing, "billing"))
    with mailing.work(clerk) as work:
        redeliver(work, one.id, reason=WHY)
    assert run_notifications(mailing).sent == 1
    with pytest.raises(NotNow), mailing.work(clerk) as work:
        redeliver(work, one.id, reason=WHY)


def test_a_silent_mail_server_is_asked_once_a_run(office: Office, clock: SetClock) -> None:
    mailing = with_settings(office, clock, smtp_url=SecretStr("smtp://127.0.0.1:9"))
    for number in range(5):
        a_notice(mailing, a_customer(mailing, billing_email=f"b{number}@fjord.example"))
    assert run_notifications(mailing).pending == 1
    assert sorted(one.attempts for one in delivered(mailing)) == [0, 0, 0, 0, 1]


def test_one_refused_message_does_not_hold_up_the_others(mailing: Office, post: Post) -> None:
    post[0].answers = ["451 again later"]
    for number in range(3):
        a_notice(mailing, a_customer(mailing, billing_email=f"b{number}@fjord.example"))
    run = run_notifications(mailing)
    assert (run.pending, run.sent) == (1, 2)


def test_an_impossible_address_fails_alone(mailing: Office, post: Post) -> None:
    a_notice(mailing, a_customer(mailing, billing_email="nobody"))
    a_notice(mailing, a_customer(mailing))
    run = run_notifications(mailing)
    assert (run.failed, run.sent) == (1, 1)


def test_without_tls_no_password_leaves_this_machine(
    office: Office, clock: SetClock, monkeypatch: pytest.MonkeyPatch, post: Post
) -> None:
    monkeypatch.setattr("core.notifications.mail.LOCAL", ())
    mailing = with_settings(office, clock, smtp_url=post[1])
    a_notice(mailing, a_customer(mailing))
    assert run_notifications(mailing).pending == 1
    assert post[0].mails == []
    assert "STARTTLS" in str(delivered(mailing)[0].problem)


def test_runners_at_once_send_each_mail_once(mailing: Office, post: Post) -> None:
    tenant = a_customer(mailing)
    for _ in range(30):
        a_notice(mailing, tenant, "refund.made", amount_minor=5, currency="EUR")
    threads = [threading.Thread(target=run_notifications, args=(mailing,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(post[0].ids) == len(set(post[0].ids)) == 30
    assert {one.status for one in delivered(mailing)} == {"sent"}


Killed = Callable[[Point], None]


@pytest.fixture
def killed(mailing: Office, post: Post, database_url: str) -> Killed:
    """Runs the job in a process of its own that is killed at a point."""

    def run(point: Point) -> None:
        killed_at(point, mailing, database_url, post[1].get_secret_value())

    return run


@pytest.mark.parametrize("point", ["claimed", "announced"])
def test_killed_before_it_leaves_it_is_sent_once(
    point: str, mailing: Office, post: Post, clock: SetClock, killed: Killed
) -> None:
    a_notice(mailing, a_customer(mailing))
    killed(point)
    assert run_notifications(mailing).sent == 0
    clock.advance(timedelta(seconds=mailing.settings.notify_lease_seconds + 1))
    assert run_notifications(mailing).sent == 1
    (one,) = delivered(mailing)
    assert one.status == "sent"
    assert post[0].ids == [f"<{one.reference.hex}@localhost>"]


@pytest.mark.parametrize(("point", "taken"), [("leaving", 0), ("taken", 1)])
def test_killed_while_it_leaves_it_is_not_sent_again_but_flagged(
    point: str, taken: int, mailing: Office, post: Post, clock: SetClock, killed: Killed
) -> None:
    a_notice(mailing, a_customer(mailing))
    killed(point)
    assert len(post[0].ids) == taken
    clock.advance(timedelta(seconds=mailing.settings.notify_lease_seconds + 1))
    assert run_notifications(mailing).unknown == 1
    clock.advance(timedelta(days=2))
    assert run_notifications(mailing) == NotificationRun(0, 0, 0, 0, 0, 0)
    assert len(post[0].ids) == taken
    (one,) = delivered(mailing)
    assert one.status == "unknown"
    assert "may have arrived" in str(one.problem)
    with mailing.work(acting(mailing, a_user(mailing, "billing"))) as work:
        redeliver(work, one.id, reason=WHY)
    assert run_notifications(mailing).sent == 1
    assert set(post[0].ids) == {f"<{one.reference.hex}@localhost>"}


def test_a_runner_that_was_overtaken_sends_nothing(
    mailing: Office, post: Post, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood still until its claim had run out, and another runner sent the mail meanwhile."""
    a_notice(mailing, a_customer(mailing))
    real, calls = running.mark_leaving, []

    def overtaken(*args: object) -> None:
        if not calls:
            calls.append(1)
            clock.advance(timedelta(seconds=mailing.settings.notify_lease_seconds + 1))
            assert run_notifications(mailing).sent == 1
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "mark_leaving", overtaken)
    assert run_notifications(mailing).sent == 0
    assert len(post[0].ids) == 1
    assert delivered(mailing)[0].status == "sent"


@given(attempts=st.integers(1, 200), first=st.integers(1, 3_600), number=st.integers(1, 2**40))
def test_waits_double_to_an_end_and_differ_by_a_quarter(
    attempts: int, first: int, number: int
) -> None:
    whole = min(timedelta(seconds=first) * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
    wait = wait_after(attempts, timedelta(seconds=first), number)
    assert 0.75 * whole <= wait <= 1.25 * whole


def test_deliveries_that_failed_together_part() -> None:
    waits = {wait_after(1, timedelta(seconds=60), number) for number in range(50)}
    assert len(waits) > 40
