"""What the process has to say beside its answers: a JSON line each on stderr, without secrets."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
_NAMES = re.compile(
    r"pass(word|phrase|wd)|secret|token|authorization|cookie|api_?key|private_?key|otp", re.I
)
_VALUES = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\b((?:sk|rk|pk|whsec|sk_saldo)_(?:live_|test_)?)[\w-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)\b((?:password|secret|token)=)[^\s&'\"]+"), rf"\1{HIDDEN}"),
)
_DIGITS = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])")


def configure_logs() -> None:
    """Structured logs on stderr; what other libraries log joins them in the same form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redacted,
    ]
    line = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, line], logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redacted, line],
        )
    )
    logging.root.setLevel(logging.WARNING)
    logging.root.handlers[:] = [handler]


def redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event without what looks like a secret, by the name of its field or by itself."""
    return {name: _without(name, value) for name, value in event.items()}


def _without(name: str, value: Any) -> Any:
    if value is not None and _NAMES.search(name):
        return HIDDEN
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {key: _without(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without("", each) for each in value]
    return value


def hide(text: str) -> str:
    """A text with its keys, passwords in addresses, and card numbers hidden."""
    for pattern, instead in _VALUES:
        text = pattern.sub(instead, text)
    return _DIGITS.sub(_card_hidden, text)


def _card_hidden(found: re.Match[str]) -> str:
    digits = [int(sign) for sign in found[0] if sign.isdigit()]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    if (sum(digits[-1::-2]) + sum(doubled)) % 10:
        return found[0]
    return HIDDEN
