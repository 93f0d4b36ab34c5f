"""Our own messages coming back: which of those we sent is it, or was it sent elsewhere.

In: an event whose author is an agent or the shop, and the messages of the shop in its conversation. Out: the
one it is, or None. Pure. What counts, first match wins:

1. the provider's id of an attempt;
2. the id the message was to carry outside, where the provider gives it back;
3. the same words, after it was first given to the provider and within two days.

By the third way a message is only taken once, the oldest one first, so that two equal answers stay two. A
message nobody has tried to send yet is never taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from router.messages import EvidenceKind, InboundEvent
from router.model.threads import ECHO_WINDOW, OwnMessage, folded

CLOCKS_APART = timedelta(minutes=2)


def find_own(own: Iterable[OwnMessage], event: InboundEvent, at: datetime) -> OwnMessage | None:
    """Give the message of the shop an event repeats; `at` is when it was said to happen."""
    ids = {event.external_id, *named_by(event)} - {""}
    known = list(own)
    by_id = next((one for one in known if one.refs & ids), None)
    if by_id is not None:
        return by_id
    words = folded(block.text for block in event.blocks)
    if not words:
        return None
    return next((one for one in known if one.text == words and _may_be(one, at)), None)


def named_by(event: InboundEvent) -> list[str]:
    """Give the ids of messages an event names."""
    return [one.value for one in event.evidence if one.kind is EvidenceKind.MESSAGE_ID]


def _may_be(own: OwnMessage, at: datetime) -> bool:
    if own.state is None or own.tried_at is None or own.has_remote_ref:
        return False
    return own.tried_at - CLOCKS_APART <= at <= own.tried_at + ECHO_WINDOW
