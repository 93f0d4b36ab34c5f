"""Platforms that people can be customers of; in: what a buyer does, out: the platform's pushes and its chats."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from router.channel import HttpRequest
from router.clock import Clock
from router.playing import PlayedChat, PlayedMessage
from router.testing import FakeMessage
from router_marketplace.simulators.market import FakeT, MarketSimulator

_TOKENS_LAST = timedelta(days=7)
_AUTHORS = {"customer": "customer", "shop": "shop", "bot": "shop"}


class PlayedSimulator(MarketSimulator[FakeT]):
    """Fulfils `router.playing.PlaysChats` for a platform that pushes every change of a chat."""

    @abstractmethod
    def push_for(self, message: FakeMessage) -> HttpRequest:
        """Give the push the platform makes for a message as it is now."""

    @abstractmethod
    def chat_id(self, number: int) -> str:
        """Give the id of the chat somebody new begins."""

    @abstractmethod
    def order_card(self, order_id: str) -> tuple[str, Mapping[str, Any]]:
        """Give kind and content of the message that shows an order."""

    def follow(self, clock: Clock) -> None:
        """Live in the time of this clock; what was given out before is good from now on."""
        self.fake.clock.follow(clock)
        self.fake.tokens = dict.fromkeys(self.fake.tokens, clock.now() + _TOKENS_LAST)

    def open_chat(self, name: str) -> str:
        """Let a new buyer begin a chat."""
        number = len(self.fake.threads) + 1
        buyer = self.fake.user(f"b{number:05}", name)
        return self.fake.thread(self.chat_id(number), buyer.id).id

    def write(self, chat: str, text: str, order_id: str = "") -> Sequence[HttpRequest]:
        """Let the buyer of a chat write, and show an order."""
        told = [self.fake.customer_says(chat, text)]
        if order_id:
            kind, content = self.order_card(order_id)
            told.append(self.fake.customer_says(chat, "", kind=kind, content=content))
        return [self.push_for(one) for one in told]

    def push_again(self, chat: str) -> Sequence[HttpRequest]:
        """Repeat the push for a chat's latest message."""
        return [self.push_for(one) for one in self.fake.messages if one.thread == chat][-1:]

    def take_back(self, message_id: str) -> Sequence[HttpRequest]:
        """Let the buyer take a message back."""
        self._require(message_id, "customer", "sent")
        return [self.push_for(self.fake.change(message_id, state="recalled"))]

    def hold_next(self) -> None:
        """Let moderation hold the shop's next message."""
        self.fake.hold_next()

    def let_go(self, message_id: str) -> Sequence[HttpRequest]:
        """Let moderation release a message."""
        self._require(message_id, "shop", "held")
        return [self.push_for(self.fake.change(message_id, state="sent"))]

    def chats(self) -> Sequence[PlayedChat]:
        """Give every chat as the platform keeps it."""
        return [
            PlayedChat(
                id=thread.id,
                name=thread.user.name,
                messages=[_played(one) for one in self.fake.messages if one.thread == thread.id],
            )
            for thread in self.fake.threads.values()
        ]

    def _require(self, message_id: str, role: str, state: str) -> None:
        found = next((one for one in self.fake.messages if one.id == message_id), None)
        if found is None or (found.author.role, found.state) != (role, state):
            raise LookupError(f"{message_id} is no message of the {role} that is {state}")


def _played(message: FakeMessage) -> PlayedMessage:
    order = message.fields.get("content", {})
    shown = message.text or f"[{message.kind.lower().replace('_', ' ')}] {' '.join(map(str, order.values()))}"
    return PlayedMessage(
        id=message.id,
        author=_AUTHORS.get(message.author.role, "system"),
        text=shown.strip(),
        at=message.at,
        state=message.state,
    )
