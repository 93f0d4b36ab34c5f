"""What asks for an answer, and what is only kept.

In: one event of a channel. Out: whether somebody has to answer it, whether it is one of our own messages
come back, and whose conversation it belongs to. Pure.

Only two things are demand: a visible message of a customer, and a call that nobody answered. They alone open
work, count as waiting and move the clocks that run for a customer. All else is kept beside its conversation.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from router.messages import EventKind, Identity, InboundEvent, Role
from router.model.calls import asks_call_back
from router.model.filing import thread_of

_OURS = (Role.AGENT, Role.SHOP)
_SAID = (EventKind.MESSAGE, EventKind.CALL, EventKind.SYSTEM)
_OF_ITS_OWN = (EventKind.MESSAGE, EventKind.CALL)

LONGEST_WAIT = timedelta(days=30)
"""How long before we heard of it a customer may have begun to wait: a wrong time must not lead for ever."""

STAND_IN = "thread"
"""Kind of the contact point that stands in while a thread has shown nobody of its customer."""


def asks_for_answer(event: InboundEvent) -> bool:
    """Say whether an event is demand."""
    if not event.visible or event.author.role is not Role.CUSTOMER:
        return False
    if event.kind is EventKind.CALL:
        return event.call is None or asks_call_back(event.call)
    return event.kind is EventKind.MESSAGE


def is_ours(event: InboundEvent) -> bool:
    """Say whether an event is a message of the shop: one of ours come back, or one sent elsewhere."""
    return event.kind is EventKind.MESSAGE and event.author.role in _OURS


def is_read_by_customer(event: InboundEvent) -> bool:
    """Say whether an event has a place among what the customer sees."""
    return event.visible and event.kind in _SAID


def says_only_state(event: InboundEvent) -> bool:
    """Say whether an event is an entry only when the state it brings is news."""
    is_state = event.kind is EventKind.THREAD_STATE and event.platform_state is not None
    return is_state and not event.blocks


def stands_alone(event: InboundEvent) -> bool:
    """Say whether an event is kept in a conversation of its own when it belongs to none there is."""
    return bool(thread_of(event)) or (event.kind in _OF_ITS_OWN and not is_ours(event))


def waiting_since(event: InboundEvent, received_at: datetime) -> datetime:
    """Give since when the customer of a first message waits, which a provider may know better than we."""
    state = event.platform_state
    told = None if state is None else state.reply_needed_since
    return received_at if told is None else max(received_at - LONGEST_WAIT, min(told, received_at))


def customer_of(event: InboundEvent) -> Identity | None:
    """Give who the other side of an event's conversation is; its thread stands in for a customer not shown."""
    author, thread = event.author, thread_of(event)
    if author.identities and (author.role is Role.CUSTOMER or not (thread or author.role in _OURS)):
        return author.identities[0]
    return Identity(kind=STAND_IN, value=thread) if thread else None
