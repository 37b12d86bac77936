"""`--as USER`: an operator at the command line who acts as a user (ACC.2).

Whoever runs the commands reads the database and its keys anyway, so that no password is asked.
What the user may do is decided as ever, and the log says that the command line signed in.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from core.access.authority import Actor, system
from core.access.models import User
from core.access.sessions import open_session, sign_out, viewer
from core.errors import NotFound, SignInNeeded
from core.work import Office


@contextmanager
def acting_as(office: Office, email: str) -> Iterator[Actor]:
    """The user with an e-mail address, freshly signed in until the block ends.

    Raises NotFound for an unknown address, SignInNeeded when the account is disabled.
    """
    with office.work(system("command line")) as work:
        user = work.session.scalar(select(User).where(User.email == email.strip().lower()))
        if user is None:
            raise NotFound(f"There is no user {email}")
        token = open_session(work, user.id, fresh=True)
        work.event_type = "access.operator_signed_in"
        work.tell(user_id=user.id, tenant_id=user.tenant_id)
    try:
        seen = viewer(office, token)
        if seen is None:
            raise SignInNeeded(f"The account {email} is disabled")
        yield seen.actor()
    finally:
        sign_out(office, token)
