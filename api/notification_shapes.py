"""Shapes of messages, channels, endpoints and deliveries (NTF)."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field, StringConstraints

from api.shapes import A_REASON, NO_NUL, Answer, Body, Name, Reason, SomeId, example
from core.notifications.addresses import LONGEST_URL

MOST_READ = 500
MOST_EVENTS = 50
MOST_ADDRESSES = 20
Channel = Literal["email", "in_app", "webhook", "sms", "whatsapp"]
Status = Literal["pending", "claimed", "sending", "sent", "failed", "unknown"]
OneChannel = Annotated[
    str, Path(max_length=12, description="`email`, `in_app`, `webhook`, `sms` or `whatsapp`.")
]
Url = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_URL, pattern=NO_NUL)]
Events = Annotated[
    list[Name],
    Field(max_length=MOST_EVENTS, default_factory=list, description="None named means all."),
]
Addresses = Annotated[
    list[Name],
    Field(
        max_length=MOST_ADDRESSES,
        default_factory=list,
        description="E-mail addresses or telephone numbers.",
    ),
]


class ReadBody(Body):
    """Messages to mark as read; all of the inbox when none is named."""

    model_config = example({"ids": [12]})

    ids: Annotated[list[SomeId], Field(max_length=MOST_READ, default_factory=list)]


class ChannelBody(Body):
    """How messages travel on a channel."""

    model_config = example({"enabled": True, "addresses": ["+46701234567"]})

    enabled: bool
    events: Events
    addresses: Addresses


class SetChannelBody(ChannelBody):
    """The same, by somebody of the platform, who says why."""

    model_config = example({"enabled": True, "reason": A_REASON})

    reason: Reason


class EndpointBody(Body):
    """A webhook endpoint to add: https on a public address."""

    model_config = example({"url": "https://hooks.example.com/saldo"})

    url: Url
    events: Events


class AddEndpointBody(EndpointBody):
    """The same, by somebody of the platform, who says why."""

    model_config = example({"url": "https://hooks.example.com/saldo", "reason": A_REASON})

    reason: Reason


class EndpointWhyBody(Body):
    """Why an endpoint gets a new secret, or goes."""

    model_config = example({"reason": A_REASON})

    reason: Reason


class TryBody(Body):
    """The endpoint to try, of the channel `webhook` alone."""

    endpoint_id: SomeId | None = None


class TriedAnswer(Answer):
    """A test message goes out with the next run."""

    channel: str
    endpoint_id: int | None


class RedeliverBody(Body):
    """Why it is done."""

    model_config = example({"reason": A_REASON})

    reason: Reason


class MessageAnswer(Answer):
    """A message of the inbox, in the language of the organisation."""

    id: int
    event: str
    title: str
    body: str
    details: list[tuple[str, str]]
    created_at: datetime
    read_at: datetime | None
    invoice_id: int | None


class MessagesAnswer(Answer):
    """Some messages, the newest first; how many there are, and how many are unread."""

    count: int
    unread: int
    rows: list[MessageAnswer]


class ReadAnswer(Answer):
    """How many messages were unread before."""

    marked: int


class ChannelAnswer(Answer):
    """What holds for a channel: `own` when the tenant set it, else by default."""

    channel: Channel
    enabled: bool
    events: list[str]
    addresses: list[str]
    own: bool


class SetAnswer(Answer):
    """A channel as it was set."""

    tenant_id: int | None
    channel: Channel
    enabled: bool
    events: list[str]
    addresses: list[str]


class EndpointAnswer(Answer):
    """A webhook endpoint; its secret is never shown again."""

    id: int
    tenant_id: int | None
    url: str
    events: list[str]
    created_at: datetime
    disabled_at: datetime | None
    disabled_why: str | None
    previous_until: datetime | None


class SecretAnswer(Answer):
    """An endpoint's secret, shown now and never again."""

    endpoint_id: int
    url: str
    secret: str
    previous_until: datetime | None


class ChannelsAnswer(Answer):
    """All channels, and the webhook endpoints."""

    channels: list[ChannelAnswer]
    endpoints: list[EndpointAnswer]


class DeliveryAnswer(Answer):
    """A delivery; `recipient` is an address, a number, `user:id` or `endpoint:id`."""

    id: int
    notification_id: int
    tenant_id: int
    tenant_name: str
    event_type: str
    channel: Channel
    recipient: str
    status: Status
    attempts: int
    due_at: datetime
    sent_at: datetime | None
    problem: str | None
    created_at: datetime


class DeliveriesAnswer(Answer):
    """Some deliveries, the newest first, and how many there are."""

    count: int
    rows: list[DeliveryAnswer]


class AgainAnswer(Answer):
    """A delivery that the next run tries again."""

    id: int
    channel: Channel
    status: Status
