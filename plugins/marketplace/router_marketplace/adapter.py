"""What differs from platform to platform, and nothing else: the one interface inside this plugin.

In: settings and the platform's documents. Out: calls to make and neutral values. An adapter is pure: no I/O,
no clock, no state between calls, so every method is table-tested; `channel.py` does the rest, once for all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from router.channel import HttpReply, HttpRequest
from router.errors import AuthInvalid, ContentRejected, Permanent, SendError
from router.messages import InboundEvent, JsonObject, OutboundAttempt, Receipt
from router.orders import ContextCard, ContextQuery
from router.threads import Permission, PlatformState
from router_marketplace.calls import Access, Answer, Call
from router_marketplace.facts import Facts
from router_marketplace.settings import MarketplaceSettings

SettingsT = TypeVar("SettingsT", bound=MarketplaceSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """What a push is about: a thread, and the message in it if the push names one."""

    thread: str
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a push says and no page repeats, so that it is stored as it came before the push is answered."""

    key: str
    thread: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A verified push: what to answer, what it rings for, and what of it has to be stored itself."""

    reply: HttpReply = field(default_factory=HttpReply)
    rings: Sequence[Ring] = ()
    notices: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One conversation as the platform lists it.

    `tail` is any text that changes whenever something new is to be read, `at` the time of the last change,
    `status` the platform's words for the state; a change of them is stored with `raw`, the listed object.
    """

    id: str
    tail: str = ""
    at: datetime | None = None
    status: str = ""
    is_open: bool = True
    raw: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPage:
    """One page of threads; no `next_page` is the end."""

    threads: Sequence[Thread]
    next_page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One message as the platform keeps it. `version` tells a recalled or edited one from what it was."""

    id: str
    at: datetime
    raw: JsonObject
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPage:
    """One page of messages, in whatever order the platform gives them; no `next_page` is the end."""

    items: Sequence[Item]
    next_page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a thread has been read: the newest message stored; reading starts with it again, not after."""

    item_id: str
    at: datetime


class Adapter(ABC, Generic[SettingsT]):
    """One platform, for one account's settings.

    `facts` are the numbers and names of the platform. `newest_first`: its message pages go backwards.
    `newest_threads_first`: its listing can be left off where threads get older than wanted. `lists_open`: it
    lists exactly the open threads, so one that is missing was closed. `exact_tail`: equal tails mean that
    there is nothing new, even within the grain of the platform's clock. What not every platform has (tokens
    that run out, threads opened by the shop, recall) has a default that says so.
    """

    facts: Facts
    newest_first: bool = False
    newest_threads_first: bool = False
    lists_open: bool = False
    exact_tail: bool = False

    def __init__(self, settings: SettingsT) -> None:
        self.settings = settings

    # who we are

    @abstractmethod
    def first_access(self) -> Access:
        """Read the secrets the settings name; raises AuthInvalid that says which variable is missing."""

    @abstractmethod
    def sign(self, call: Call, access: Access, now: datetime) -> Call:
        """Add what proves who calls."""

    def renewal(self, access: Access) -> Call:
        """Build the call that gives a new token."""
        raise AuthInvalid("the platform refuses the key; make a new one and restart", code="no_renewal")

    def renewed(self, access: Access, answer: Answer, now: datetime) -> Access:
        """Read the new token."""
        raise AuthInvalid("this platform renews no tokens", code="no_renewal")

    @abstractmethod
    def refusal(self, call: Call, answer: Answer, now: datetime) -> SendError | None:
        """Tell what an answer means when it is no success; None when it is one."""

    # in

    @abstractmethod
    def push(self, request: HttpRequest, access: Access, now: datetime) -> Push:
        """Verify and read a push; raises InboundRejected when it cannot be the platform's."""

    @abstractmethod
    def list_threads(self, since: datetime, page: str, now: datetime) -> Call:
        """Ask for a page of the threads that may have changed since."""

    @abstractmethod
    def threads(self, answer: Answer) -> ThreadPage:
        """Read that page."""

    def get_thread(self, thread: str) -> Call | None:
        """Ask for one thread by its id; None where the platform only lists."""
        return None

    def thread(self, answer: Answer) -> Thread:
        """Read that thread."""
        raise Permanent("this platform gives no single thread", code="no_thread")

    @abstractmethod
    def list_items(self, thread: str, mark: Mark | None, page: str, now: datetime) -> Call:
        """Ask for a page of messages from the mark on, the mark's own message included."""

    @abstractmethod
    def items(self, answer: Answer) -> ItemPage:
        """Read that page."""

    @abstractmethod
    def event(self, thread: str, item: JsonObject, listed: JsonObject) -> InboundEvent:
        """Read one message; `listed` is its thread as it was listed, or empty.

        An unknown kind is an UNSUPPORTED block. KeyError, TypeError and ValueError mean "malformed".
        """

    def notice(self, thread: str, document: JsonObject) -> InboundEvent:
        """Read a push that was stored itself; errors as for `event`."""
        raise ValueError("this platform's pushes only ring")

    @abstractmethod
    def state(self, listed: JsonObject) -> PlatformState:
        """Read how the platform sees a thread."""

    def context(self, listed: JsonObject) -> JsonObject:
        """Read what a thread is about: `order_id`, `kind` (`dispute`), …"""
        return {}

    # out

    @abstractmethod
    def compose(self, thread: str, attempt: OutboundAttempt) -> Call:
        """Build the call that sends a message; raises ContentRejected for what the platform cannot carry."""

    @abstractmethod
    def sent(self, answer: Answer) -> Receipt:
        """Read the receipt: accepted, or held by moderation."""

    @abstractmethod
    def is_ours(self, item: Item) -> bool:
        """Tell whether the shop's side wrote a message."""

    @abstractmethod
    def text_of(self, item: Item) -> str:
        """Give a message's text, to be compared with what we meant to send."""

    def open_thread(self, ground: str) -> Call:
        """Ask for a new thread on a ground like `order:1001`; raises ContentRejected for others."""
        raise ContentRejected(f"no chat can be opened for {ground!r}", code="no_start", part="recipient")

    def opened(self, answer: Answer) -> str:
        """Read the id of the thread that was opened, or existed."""
        raise Permanent("this platform opens no threads", code="no_start")

    def permission(self, thread: Thread, now: datetime) -> Permission:
        """Judge from what was listed whether the thread may be written to now."""
        return Permission(allowed=True)

    def mark_read(self, thread: str, item: str) -> Call | None:
        """Build the call that marks a thread as read; None where there is none."""
        return None

    def recall(self, thread: str, item: str) -> Call | None:
        """Build the call that takes a message back; None where there is none."""
        return None

    # beside

    def buyer(self, listed: JsonObject) -> str:
        """Name the buyer of a listed thread as events do; empty where orders are not looked up."""
        return ""

    def look_up(self, query: ContextQuery, orders: Sequence[str]) -> Call | None:
        """Build the call that answers a question about these orders; None when it cannot be asked here."""
        return None

    def cards(self, query: ContextQuery, answer: Answer) -> Sequence[ContextCard]:
        """Read that answer."""
        return ()
