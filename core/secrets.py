"""Secrets at rest: AES-256-GCM bound to their place, with versioned keys."""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import SaldoError
from core.settings import Settings

KEY_FILE = "secret.keys"


class SecretUnreadable(SaldoError):
    """A stored secret cannot be read with the keys at hand."""

    code = "secret_unreadable"


@lru_cache
def _parsed(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in text.strip().split(","):
        version, _, encoded = part.partition(":")
        try:
            keys[version.strip()] = b64decode(encoded, validate=True)
        except ValueError as problem:
            raise SecretUnreadable(
                f"Key {version!r} of SALDO_SECRET_KEYS is not base64"
            ) from problem
        if len(keys[version.strip()]) != 32:
            raise SecretUnreadable(f"Key {version!r} of SALDO_SECRET_KEYS is not 32 bytes long")
    return keys


def keys(settings: Settings) -> dict[str, bytes]:
    """The keys by version, the current one first; a key file is made on first use."""
    if settings.secret_keys:
        return _parsed(settings.secret_keys.get_secret_value())
    path = settings.home / KEY_FILE
    if not path.exists():
        _make_key_file(path)
    return _parsed(path.read_text())


def add_key(settings: Settings) -> str:
    """Put a new key first in the key file; its version. What is sealed keeps its key until it is
    sealed anew.

    Raises SecretUnreadable when the keys are given by SALDO_SECRET_KEYS, which only its owner
    changes.
    """
    if settings.secret_keys:
        raise SecretUnreadable("Put a new key first in SALDO_SECRET_KEYS, then seal anew")
    held = keys(settings)
    version = f"k{max((int(each[1:]) for each in held if each[1:].isdecimal()), default=0) + 1}"
    path = settings.home / KEY_FILE
    old = path.read_text().strip()
    _write_apart(path, f"{version}:{b64encode(os.urandom(32)).decode()},{old}\n", os.replace)
    return version


def seal(plain: str, place: str, settings: Settings) -> str:
    """Encrypt for one place, such as `app_user|7|totp`; moved elsewhere it cannot be read."""
    held = keys(settings)
    version = next(iter(held))
    nonce = os.urandom(12)
    sealed = AESGCM(held[version]).encrypt(nonce, plain.encode(), f"{place}|{version}".encode())
    return ".".join([version, b64encode(nonce).decode(), b64encode(sealed).decode()])


def unseal(stored: str, place: str, settings: Settings) -> str:
    """The plain text; raises SecretUnreadable when key, place or text do not agree."""
    try:
        version, nonce, sealed = stored.split(".")
        plain = AESGCM(keys(settings)[version]).decrypt(
            b64decode(nonce), b64decode(sealed), f"{place}|{version}".encode()
        )
    except (KeyError, ValueError, InvalidTag) as problem:
        raise SecretUnreadable from problem
    return plain.decode()


def _make_key_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write_apart(path, f"k1:{b64encode(os.urandom(32)).decode()}\n", os.link)
    except FileExistsError:
        return


def _write_apart(path: Path, text: str, put: Callable[[Path, Path], None]) -> None:
    """Write a file beside a path, for its owner's eyes alone, then put it there whole."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        put(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
