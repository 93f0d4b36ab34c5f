"""Write one message for the Cloud API; in: an outbound attempt, out: its document, or the place that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from router.errors import ContentRejected
from router.messages import Block, BlockKind, OutboundAttempt
from router_whatsapp.facts import FACTS
from router_whatsapp.parsing import objects, text_of
from router_whatsapp.templates import template_part

_LIMITS = FACTS.limits
_MEDIA: Mapping[BlockKind, str] = {
    BlockKind.IMAGE: "image",
    BlockKind.VIDEO: "video",
    BlockKind.AUDIO: "audio",
    BlockKind.FILE: "document",
}
_WITHOUT_CAPTION = frozenset({"audio"})


def message_of(attempt: OutboundAttempt) -> dict[str, Any]:
    """Give the document of one message."""
    kind, part = (
        ("template", template_part(attempt.template)) if attempt.template else _content(attempt.blocks)
    )
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **address_of(attempt.recipient or attempt.thread),
        "type": kind,
        kind: part,
        # Comes back with every status, so a message whose answer was lost is known by its first one.
        "biz_opaque_callback_data": attempt.outgoing_ref,
    }


def address_of(recipient: str) -> dict[str, str]:
    """Address by number; those who hide theirs have a name that is valid for this business alone."""
    return {"to": recipient} if recipient.lstrip("+").isdecimal() else {"recipient": recipient}


def _content(blocks: Sequence[Block]) -> tuple[str, Any]:
    told = [block for block in blocks if block.kind is not BlockKind.TEXT or block.text.strip()]
    if not told:
        raise ContentRejected("there is nothing to send", code="empty", part="text")
    if all(block.kind is BlockKind.TEXT for block in told):
        return "text", {
            "body": _within("\n\n".join(block.text for block in told), _LIMITS.text_chars, "text")
        }
    if len(told) > 1:
        raise ContentRejected(
            "WhatsApp takes one kind of content in a message; send text and file one by one",
            code="one_kind",
            part="blocks",
        )
    write = _WRITERS.get(told[0].kind)
    if write is None:
        raise ContentRejected(f"WhatsApp has no {told[0].kind.value}", code="kind", part="blocks")
    return write(told[0])


def _within(text: str, most: int, part: str) -> str:
    if len(text) > most:
        raise ContentRejected(
            f"the text has {len(text)} characters, WhatsApp takes {most}", code="too_long", part=part
        )
    return text


def _media(block: Block) -> tuple[str, Any]:
    kind = _MEDIA[block.kind]
    media_id, url = text_of(block.fields.get("media_id")), text_of(block.fields.get("url"))
    if not media_id and not url:
        raise ContentRejected("the file has not been brought up", code="no_file", part="attachment")
    part = {"id": media_id} if media_id else {"link": url}
    name = text_of(block.fields.get("name"))
    if kind == "document" and name:
        part["filename"] = name
    if block.text and kind not in _WITHOUT_CAPTION:
        part["caption"] = _within(block.text, _LIMITS.caption_chars, "text")
    return kind, part


def _location(block: Block) -> tuple[str, Any]:
    told = {name: text_of(block.fields.get(name)) for name in ("latitude", "longitude", "name", "address")}
    if not told["latitude"] or not told["longitude"]:
        raise ContentRejected("a location has latitude and longitude", code="no_place", part="location")
    return "location", {name: value for name, value in told.items() if value}


def _contact(block: Block) -> tuple[str, Any]:
    name, phone = text_of(block.fields.get("name")), text_of(block.fields.get("phone"))
    if not name:
        raise ContentRejected("a contact has a name", code="no_name", part="contact")
    words = {"formatted_name": name, "first_name": name.partition(" ")[0]}
    card: dict[str, Any] = {"name": words}
    if phone:
        card["phones"] = [{"phone": phone}]
    return "contacts", [card]


def _choice(block: Block) -> tuple[str, Any]:
    """Ask with buttons, or with a list where there are more options than buttons."""
    options = objects([*_listed(block.fields.get("options"))])
    if not options or len(options) > _LIMITS.rows:
        raise ContentRejected(f"a question has 1 to {_LIMITS.rows} options", code="options", part="options")
    body = {"text": _within(block.text or "?", _LIMITS.body_chars, "text")}
    if len(options) <= _LIMITS.buttons:
        buttons = [{"type": "reply", "reply": _option(one, _LIMITS.button_chars)} for one in options]
        return "interactive", {"type": "button", "body": body, "action": {"buttons": buttons}}
    title = text_of(block.fields.get("title")) or "…"
    rows = [_option(one, _LIMITS.row_chars) for one in options]
    action = {
        "button": _within(title, _LIMITS.button_chars, "title"),
        "sections": [{"title": title, "rows": rows}],
    }
    return "interactive", {"type": "list", "body": body, "action": action}


def _listed(options: object) -> Sequence[Mapping[str, Any]]:
    """Give the options as objects; a bare text is its own id."""
    if not isinstance(options, list | tuple):
        return []
    return [dict(one) if isinstance(one, Mapping) else {"title": text_of(one)} for one in options]


def _option(one: Mapping[str, Any], most: int) -> dict[str, str]:
    title = _within(text_of(one.get("title")), most, "options")
    if not title:
        raise ContentRejected("an option has a title", code="options", part="options")
    return {"id": text_of(one.get("id")) or title, "title": title}


_WRITERS: Mapping[BlockKind, Callable[[Block], tuple[str, Any]]] = {
    **dict.fromkeys(_MEDIA, _media),
    BlockKind.LOCATION: _location,
    BlockKind.CONTACT: _contact,
    BlockKind.CHOICE: _choice,
}
