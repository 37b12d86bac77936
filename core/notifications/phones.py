"""SMS and WhatsApp: one interface, and a sink that writes what would be sent into a file (NTF)."""

import fcntl
import json
import os
import re
from pathlib import Path
from typing import Protocol

from core.notifications.outcomes import About, Later, Outcome, Sent, Unclear
from core.notifications.rendering import Rendered
from core.settings import Settings

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
"""A telephone number as E.164 writes it."""
LONGEST_TEXT = 320


class Messenger(Protocol):
    """Sends short messages to telephones; `reference` is the same over repeated attempts."""

    def send(self, to: str, text: str, reference: str, about_to: About) -> Outcome:
        """Send one; `about_to` is called before it can no longer be taken back."""


class FileSink:
    """Appends each message as a line of JSON; what a provider's gateway reads, or a test."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, to: str, text: str, reference: str, about_to: About) -> Outcome:
        """Write one message down; the line is on disk before this returns."""
        line = json.dumps({"reference": reference, "to": to, "text": text}, ensure_ascii=False)
        words = f"{line}\n".encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as problem:
            return Later(f"{self.path.name} cannot be written: {problem}", whole_channel=True)
        with os.fdopen(handle, "ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            about_to()
            try:
                written = file.write(words)
                os.fsync(file.fileno())
            except OSError as problem:
                return Unclear(f"{self.path.name} broke off while taking it: {problem}")
        return Sent() if written == len(words) else Unclear(f"{self.path.name} took a part of it")


def messengers(settings: Settings) -> dict[str, Messenger]:
    """The messenger of each channel of telephones."""
    folder = settings.home / "outbox"
    return {name: FileSink(folder / f"{name}.jsonl") for name in ("sms", "whatsapp")}


def short_text(words: Rendered) -> str:
    """A message for a telephone: its subject and its link."""
    room = LONGEST_TEXT - len(words.link) - 1
    subject = words.subject if len(words.subject) <= room else words.subject[: room - 1] + "…"
    return f"{subject} {words.link}"
