"""Orders beside conversations: what a shop's system knows of a customer's order, and the notes on it.

In: questions by order or by who the customer is. Out: cards an agent reads, and the seller's note as the
platforms keep it: `reason--name--date`, red before the sale and blue after it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from aiohttp import ClientSession
from pydantic import BaseModel

from router.clock import Clock
from router.messages import Identity, JsonValue


class ContextKind(StrEnum):
    """What an agent can look up beside a conversation."""

    ORDERS = "orders"
    LOGISTICS = "logistics"
    REFUNDS = "refunds"
    STOCK = "stock"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextQuery:
    """One question: about an order, a product, or whatever belongs to the person with these identities.

    `account` is the channel account of the conversation; an empty `order_id` asks for the newest orders.
    """

    kind: ContextKind
    account: str = ""
    identities: Sequence[Identity] = ()
    order_id: str = ""
    product_id: str = ""
    limit: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCard:
    """One answer, ready to be read. `stage` is pre_sale, in_sale or after_sale; amounts are decimal text.

    `fields` are further lines, in their order; `url` leads to the shop's own page.
    """

    kind: ContextKind
    id: str
    title: str
    status: str = ""
    stage: str = ""
    amount: str = ""
    currency: str = ""
    at: datetime | None = None
    url: str = ""
    order_id: str = ""
    fields: Mapping[str, JsonValue] = field(default_factory=dict)


class ContextProvider(ABC):
    """One configured source of context."""

    async def open(self, http: ClientSession, clock: Clock) -> None:
        """Keep the pooled HTTP client, which the core opens and closes, and the clock."""
        self.http = http
        self.clock = clock

    @abstractmethod
    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        """Answer one question; empty when it knows nothing. Raises a SendError class when it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextProviderType:
    """A kind of context source: static facts and a factory, as for channels. Listing it opens nothing."""

    id: str
    title: str
    settings: type[BaseModel]
    kinds: frozenset[ContextKind]
    factory: Callable[[str, Any], ContextProvider]


class NoteKind(StrEnum):
    """For which desk an order note is."""

    PRE_SALE = "pre_sale"
    AFTER_SALE = "after_sale"
    OTHER = "other"


class NoteColour(StrEnum):
    """The flags the platforms know; a target says which it has."""

    GREY = "grey"
    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNote:
    """One line of the seller's note on an order; `reason--author--date` when written out."""

    order_id: str
    kind: NoteKind
    reason: str
    author: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Memo:
    """The whole note of an order as the platform keeps it: one text and one flag."""

    text: str
    colour: NoteColour | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLimits:
    """What a target can hold; `overwrites`: a write replaces the whole text, so it has to be merged.

    `unit` is chars or bytes; bytes are those of `encoding`.
    """

    max: int
    unit: str = "chars"
    encoding: str = "utf-8"
    colours: frozenset[NoteColour] = frozenset({NoteColour.RED, NoteColour.BLUE})
    overwrites: bool = True


class NoteTarget(ABC):
    """One configured shop whose order notes can be written."""

    async def open(self, http: ClientSession, clock: Clock) -> None:
        """Keep the pooled HTTP client, which the core opens and closes, and the clock."""
        self.http = http
        self.clock = clock

    @abstractmethod
    async def read(self, order_id: str) -> Memo:
        """Give the note as it stands; raises RecipientGone for an unknown order, else a SendError."""

    @abstractmethod
    async def write(self, order_id: str, memo: Memo) -> None:
        """Replace the note. Raises a SendError class; UnknownOutcome when it may have been written."""


class NoteSimulator(Protocol):
    """A shop played on this machine, whose notes can be looked at from outside, as in `omnirouter demo`."""

    def settings(self) -> BaseModel:
        """Give settings that work against it; only after `start`."""
        ...

    async def start(self) -> None:
        """Open the shop."""
        ...

    async def stop(self) -> None:
        """Close it and release its ports."""
        ...

    def keep(self, order_id: str) -> None:
        """Let the shop have an order; one it has stays as it is."""
        ...

    def memo(self, order_id: str) -> Memo:
        """Give the note of an order as the shop keeps it; raises LookupError for an unknown one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTargetType:
    """A kind of note target: static facts and a factory; `simulator` plays a shop of this kind."""

    id: str
    title: str
    settings: type[BaseModel]
    limits: NoteLimits
    factory: Callable[[str, Any], NoteTarget]
    simulator: Callable[[], NoteSimulator] | None = None
