"""Did a doubtful message arrive? In: what we meant to send and the thread as it stands. Out: a confirmation.

No platform here takes an idempotency key, so the thread is read: the same text, from our side, since the
message was written. Equal texts we sent besides are counted off, so that one "Yes." never vouches for another.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from router.messages import Block, BlockKind, Confirmation, OutboundAttempt, Role, ThreadEvent
from router_marketplace.adapter import Adapter, Item

CLOCKS_DIFFER = timedelta(minutes=2)
ENTRIES_BEFORE = 100


def confirmation(
    attempt: OutboundAttempt, items: Sequence[Item], own: Sequence[ThreadEvent], adapter: Adapter[Any]
) -> Confirmation:
    """Judge; `items` are the thread's messages, `own` what our side of it holds."""
    text, since = plain(attempt.blocks), attempt.created_at - CLOCKS_DIFFER
    there = [
        item
        for item in items
        if item.at >= since and adapter.is_ours(item) and normal(adapter.text_of(item)) == text
    ]
    if not text:
        return Confirmation.UNSURE
    if not there:
        return Confirmation.NOT_FOUND
    others = [
        entry
        for entry in own
        if entry.role is not Role.CUSTOMER
        and entry.at >= since
        and entry.outgoing_ref != attempt.outgoing_ref
        and plain(entry.blocks) == text
    ]
    return Confirmation.FOUND if len(there) > len(others) else Confirmation.UNSURE


def plain(blocks: Sequence[Block]) -> str:
    """Give a message's text as `normal` compares it; of a file that is its name."""
    return normal("\n".join(filter(None, (_told(block) for block in blocks))))


def _told(block: Block) -> str:
    name = block.fields.get("name")
    return name if block.kind is not BlockKind.TEXT and isinstance(name, str) else block.text


def normal(text: str) -> str:
    """Take off what platforms do to a text: entities, composed letters, spaces and line ends."""
    return " ".join(unicodedata.normalize("NFC", html.unescape(text)).split())
