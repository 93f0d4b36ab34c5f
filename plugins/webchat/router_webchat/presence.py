"""One visitor who is here: their open tabs, their paces, and which of our messages they were shown."""

from __future__ import annotations

from collections.abc import Iterable

from router.messages import ThreadEvent
from router_webchat.limits import Pace
from router_webchat.socket import ChatSocket
from router_webchat.visitors import Visitor

TYPING_EVERY_S = 2.0


class Presence:
    """One visitor with at least one open tab.

    `latest_seq` is the newest entry known to exist. `known_after` is the entry after which every one of our
    messages has passed through here, so that a receipt needs no look into the store.
    """

    __slots__ = ("_outgoing", "known_after", "latest_seq", "messages", "sockets", "typing", "visitor")

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.sockets: list[ChatSocket] = []
        self.latest_seq = 0
        self.known_after = 0
        self.messages = Pace(count=5, per_s=10, burst=10)
        self.typing = Pace(count=1, per_s=TYPING_EVERY_S, burst=1)
        self._outgoing: dict[int, str] | None = None

    def note(self, events: Iterable[ThreadEvent]) -> None:
        """Remember entries the visitor is shown."""
        for event in events:
            self.latest_seq = max(self.latest_seq, event.seq)
            if event.outgoing_ref and event.seq > self.visitor.read_seq:
                if self._outgoing is None:
                    self._outgoing = {}
                self._outgoing[event.seq] = event.outgoing_ref

    def outgoing(self, after: int, upto: int) -> list[str]:
        """Give the references of our messages between two places, oldest first."""
        known = self._outgoing or {}
        return [known[seq] for seq in sorted(known) if after < seq <= upto]

    def forget(self, upto: int) -> None:
        """Drop what has been read and reported."""
        self._outgoing = {seq: ref for seq, ref in (self._outgoing or {}).items() if seq > upto} or None
