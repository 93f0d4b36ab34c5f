"""Pure translation between the wire and the router's words: frame text to frames and events, and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from router.errors import MalformedMessage
from router.messages import (
    Author,
    Block,
    BlockKind,
    EventKind,
    Evidence,
    EvidenceKind,
    FiledMessage,
    Identity,
    InboundEvent,
    JsonObject,
    Proof,
    RawInbound,
    Role,
    ThreadEvent,
)
from router_webchat.frames import (
    MAX_SCORE,
    AnyClientFrame,
    Csat,
    End,
    Event,
    EventAuthor,
    EventBody,
    EventFile,
    FiledFrame,
    Msg,
    ServerFrame,
)


class _Head(msgspec.Struct, frozen=True):
    """The part of a frame that says what it is."""

    type: str


_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyClientFrame)
_HEAD = msgspec.json.Decoder(_Head)
_ENCODER = msgspec.json.Encoder()
_FILES = (BlockKind.IMAGE, BlockKind.FILE)
_KINDS = frozenset({"hello", "msg", "typing", "read", "ack", "page", "context", "end", "csat", "ping"})


def parse_frame(text: str | bytes) -> AnyClientFrame:
    """Read one client frame; MalformedMessage with code `unsupported` (unknown kind) or `bad_frame`."""
    try:
        frame: AnyClientFrame = _DECODER.decode(text)
    except msgspec.ValidationError as error:
        kind = _kind_of(text)
        if kind and kind not in _KINDS:
            raise MalformedMessage(
                f"frames of kind {kind[:40]!r} are not known", code="unsupported"
            ) from None
        raise MalformedMessage(f"bad frame: {error}", code="bad_frame") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise MalformedMessage(f"a frame must be one JSON object: {error}", code="bad_frame") from None
    except RecursionError:
        raise MalformedMessage("the frame is nested too deeply", code="bad_frame") from None
    return frame


def _kind_of(text: str | bytes) -> str:
    """Give the kind of a frame that is JSON but not one of ours."""
    try:
        return _HEAD.decode(text).type
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""


def encode(frame: ServerFrame) -> str:
    """Write one server frame as JSON text."""
    return _ENCODER.encode(frame).decode()


def raw_inbound(
    text: str, frame: FiledFrame, visitor_id: str, envelope: JsonObject, at: datetime
) -> RawInbound:
    """Wrap a frame as it came; the key makes a repeat of the same `cid` a duplicate."""
    return RawInbound(
        dedupe_key=f"{visitor_id}:{frame.cid}",
        raw=text.encode(),
        received_at=at,
        envelope={"visitor": visitor_id, **envelope},
    )


def decode(raw: RawInbound) -> list[InboundEvent]:
    """Read what a stored frame means; MalformedMessage when it is none of the frames that are stored."""
    visitor_id = raw.envelope.get("visitor")
    if not isinstance(visitor_id, str) or not visitor_id:
        raise MalformedMessage("the envelope names no visitor", code="no_sender")
    frame = parse_frame(raw.raw)
    if isinstance(frame, Msg):
        kind, blocks = EventKind.MESSAGE, _blocks(frame)
        stated: JsonObject = {}
    elif isinstance(frame, End):
        kind, blocks = EventKind.THREAD_STATE, []
        stated = {"state": "ended"}
    elif isinstance(frame, Csat):
        kind, blocks = EventKind.SYSTEM, [Block(text=f"{_stars(frame.score)} {frame.comment}".rstrip())]
        stated = {"score": frame.score, "comment": frame.comment}
    else:
        raise MalformedMessage(f"a {type(frame).__name__} frame is not stored", code="bad_frame")
    return [_event(raw, visitor_id, kind, frame.cid, blocks, stated)]


def _event(
    raw: RawInbound, visitor_id: str, kind: EventKind, cid: str, blocks: list[Block], stated: JsonObject
) -> InboundEvent:
    """Put an event together from a frame and what its socket knew."""
    envelope = raw.envelope
    locale, name = envelope.get("locale"), envelope.get("name")
    context = {
        key: envelope[key]
        for key in ("page", "locale", "name", "email", "order", "product")
        if key in envelope
    }
    return InboundEvent(
        kind=kind,
        external_id=cid,
        occurred_at=raw.received_at,
        author=Author(
            role=Role.CUSTOMER,
            identities=_identities(visitor_id, envelope),
            display=name if isinstance(name, str) else "",
        ),
        blocks=blocks,
        evidence=(Evidence(kind=EvidenceKind.THREAD, value=visitor_id),),
        visible=kind is EventKind.MESSAGE,
        language=locale if isinstance(locale, str) else "",
        context={**context, **stated},
    )


def _identities(visitor_id: str, envelope: JsonObject) -> tuple[Identity, ...]:
    """Give the visitor, and the address the page or he himself stated, which proves nothing."""
    visitor, email = Identity(kind="visitor", value=visitor_id, proof=Proof.CHANNEL), envelope.get("email")
    return (visitor, Identity(kind="email", value=email)) if isinstance(email, str) and email else (visitor,)


def _stars(score: int) -> str:
    return "★" * score + "☆" * (MAX_SCORE - score)


def _blocks(frame: Msg) -> list[Block]:
    """Give the content of a message; NUL is the one character no database text may hold."""
    text = frame.body.text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if frame.kind != "text":
        return [Block(kind=BlockKind.UNSUPPORTED, text=text, fields={"platform_kind": frame.kind})]
    return [Block(text=text)]


def own_entry(raw: RawInbound, filed: FiledMessage) -> ThreadEvent:
    """Give a message of the visitor as the thread shows it, once it is known where it was filed."""
    [event] = decode(raw)
    return ThreadEvent(
        seq=filed.seq,
        id=filed.message_id,
        at=filed.at,
        kind=event.kind.value,
        role=event.author.role,
        author_name=event.author.display,
        blocks=event.blocks,
        external_id=event.external_id,
    )


def event_of(event: ThreadEvent) -> Event:
    """Give a thread entry as the frame a visitor gets."""
    own = event.role is Role.CUSTOMER
    return Event(
        seq=event.seq,
        id=event.id,
        ts=event.at,
        kind=event.kind,
        author=EventAuthor(role=event.role.value, name="" if own else event.author_name),
        body=_body(event.blocks),
        cid=event.external_id if own else "",
    )


def _body(blocks: Sequence[Block]) -> EventBody:
    """Part words from files; a file's name is not said twice."""
    files = [block for block in blocks if block.kind in _FILES and block.fields.get("attachment")]
    return EventBody(
        text="\n".join(block.text for block in blocks if block.text and block not in files),
        files=tuple(_file(block.fields) for block in files) or msgspec.UNSET,
    )


def _file(fields: JsonObject) -> EventFile:
    size = fields.get("size_bytes")
    return EventFile(
        id=str(fields["attachment"]),
        name=str(fields.get("name", "")),
        content_type=str(fields.get("content_type", "")),
        size_bytes=size if isinstance(size, int) else 0,
    )
