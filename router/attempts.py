"""What a channel gets to send, built from what the store holds. In: a claimed message. Out: an attempt. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from router.fallbacks import carried
from router.messages import AnsweredMessage, Block, BlockKind, OutboundAttempt
from router.storage.deliveries import Claimed
from router.threads import Audience, TemplateUse


def attempt_of(claimed: Claimed, kinds: Collection[str]) -> OutboundAttempt:
    """Build what the channel gets from what the store holds, in blocks of the kinds it can show."""
    row = claimed.row
    template = dict(row["template"] or {})
    # A companion's template has an order for a thread; else it is that of the conversation.
    thread = str(template.pop("thread", "")) or row["thread"]
    return OutboundAttempt(
        attempt_id=claimed.attempt_id,
        number=claimed.number,
        account=row["account"],
        conversation_id=row["strand_id"],
        message_id=row["message_id"],
        outgoing_ref=row["outgoing_ref"],
        seq=row["seq"],
        recipient=row["recipient"],
        blocks=carried([block_of(block) for block in row["blocks"]], kinds),
        created_at=row["written_at"],
        author_name=row["author_name"],
        subject=row["subject"],
        thread=thread,
        reply_token=row["reply_token"] or "",
        answers=_answered(claimed.answers),
        automatic=row["automatic"],
        audience=frozenset(map(Audience, row["audience"] or ("customer",))),
        template=TemplateUse(**template) if template else None,
    )


def _answered(row: Mapping[str, Any] | None) -> AnsweredMessage | None:
    if row is None:
        return None
    return AnsweredMessage(
        external_id=row["external_id"], provider_data=row["provider_data"], opened=row["seq"] == 1
    )


def block_of(block: dict[str, Any]) -> Block:
    """Build a block from its stored form."""
    return Block(
        kind=BlockKind(block["kind"]),
        text=block["text"],
        html=block["html"],
        quoted=block["quoted"],
        fields=block["fields"],
    )
