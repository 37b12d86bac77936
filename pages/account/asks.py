"""The writes on one's own sign-in: codes on and off, another password, sessions ended."""

from dataclasses import dataclass
from html import escape

import segno
import streamlit as st

from core.access import own
from core.access.own import Offer, OwnSession, OwnSignIn
from core.access.proof import LONGEST_PASSWORD, SHORTEST_PASSWORD
from core.errors import BadInput, NotFound
from core.office import office
from core.settings import settings
from pages.parts import confirm, formats, viewer
from pages.parts.confirm import Step

OTHERS = "others"
"""The subject of the dialog that ends every other session."""
CODE, PASSWORD, AGAIN = "own-code", "own-password", "own-password-again"
"""The keys of the fields; Streamlit forgets their values when the dialog closes."""
LONGEST_CODE = 10


@dataclass(frozen=True)
class Ending:
    """The sessions that a dialog ends, and whether their person has a password here."""

    sessions: list[OwnSession]
    password: bool


def where(session: OwnSession) -> str:
    """The address a session was opened from."""
    return session.ip_address or "an unknown address"


def _offer(_subject: str) -> Offer:
    with office().work(viewer.current_actor()) as work:
        return own.offer_totp(work)


def _show_offer(offer: Offer) -> None:
    """The secret; before the sign-in is fresh only what it is for, as it would be made anew."""
    if not confirm.is_fresh():
        st.html(
            "<p>Signing in then asks for your password and for a code of six digits that an app "
            "on your phone shows. Have the app at hand: any that reads such codes will do.</p>"
        )
        return
    picture = segno.make_qr(offer.address, error="m").svg_data_uri(border=3, light="#fff")
    st.html(
        "<p>Read this with the app, or type the key into it, then give the code it shows. "
        "It is shown only now.</p>"
        f'<p><img src="{picture}" alt="QR code of the key" width="196" height="196"></p>'
        f"<p>Key: <code>{escape(_in_fours(offer.secret))}</code></p>"
    )
    st.text_input("Code", key=CODE, max_chars=LONGEST_CODE, autocomplete="one-time-code")


def _enrol(offer: Offer, _reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        own.enrol_totp(work, offer.ticket, str(st.session_state.get(CODE) or ""))
    return "From now on signing in asks for a code"


def _mine(_subject: str) -> OwnSignIn:
    with office().work(viewer.current_actor()) as work:
        return own.own_sign_in(work)


def _show_remove(_mine: OwnSignIn) -> None:
    st.html(
        "<p>Signing in then asks for your password alone. Whoever learns it can sign in as you.</p>"
    )


def _remove(_mine: OwnSignIn, _reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        own.remove_totp(work)
    return "Signing in asks for no code any more"


def _show_password(_mine: OwnSignIn) -> None:
    """The form; before the sign-in is fresh only what it does, as typing would be lost."""
    st.html("<p>Your other sessions end with it; this one goes on.</p>")
    if not confirm.is_fresh():
        return
    for label, key in (("New password", PASSWORD), ("The same again", AGAIN)):
        st.text_input(
            label,
            key=key,
            type="password",
            max_chars=LONGEST_PASSWORD,
            autocomplete="new-password",
            placeholder=f"At least {SHORTEST_PASSWORD} characters" if key == PASSWORD else "",
        )


def _change_password(_mine: OwnSignIn, _reason: str, _key: str) -> str:
    new, again = (str(st.session_state.get(key) or "") for key in (PASSWORD, AGAIN))
    if new != again:
        raise BadInput("The two passwords differ; type the new one twice")
    with office().work(viewer.current_actor()) as work:
        own.change_password(work, new)
    return "Your password is changed, and your other sessions have ended"


def _to_end(subject: str) -> Ending:
    mine = _mine(subject)
    found = [each for each in mine.sessions if not each.here and subject in (OTHERS, str(each.id))]
    if not found:
        raise NotFound("There is no such session of yours any more")
    return Ending(found, mine.password)


def _show_end(ending: Ending) -> None:
    zone = settings().billing_timezone
    lines = "".join(
        f"<li>{escape(where(each))}, signed in {formats.instant(each.created_at, zone)}</li>"
        for each in ending.sessions
    )
    st.html(f"<p>Signed out at once:</p><ul>{lines}</ul>")
    if ending.password:
        st.html('<p class="muted">Was one of them not you? Then change your password too.</p>')


def _end_one(ending: Ending, _reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        own.end_sessions(work, ending.sessions[0].id)
    return "The session has ended"


def _end_others(_ending: Ending, _reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        own.end_sessions(work)
    return "Your other sessions have ended"


def _in_fours(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


ENROL = Step(
    "codes-on", "Turn on one-time codes", "Turn on", _offer, _show_offer, _enrol, reason=False
)
REMOVE = Step(
    "codes-off", "Turn off one-time codes", "Turn off", _mine, _show_remove, _remove, reason=False
)
CHANGE = Step(
    "password", "Change your password", "Change it", _mine, _show_password, _change_password,
    reason=False,
)  # fmt: skip
END = Step("end", "End a session", "End it", _to_end, _show_end, _end_one, reason=False)
END_OTHERS = Step(
    "end-others", "End all other sessions", "End them", _to_end, _show_end, _end_others,
    reason=False,
)  # fmt: skip
