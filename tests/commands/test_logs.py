"""What the process says beside its answers: one form, and no secret in it."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from commands.logs import HIDDEN, configure_logs, hide


@pytest.fixture
def usual() -> Iterator[None]:
    """Logs are put back afterwards as they were."""
    before = logging.root.handlers[:]
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = before


@pytest.mark.parametrize(
    "secret",
    [
        "sk_live_51Habcdefgh",
        "whsec_abcdefghijkl",
        "sk_saldo_abcdefghijkl",
        "Bearer eyJhbGciOi.J9",
        "postgresql://saldo:hunter2@db/saldo",
        "smtps://me:hunter2@mail:465",
        "https://x.example/?token=hunter2&page=1",
        "4242 4242 4242 4242",
        "5555555555554444",
    ],
)
def test_what_looks_like_a_secret_is_hidden(secret: str) -> None:
    shown = hide(f"asked with {secret} for it")
    assert HIDDEN in shown
    assert "for it" in shown
    for part in ("51Habc", "abcdefgh", "eyJ", "hunter2", "4242 4242", "55555"):
        assert part not in shown


@pytest.mark.parametrize(
    "plain", ["OCR 1234567890123", "invoice 2026-000123", "12.345678901234567", "token", "a@b.se"]
)
def test_what_is_no_secret_stays(plain: str) -> None:
    assert hide(plain) == plain


def test_every_line_is_json_and_names_hide_their_values(
    usual: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs()
    structlog.get_logger().warning("signed_in", password="x", deep={"api_key": "y", "rows": 3})
    try:
        raise ValueError("no answer from postgresql://saldo:hunter2@db/saldo")
    except ValueError:
        logging.getLogger("library").exception("it failed with %s", "sk_live_abcdefghi")
    own, foreign = map(json.loads, capsys.readouterr().err.splitlines())
    assert own["password"] == HIDDEN
    assert own["deep"] == {"api_key": HIDDEN, "rows": 3}
    assert foreign["logger"] == "library"
    assert HIDDEN in foreign["event"]
    assert "hunter2" not in foreign["exception"]
    assert "ValueError" in foreign["exception"]
