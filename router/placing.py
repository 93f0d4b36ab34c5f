"""Where a message goes: to a conversation there is, or to a new one beside others.

What joins, first match wins:
1. a provider thread, which only its participants can write to;
2. a reply token or a known Message-ID, if the sender already takes part; from anybody else it opens a
   conversation of its own, linked as a guest;
3. an equal normalised subject in the one open conversation of the same contact point within 72 hours; if
   there are several, none is guessed and all are linked as hints;
4. for channels where a contact has one matter at a time: that contact point's open conversation;
5. the one matter the same person has open on another channel, proven on both sides, if it is recent or about
   the same order: the new conversation is shown as part of it. Anything less is a hint.

A conversation resolved more than 30 days ago is continued by a new one. Pure: it only looks at the shelf.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from router.messages import EvidenceKind, InboundEvent, Proof
from router.model.filing import (
    Decoded,
    FiledAs,
    LinkKind,
    OpenElsewhere,
    Point,
    Shelf,
    Shelved,
    pointing,
    reference_digest,
    subject_of,
)
from router.model.identity import is_proven
from router.stated import order_of, own_proof

OTHER_CHANNEL_WINDOW = timedelta(hours=72)
SUBJECT_WINDOW = timedelta(hours=72)
REOPEN_WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Place:
    """An existing conversation, or none and what to link the new one to, or to show it with."""

    conversation: Shelved | None
    outcome: FiledAs
    links: tuple[tuple[str, LinkKind], ...] = ()
    joins: Shelved | None = None


def find_place(
    shelf: Shelf,
    item: Decoded,
    event: InboundEvent,
    point: Point | None,
    window: timedelta = OTHER_CHANNEL_WINDOW,
) -> Place:
    """Judge the event's evidence, strongest first, then what the contact point has open.

    Without a point nobody known speaks, so that only the provider's own thread counts.
    """
    guests: list[tuple[str, LinkKind]] = []
    for evidence in pointing(event):
        pointer = shelf.pointers.get(reference_digest(item.account, evidence))
        conversation = shelf.conversations.get(pointer.conversation_id) if pointer else None
        if conversation is None:
            continue
        if evidence.kind is EvidenceKind.THREAD:
            return Place(conversation, FiledAs.THREADED)
        if point is None:
            continue
        whole = shelf.whole_of(conversation)
        if (conversation.id, point.id) not in shelf.participants:
            guests.append((whole.id, LinkKind.GUEST))
        elif _too_old(whole, item.received_at):
            return Place(None, FiledAs.OPENED, ((whole.id, LinkKind.CONTINUED),))
        else:
            return Place(conversation, FiledAs.THREADED)
    if point is None:
        return Place(None, FiledAs.OPENED)
    if guests:
        return Place(None, FiledAs.GUEST, tuple(guests))
    return _place_by_contact(shelf, item, event, point) or _place_elsewhere(shelf, item, event, point, window)


def _place_by_contact(shelf: Shelf, item: Decoded, event: InboundEvent, point: Point) -> Place | None:
    subject = subject_of(event)
    if subject is not None:
        matches = [
            conversation
            for conversation in shelf.open_of(point.id)
            if conversation.subject_key == subject
            and item.received_at - conversation.last_message_at <= SUBJECT_WINDOW
        ]
    elif item.joins_open_episode and not event.evidence:
        matches = shelf.open_of(point.id)
    else:
        matches = []
    if len(matches) == 1:
        return Place(matches[0], FiledAs.THREADED)
    if not matches:
        return None
    wholes = dict.fromkeys(shelf.whole_of(match).id for match in matches)
    return Place(None, FiledAs.OPENED, tuple((one, LinkKind.HINT) for one in wholes))


def _place_elsewhere(
    shelf: Shelf, item: Decoded, event: InboundEvent, point: Point, window: timedelta
) -> Place:
    """Look at what the same person, proven on both sides, has open on other channels."""
    if not is_proven(own_proof(event)) or shelf.open_of(point.id):
        return Place(None, FiledAs.OPENED)
    order = order_of(item, event)
    near: list[Shelved] = []
    far: list[Shelved] = []
    for other in shelf.elsewhere.get(point.contact_id, []):
        whole = shelf.conversations.get(other.conversation_id)
        if whole is None or whole.state != "open" or other.account == item.account:
            continue
        is_recent = item.received_at - whole.last_message_at <= window
        (near if is_recent or _is_same_order(shelf, order, other) else far).append(whole)
    if len(near) == 1:
        return Place(None, FiledAs.THREADED, joins=near[0])
    return Place(None, FiledAs.OPENED, tuple((one.id, LinkKind.HINT) for one in (*near, *far)))


def _is_same_order(shelf: Shelf, order: tuple[str, str, Proof] | None, other: OpenElsewhere) -> bool:
    if order is None or not is_proven(order[2]):
        return False
    return order[:2] in shelf.orders.get(other.point_id, set())


def _too_old(conversation: Shelved, now: datetime) -> bool:
    return conversation.resolved_at is not None and now - conversation.resolved_at > REOPEN_WINDOW
