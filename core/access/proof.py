"""Proofs of identity: passwords (argon2id) and one-time codes (TOTP, RFC 6238)."""

from functools import lru_cache
from hmac import compare_digest

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import BadInput

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
_hasher = PasswordHasher()


@lru_cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def hashed(password: str) -> str:
    """The argon2id hash of a new password; raises BadInput when it is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInput(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """True when the password is right; an unknown user takes as long as a wrong password."""
    try:
        right = _hasher.verify(password_hash or _nobody(), password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def accepted_counter(secret: str, code: str, last_counter: int, at: int) -> int | None:
    """The counter to store as used, or None; a code is good once, and for one step either way."""
    totp = pyotp.TOTP(secret)
    for counter in range(at // totp.interval - 1, at // totp.interval + 2):
        right = compare_digest(totp.generate_otp(counter).encode(), code.strip().encode())
        if counter > last_counter and right:
            return counter
    return None
