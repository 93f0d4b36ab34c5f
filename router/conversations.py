"""Room 3, filing: each event finds its contact, its conversation and its episode.

In: decoded items and the `Shelf` of everything they point to. Out: rows on the shelf, and for each item
what became of it. Pure: ids come from a function that is passed in, times from the items.

Where an event goes is decided in `placing.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from router.messages import Automatic, Block, EventKind, EvidenceKind, InboundEvent, Role
from router.model.filing import (
    Decoded,
    Filed,
    FiledAs,
    LinkKind,
    Opened,
    Point,
    Pointer,
    PointKey,
    Shelf,
    Shelved,
    marketplace_of,
    own_pointer,
    reference_digest,
    thread_of,
)
from router.placing import find_place

PREVIEW_CHARS = 200
MAX_ORDER_ID_CHARS = 100
SECOND_USE = "another message with other content came under the same Message-ID"

_DEMANDS = (EventKind.MESSAGE, EventKind.CALL)
_SPACES = re.compile(r"\s+")


class Filing:
    """Files items one after the other on one shelf."""

    def __init__(self, shelf: Shelf, new_id: Callable[[], str]) -> None:
        self._shelf = shelf
        self._new_id = new_id

    def file(self, item: Decoded) -> Filed:
        """File one item; later items see what earlier ones left on the shelf."""
        filed = Filed(inbound_id=item.inbound_id, account=item.account)
        for event in item.events:
            if event.report is not None:
                filed.reports.append(event.report)
                filed.outcome = FiledAs.REPORT
            if event.kind in _DEMANDS and event.author.identities:
                self._file_demand(item, event, filed)
            elif event.kind is not EventKind.RECEIPT and event.author.identities:
                self._file_remark(item, event, filed)
        return filed

    def _file_demand(self, item: Decoded, event: InboundEvent, filed: Filed) -> None:
        point = self._point(item, event)
        place = find_place(self._shelf, item, event, point)
        conversation, outcome = place.conversation, place.outcome
        if conversation is None:
            conversation = self._open(item, event, point)
            for other_id, kind in place.links:
                self._link(conversation.id, other_id, kind, item.received_at)
            self._opened(filed, conversation, point, event, item, reopened=False)
        elif conversation.state == "resolved" and event.automatic is Automatic.NO:
            self._reopen(conversation, item.received_at)
            outcome = FiledAs.REOPENED
            self._opened(filed, conversation, point, event, item, reopened=True)
        self._join(conversation.id, point.id)
        self._add_message(item, event, conversation, point, outcome, filed)
        self._remember(item, event, conversation, point)
        filed.outcome = outcome

    def _file_remark(self, item: Decoded, event: InboundEvent, filed: Filed) -> None:
        """Put what asks for no answer (ended, scored) beside its conversation; it opens nothing."""
        point = self._shelf.points.get(PointKey.of(item.account, event.author.identities[0]))
        place = find_place(self._shelf, item, event, point) if point else None
        if point is not None and place is not None and place.conversation is not None:
            self._add_message(item, event, place.conversation, point, place.outcome, filed)
            filed.outcome = place.outcome

    # --- who ------------------------------------------------------------------------------------

    def _point(self, item: Decoded, event: InboundEvent) -> Point:
        identity = event.author.identities[0]
        key = PointKey.of(item.account, identity)
        known = self._shelf.points.get(key)
        if known is not None:
            known.returning = True
            return known
        name = event.author.display or identity.value
        point = Point(self._new_id(), self._new_id(), name, "", returning=False)
        self._shelf.points[key] = point
        self._shelf.add(
            "contact",
            {
                "id": point.contact_id,
                "display_name": name,
                "language": event.language,
                "created_at": item.received_at,
            },
        )
        self._shelf.add(
            "contact_point",
            {
                "id": point.id,
                "contact_id": point.contact_id,
                "account": key.account,
                "kind": key.kind,
                "address": key.address,
                "display": identity.value,
                "proof": identity.proof,
                "created_at": item.received_at,
            },
        )
        return point

    # --- open and reopen ------------------------------------------------------------------------

    def _open(self, item: Decoded, event: InboundEvent, point: Point) -> Shelved:
        conversation = Shelved(
            id=self._new_id(),
            contact_id=point.contact_id,
            contact_point_id=point.id,
            account=item.account,
            subject_key=event.subject_key or fold(event.subject),
            state="open",
            episode_id=self._new_id(),
            episode_number=1,
            last_seq=0,
            last_message_at=item.received_at,
            resolved_at=None,
            thread=thread_of(event),
            new=True,
        )
        self._shelf.conversations[conversation.id] = conversation
        self._shelf.add(
            "conversation",
            {
                "id": conversation.id,
                "contact_id": point.contact_id,
                "account": item.account,
                "contact_point_id": point.id,
                "thread": conversation.thread,
                "marketplace": marketplace_of(event),
                "subject": event.subject or preview(event.blocks, 80),
                "subject_key": conversation.subject_key,
                "created_at": item.received_at,
            },
        )
        self._add_episode(conversation, item.received_at)
        return conversation

    def _reopen(self, conversation: Shelved, at: datetime) -> None:
        conversation.state = "open"
        conversation.resolved_at = None
        conversation.episode_id = self._new_id()
        conversation.episode_number += 1
        self._add_episode(conversation, at)

    def _add_episode(self, conversation: Shelved, at: datetime) -> None:
        self._shelf.add(
            "episode",
            {
                "id": conversation.episode_id,
                "conversation_id": conversation.id,
                "number": conversation.episode_number,
                "opened_at": at,
            },
        )

    def _opened(
        self,
        filed: Filed,
        conversation: Shelved,
        point: Point,
        event: InboundEvent,
        item: Decoded,
        *,
        reopened: bool,
    ) -> None:
        filed.opened.append(
            Opened(
                conversation=conversation,
                episode_id=conversation.episode_id,
                point=point,
                event=event,
                reopened=reopened,
                opened_at=item.received_at,
            )
        )

    # --- what -----------------------------------------------------------------------------------

    def _link(self, conversation_id: str, other_id: str, kind: LinkKind, at: datetime) -> None:
        row = {"conversation_id": conversation_id, "other_id": other_id, "kind": kind, "created_at": at}
        if row not in self._shelf.new.get("conversation_link", []):
            self._shelf.add("conversation_link", row)

    def _join(self, conversation_id: str, point_id: str) -> None:
        if (conversation_id, point_id) not in self._shelf.participants:
            self._shelf.participants.add((conversation_id, point_id))
            self._shelf.add("participant", {"conversation_id": conversation_id, "contact_point_id": point_id})

    def _remember(self, item: Decoded, event: InboundEvent, conversation: Shelved, point: Point) -> None:
        """Keep what later messages may point to."""
        evidence = own_pointer(event)
        if evidence is None:
            return
        key = reference_digest(item.account, evidence)
        if key in self._shelf.pointers:
            return
        self._shelf.pointers[key] = Pointer(evidence.kind, conversation.id, point.id)
        self._shelf.add(
            "reference",
            {
                "digest": key,
                "kind": evidence.kind,
                "conversation_id": conversation.id,
                "contact_point_id": point.id,
                "created_at": item.received_at,
            },
        )

    def _is_second_use(self, item: Decoded, event: InboundEvent) -> bool:
        """Say whether another message, with other content, already came under this one's id."""
        own = own_pointer(event)
        if own is None or own.kind is not EvidenceKind.MESSAGE_ID:
            return False
        return reference_digest(item.account, own) in self._shelf.pointers

    def _add_message(
        self,
        item: Decoded,
        event: InboundEvent,
        conversation: Shelved,
        point: Point,
        outcome: FiledAs,
        filed: Filed,
    ) -> None:
        if event.visible:
            conversation.last_seq += 1
        conversation.last_message_at = max(conversation.last_message_at, item.received_at)
        conversation.changed = True
        row = _message_row(item, event, conversation, point, outcome) | {"id": self._new_id()}
        if self._is_second_use(item, event):
            row["warnings"] = [*event.warnings, SECOND_USE]
        self._shelf.add("message", row)
        self._note_order(item, event, conversation)
        filed.messages.append((row, conversation.thread))
        for attachment in event.attachments:
            file = {
                "id": self._new_id(),
                "message_id": row["id"],
                "inbound_id": item.inbound_id,
                "part": attachment.part,
                "name": attachment.name,
                "content_type": attachment.content_type,
                "size_bytes": attachment.size_bytes,
                "content_id": attachment.content_id,
                "inline": attachment.inline,
            }
            self._shelf.add("attachment", file)
            filed.attachments.append(file)

    def _note_order(self, item: Decoded, event: InboundEvent, conversation: Shelved) -> None:
        """Keep that an order was named here, by the message or by looking it up."""
        named = event.context.get("order_id")
        order_id = item.order_of(event).id or (named.strip() if isinstance(named, str) else "")
        if 0 < len(order_id) <= MAX_ORDER_ID_CHARS and order_id.isprintable():
            row = {
                "conversation_id": conversation.id,
                "order_id": order_id,
                "seen_at": item.received_at,
            }
            self._shelf.add("conversation_order", row)


def _message_row(
    item: Decoded, event: InboundEvent, conversation: Shelved, point: Point, outcome: FiledAs
) -> dict[str, object]:
    return {
        "conversation_id": conversation.id,
        "episode_id": conversation.episode_id,
        "seq": conversation.last_seq if event.visible else None,
        "direction": "inbound" if event.kind in _DEMANDS and event.author.role is Role.CUSTOMER else "event",
        "kind": event.kind,
        "role": event.author.role,
        "author_name": event.author.display or point.contact_name,
        "agent_id": None,
        "account": item.account,
        "contact_point_id": point.id,
        "external_id": event.external_id,
        "subject": event.subject,
        "blocks": [block_json(block) for block in event.blocks],
        "preview": preview(event.blocks, PREVIEW_CHARS),
        "automatic": event.automatic,
        "guest": outcome is FiledAs.GUEST,
        "warnings": list(event.warnings),
        "provider_data": event.provider_data,
        "inbound_id": item.inbound_id,
        "occurred_at": event.occurred_at,
        "created_at": item.received_at,
    }


def block_json(block: Block) -> dict[str, object]:
    """Give a block as the store and the API keep it."""
    return {
        "kind": block.kind,
        "text": block.text,
        "html": block.html,
        "quoted": block.quoted,
        "fields": block.fields,
    }


def preview(blocks: Sequence[Block], chars: int) -> str:
    """Give the first words of a message on one line."""
    text = next((block.text for block in blocks if block.text), "")
    return " ".join(text[: chars * 4].split())[:chars]


def fold(subject: str) -> str:
    """Fold a subject for comparison; what a reply prefix is, the channel knows."""
    return _SPACES.sub(" ", subject).strip().casefold()
