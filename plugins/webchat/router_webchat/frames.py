"""The frames of protocol version 1, both directions, as checked structures (`docs/webchat-protocol.md`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

PROTOCOL_VERSION = 1
FRAME_BYTES = 65_536
TEXT_BYTES = 8_192
INLINE_EVENTS = 200
MAX_SCORE = 5

ClientId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
Sequence: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
Line: TypeAlias = Annotated[str, Meta(max_length=300)]
Url: TypeAlias = Annotated[str, Meta(max_length=2000)]
Locale: TypeAlias = Annotated[str, Meta(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4})?\Z")]


class ClientFrame(msgspec.Struct, frozen=True, tag_field="type"):
    """Anything a client sends."""


class Page(msgspec.Struct, frozen=True, omit_defaults=True):
    """The page of the shop a customer looks at."""

    url: Url = ""
    title: Line = ""
    referrer: Url = ""


class Resume(msgspec.Struct, frozen=True):
    """What a client already has: everything up to `last_seq`, whose event is `last_id`."""

    conversation: Line = ""
    last_seq: Sequence = 0
    epoch: Line = ""
    last_id: Line = ""


class Hello(ClientFrame, frozen=True, tag="hello"):
    """The first frame of a socket."""

    v: int
    site: Line
    visitor_token: Annotated[str, Meta(max_length=200)] | None = None
    resume: Resume | None = None
    locale: Locale = ""
    page: Page | None = None
    client: Line = ""

    def __repr__(self) -> str:
        """Hide the visitor token."""
        return f"Hello(site={self.site!r})"


class Body(msgspec.Struct, frozen=True):
    """Content of a message."""

    text: str = ""


class Msg(ClientFrame, frozen=True, tag="msg"):
    """A message of the customer; `cid` makes a repeat harmless."""

    cid: ClientId
    kind: Line = "text"
    body: Body = Body()


class Typing(ClientFrame, frozen=True, tag="typing"):
    """The customer is writing."""


class Read(ClientFrame, frozen=True, tag="read"):
    """Everything up to `seq` has been on the customer's screen."""

    seq: Sequence


class Ack(ClientFrame, frozen=True, tag="ack"):
    """Everything up to `seq` has reached the client."""

    seq: Sequence


class PageMoved(ClientFrame, frozen=True, tag="page"):
    """The customer went to another page."""

    url: Url = ""
    title: Line = ""


class Context(ClientFrame, frozen=True, tag="context"):
    """What the shop's page says about the customer; nothing of it is proven."""

    name: Line | None = None
    email: Line | None = None
    order: Line | None = None
    product: Line | None = None


class End(ClientFrame, frozen=True, tag="end"):
    """The customer ends the chat; a later message opens it again."""

    cid: ClientId


class Csat(ClientFrame, frozen=True, tag="csat"):
    """The customer's score of the service."""

    cid: ClientId
    score: Annotated[int, Meta(ge=1, le=MAX_SCORE)]
    comment: Annotated[str, Meta(max_length=1000)] = ""


class Ping(ClientFrame, frozen=True, tag="ping"):
    """A sign of life; `t` comes back unchanged."""

    t: float = 0


AnyClientFrame: TypeAlias = Hello | Msg | Typing | Read | Ack | PageMoved | Context | End | Csat | Ping
FiledFrame: TypeAlias = Msg | End | Csat


class ServerFrame(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Anything the server sends."""


class Limits(msgspec.Struct, frozen=True):
    """The limits a client has to keep."""

    text_bytes: int = TEXT_BYTES
    frame_bytes: int = FRAME_BYTES
    burst: int = 10
    per_10_s: int = 5


class Welcome(ServerFrame, frozen=True, tag="welcome"):
    """The answer to `hello`; `more` says that older events have to be fetched over HTTP first."""

    v: int
    session: str
    conversation: str
    epoch: str
    seq: int
    limits: Limits
    features: tuple[str, ...]
    resume: Literal["exact", "partial", "none"]
    more: bool = False
    visitor_token: str | None = None

    def __repr__(self) -> str:
        """Hide the visitor token."""
        return f"Welcome(conversation={self.conversation!r}, seq={self.seq})"


class Acked(ServerFrame, frozen=True, tag="ack"):
    """A frame with a `cid` is stored; repeats get this same answer."""

    cid: str
    seq: int | None = None
    id: str = ""
    ts: datetime | None = None


class EventAuthor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who wrote an event."""

    role: str
    name: str = ""


class EventFile(msgspec.Struct, frozen=True):
    """A file the shop sent; its bytes are fetched by its id."""

    id: str
    name: str
    content_type: str
    size_bytes: int


class EventBody(msgspec.Struct, frozen=True):
    """Content of an entry."""

    text: str = ""
    files: tuple[EventFile, ...] | UnsetType = UNSET


class Event(ServerFrame, frozen=True, tag="event"):
    """One entry of the conversation; `cid` is set on the customer's own messages."""

    seq: int
    id: str
    ts: datetime
    kind: str
    author: EventAuthor
    body: EventBody
    cid: str = ""


class AgentTyping(ServerFrame, frozen=True, tag="typing"):
    """An agent is writing."""

    name: str = ""


class Failed(ServerFrame, frozen=True, tag="error"):
    """Something was refused; the socket stays open unless `fatal`."""

    code: str
    message: str = ""
    cid: str = ""
    retry_after: float | None = None
    fatal: bool = False


class Bye(ServerFrame, frozen=True, tag="bye"):
    """The server is about to close; come back after `retry_in` seconds."""

    reason: str
    retry_in: float


class Pong(ServerFrame, frozen=True, tag="pong"):
    """The answer to `ping`."""

    t: float


class EventPage(msgspec.Struct, frozen=True):
    """Events read over HTTP; `next` is the `after` of the next page, or null."""

    conversation: str
    epoch: str
    events: list[Event]
    next: int | None
