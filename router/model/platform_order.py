"""In which order messages are shown: as their provider has them, without numbering anything anew.

In: messages as they arrived. Out: the same in the order of `(sort_key, occurred_at, arrival)`. Those with a
sort key stand among themselves as their provider sorts them; all others stand by their time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from router.model.timeline import Message

BELIEVED = timedelta(days=1)
"""How far back a sender's own time is believed: a mail with a wrong date must not hide among old ones."""


def in_platform_order(messages: Sequence[Message]) -> list[Message]:
    """Sort messages for showing."""
    by_time = sorted(messages, key=lambda one: (_time(one), one.id))
    keyed = iter(sorted((one for one in by_time if one.sort_key), key=lambda one: one.sort_key))
    return [next(keyed) if one.sort_key else one for one in by_time]


def _time(one: Message) -> datetime:
    told = one.occurred_at
    if told is None or not one.created_at - BELIEVED <= told <= one.created_at:
        return one.created_at
    return told
