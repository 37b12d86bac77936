"""Acting as the system or as one of the company's people, freshly signed in where needed."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeVar

from sqlalchemy import select

from core.access.authority import Actor, system
from core.access.models import User, UserSession
from core.access.sessions import open_session
from core.clock import SetClock
from core.work import Office, Work
from demo.calendar import instant

T = TypeVar("T")
FINANCE = "sys_finance@saldo.example"
BILLING = "billing@saldo.example"
ONBOARDING = "onboarding@saldo.example"
PLANNER = "super_admin@saldo.example"


class Desk:
    """The office with a clock that moves a little with everything that is done."""

    def __init__(self, office: Office, rng: Random) -> None:
        assert isinstance(office.clock, SetClock)
        self.office, self.clock, self._rng = office, office.clock, rng
        self._users: dict[str, User] = {}
        self._sessions: dict[str, tuple[Actor, datetime]] = {}

    def open_at(self, day: date, hour: int, minute: int = 0) -> None:
        """Put the clock on a local time of a day."""
        zone = self.office.settings.billing_timezone
        self.clock.move_to(instant(day, time(hour, minute), zone))

    def job(self, name: str, act: Callable[[Work], T]) -> T:
        """A unit of work of the system itself."""
        with self.office.work(system(name)) as work:
            done = act(work)
        self.clock.advance(timedelta(milliseconds=self._rng.randint(20, 900)))
        return done

    def person(self, email: str, act: Callable[[Work], T]) -> T:
        """A unit of work of a person whose sign-in is fresh."""
        self.clock.advance(timedelta(seconds=self._rng.randint(15, 75)))
        with self.office.work(self._actor(email)) as work:
            return act(work)

    def _actor(self, email: str) -> Actor:
        known = self._sessions.get(email)
        margin = timedelta(minutes=self.office.settings.fresh_minutes) - timedelta(seconds=20)
        if known is not None and self.clock.now() - known[1] < margin:
            return known[0]
        with self.office.work(system("sign-in")) as work:
            user = self._users.get(email) or work.session.scalar(
                select(User).where(User.email == email)
            )
            assert user is not None, f"{email} is no demo user"
            self._users[email] = user
            open_session(work, user.id, fresh=True)
            session_id = work.session.scalar(
                select(UserSession.id)
                .where(UserSession.user_id == user.id)
                .order_by(UserSession.id.desc())
                .limit(1)
            )
        actor = Actor("user", user.email, user.id, session_id, "192.0.2.10")
        self._sessions[email] = (actor, self.clock.now())
        return actor
