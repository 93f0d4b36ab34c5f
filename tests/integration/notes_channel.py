"""A channel for tests: each raw item is a JSON object that says what it decodes to."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from router import Capabilities, Channel, ChannelType
from router.errors import MalformedMessage
from router.messages import (
    Attachment,
    Author,
    Automatic,
    Block,
    DeliveryReport,
    DeliveryState,
    EventKind,
    Evidence,
    EvidenceKind,
    Identity,
    InboundEvent,
    Proof,
    RawInbound,
    Role,
)
from router.model.calls import call_of
from router.threads import PlatformState, Turn


class NotesSettings(BaseModel):
    """Nothing to set."""


class NotesChannel(Channel[NotesSettings]):
    """Decodes what `item` wrote; `{"boom": true}` raises, `{"die": true}` ends its process."""

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        fields = json.loads(raw.raw)
        if fields.get("die"):
            os._exit(1)
        if fields.get("boom"):
            raise ZeroDivisionError("boom")
        if "sender" not in fields:
            raise MalformedMessage("nobody wrote this", code="no_sender")
        return [
            InboundEvent(
                kind=EventKind(fields.get("kind", "message")),
                visible=fields.get("visible", True),
                author=Author(role=Role(fields.get("role", "customer")), identities=_identities(fields)),
                external_id=fields.get("id", ""),
                subject=fields.get("subject", ""),
                subject_key=fields.get("subject", "").casefold(),
                blocks=_blocks(fields),
                attachments=[
                    Attachment(part=str(number), name=name, content_type="text/plain", size_bytes=9)
                    for number, name in enumerate(fields.get("files", []))
                ],
                evidence=[Evidence(kind=EvidenceKind(k), value=v) for k, v in fields.get("evidence", [])],
                automatic=Automatic(fields.get("automatic", "no")),
                context=fields.get("context", {}),
                occurred_at=_time(fields.get("occurred_at")),
                target=fields.get("target", ""),
                report=_report(fields.get("report")),
                sort_key=fields.get("sort_key", ""),
                platform_state=_state(fields.get("state")),
                call=call_of(fields["call"]) if "call" in fields else None,
            )
        ]


def _identities(fields: dict[str, Any]) -> list[Identity]:
    """Read who wrote: `sender` by the means `by`, and what he said of himself in `also`."""
    if not fields["sender"]:
        return []
    own = (fields.get("by", "note"), fields["sender"], fields.get("proof", "unverified"))
    return [
        Identity(kind=kind, value=value, proof=Proof(proof))
        for kind, value, proof in (own, *fields.get("also", ()))
    ]


def _blocks(fields: dict[str, Any]) -> list[Block]:
    if fields.get("kind") == "thread_state" and not fields.get("text"):
        return []
    return [Block(text=fields.get("text", ""), fields=fields.get("fields", {}))]


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _report(fields: dict[str, str] | None) -> DeliveryReport | None:
    if fields is None:
        return None
    at = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
    return DeliveryReport(outgoing_ref=fields["ref"], state=DeliveryState(fields["state"]), at=at)


def _state(fields: dict[str, Any] | None) -> PlatformState | None:
    if fields is None:
        return None
    times = {name: _time(fields.get(name)) for name in ("reply_needed_since", "closes_at")}
    turn = Turn(fields["turn"]) if "turn" in fields else None
    return PlatformState(**{**fields, **times, "turn": turn})


def notes_type(*, joins_open_episode: bool = False, shares_loop: bool = True) -> ChannelType:
    """Describe the channel."""
    return ChannelType(
        id="notes",
        title="Notes",
        settings=NotesSettings,
        capabilities=Capabilities(channel_class="chat", joins_open_episode=joins_open_episode),
        factory=NotesChannel,
        shares_loop=shares_loop,
    )


def item(
    sender: str | None = "ann@shop.example", *, at: datetime, key: str = "", **fields: object
) -> RawInbound:
    """Make a raw item."""
    body = fields if sender is None else {"sender": sender, **fields}
    raw = json.dumps(body).encode()
    return RawInbound(dedupe_key=key or raw.decode(), raw=raw, received_at=at)
