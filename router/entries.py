"""One event as an entry of its conversation: the rows of a message and of its files, and their first words.

In: an event, its item and its conversation. Out: plain rows for the store. Pure; ids are added by filing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from router.demand import asks_for_answer, is_ours, is_read_by_customer
from router.messages import Attachment, Block, EventKind, InboundEvent
from router.model.filing import Decoded, FiledAs, Point, Row, Shelved
from router.threads import Audience

PREVIEW_CHARS = 200

_SPACES = re.compile(r"\s+")
_CUSTOMER_ALONE = frozenset({Audience.CUSTOMER})


def message_row(
    item: Decoded,
    event: InboundEvent,
    conversation: Shelved,
    whole: Shelved,
    point: Point | None,
    outcome: FiledAs,
) -> Row:
    """Give the row of an event's entry, without its id; `whole` is what its conversation is part of."""
    return {
        **_place_of(conversation, whole),
        "seq": conversation.last_seq if is_read_by_customer(event) else None,
        "direction": _direction(event),
        "kind": event.kind,
        "role": event.author.role,
        "author_name": event.author.display or (point.contact_name if point else ""),
        "agent_id": None,
        "account": item.account,
        "contact_point_id": point.id if point else conversation.contact_point_id,
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
        "sort_key": event.sort_key,
        "audience": audience_json(event.audience),
        "sent_outside": is_ours(event),
        "recalled_at": None,
        "edited_at": None,
        "versions": [],
        "reactions": [],
        "unmet_target": None,
    }


def without_recalled_words(event: InboundEvent) -> InboundEvent:
    """Take from a recall what it takes back: some providers send the words along once more."""
    if event.kind is not EventKind.RECALL:
        return event
    return replace(event, blocks=(), attachments=())


def _place_of(conversation: Shelved, whole: Shelved) -> Row:
    return {
        "conversation_id": whole.id,
        "strand_id": conversation.id,
        "home_id": conversation.continues_in or conversation.id,
        "episode_id": whole.episode_id,
    }


def _direction(event: InboundEvent) -> str:
    if is_ours(event) and event.visible:
        return "outbound"
    return "inbound" if asks_for_answer(event) else "event"


def file_row(attachment: Attachment, message_id: str, inbound_id: str) -> Row:
    """Give the row of a file of an entry, without its id."""
    return {
        "message_id": message_id,
        "inbound_id": inbound_id,
        "part": attachment.part,
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size_bytes": attachment.size_bytes,
        "content_id": attachment.content_id,
        "inline": attachment.inline,
    }


def audience_json(audience: frozenset[Audience]) -> list[str] | None:
    """Give who reads a message as the store keeps it: nothing for the customer alone."""
    return None if audience == _CUSTOMER_ALONE else sorted(audience)


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
    return _first_words((block.text for block in blocks), chars)


def preview_of(blocks: Iterable[Mapping[str, object]]) -> str:
    """Give the first words of stored blocks."""
    return _first_words((str(block["text"]) for block in blocks), PREVIEW_CHARS)


def _first_words(texts: Iterable[str], chars: int) -> str:
    text = next((text for text in texts if text), "")
    return " ".join(text[: chars * 4].split())[:chars]


def subject_of_conversation(event: InboundEvent) -> str:
    """Give what a conversation is called that an event opens."""
    return event.subject or preview(event.blocks, 80)


def fold(subject: str) -> str:
    """Fold a subject for comparison; what a reply prefix is, the channel knows."""
    return _SPACES.sub(" ", subject).strip().casefold()
