"""What a simulated platform offers so that people can be its customers, as in `omnirouter demo`.

In: what a customer does. Out: the calls the platform then makes to the router, and what its chats look like.
A simulator has these methods besides those of `router.channel.Simulator`; it names or inherits nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from router.channel import HttpRequest, Simulator
from router.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedMessage:
    """One message as the platform keeps it.

    `author` is customer, shop or system, `state` sent, held or recalled: a customer sees what was sent.
    """

    id: str
    author: str
    text: str
    at: datetime
    state: str = "sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedChat:
    """One chat, oldest message first."""

    id: str
    name: str
    messages: Sequence[PlayedMessage] = ()


@runtime_checkable
class PlaysChats(Simulator, Protocol):
    """A platform with chats. Every call it gives has to be made at `/hooks/<account>` and its path."""

    def follow(self, clock: Clock) -> None:
        """Live in the time of this clock from now on; signatures and tokens carry it."""
        ...

    def open_chat(self, name: str) -> str:
        """Let somebody new begin a chat; give its id. Two platforms of one kind give the same ids."""
        ...

    def write(self, chat: str, text: str, order_id: str = "") -> Sequence[HttpRequest]:
        """Let the customer write, and show an order if one is named."""
        ...

    def push_again(self, chat: str) -> Sequence[HttpRequest]:
        """Make the call about the chat's latest message once more, as without an answer in time."""
        ...

    def take_back(self, message_id: str) -> Sequence[HttpRequest]:
        """Let the customer take a message back; raises LookupError for one that is not the customer's."""
        ...

    def hold_next(self) -> None:
        """Keep the shop's next message from the customer until it is let go."""
        ...

    def let_go(self, message_id: str) -> Sequence[HttpRequest]:
        """Let a held message through; raises LookupError for one that is not held."""
        ...

    def chats(self) -> Sequence[PlayedChat]:
        """Give every chat as the platform keeps it, the oldest first."""
        ...
