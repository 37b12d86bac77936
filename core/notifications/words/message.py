"""The shape of a message's words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """A message's subject, its paragraphs and its button, as Jinja templates."""

    subject: str
    body: str
    button: str


@dataclass(frozen=True)
class Language:
    """A language: its locale, its messages by event, and the words around them."""

    locale: str
    messages: dict[str, Message]
    labels: dict[str, str]
    cycles: dict[str, str]
    greeting: str
    footer: str
