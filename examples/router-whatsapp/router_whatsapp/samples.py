"""Messages of every kind as webhooks bring them; in: nothing, out: stored items for tests of the channel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from router.messages import RawInbound
from router_whatsapp.fake_cloud import BUSINESS, NUMBER

ANN, HIDDEN = "16505551234", "US.13491208655302741918"
PICTURE, VOICE = "2754859441498128", "2754859441498129"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_NAMES = {ANN: "Ann", HIDDEN: "Somebody"}


def message(
    number: int | str, kind: str, part: object, *, sender: str = ANN, **more: object
) -> dict[str, Any]:
    """Write a customer's message."""
    known = {"from": sender} if sender.isdecimal() else {"from_user_id": sender}
    said = {kind: part} if part is not None else {}
    at = str(int(AT.timestamp()))
    return {**known, "id": f"wamid.C{number}", "timestamp": at, "type": kind, **said, **more}


def stored(one: Mapping[str, Any], what: str = "message") -> RawInbound:
    """Write down an item as the channel stores it."""
    envelope: dict[str, Any] = {"what": what, "business_account_id": BUSINESS, "phone_number_id": NUMBER}
    if what == "message":
        envelope["contact"] = contact_of(one)
    key = f"{what}:{one['id']}"
    if what == "status":
        key += f":{one['status']}:{one['timestamp']}"
    raw = json.dumps(one, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return RawInbound(dedupe_key=key, raw=raw, received_at=AT, envelope=envelope)


def contact_of(one: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the provider tells of a message's author."""
    phone, user = one.get("from", ""), one.get("from_user_id", "")
    known = {"wa_id": phone} if phone else {"user_id": user}
    return {"profile": {"name": _NAMES.get(phone or user, "A customer")}, **known}


def messages() -> Sequence[Mapping[str, Any]]:
    """Give a message of every kind the provider has."""
    picture = {"id": PICTURE, "mime_type": "image/jpeg", "sha256": "81d3bd8a", "caption": "It came like this"}
    voice = {"id": VOICE, "mime_type": "audio/ogg; codecs=opus", "sha256": "91d3bd8a", "voice": True}
    paper = {"id": "2754859441498130", "mime_type": "application/pdf", "filename": "bill.pdf"}
    card = {
        "name": {"formatted_name": "Bob Ray", "first_name": "Bob"},
        "phones": [{"phone": "+1 650 555 9999"}],
    }
    items = [{"product_retailer_id": "SKU-1", "quantity": 2, "item_price": 29.5, "currency": "USD"}]
    refused = [{"code": 131051, "title": "Message type unknown", "error_data": {"details": "Not supported."}}]
    return (
        message(1, "text", {"body": "Where is my parcel? 😟"}),
        message(2, "image", picture),
        message(3, "audio", voice),
        message(4, "video", {"id": "2754859441498131", "mime_type": "video/mp4"}),
        message(5, "document", paper),
        message(6, "sticker", {"id": "2754859441498132", "mime_type": "image/webp", "animated": False}),
        message(7, "location", {"latitude": 55.7558, "longitude": 37.6173, "name": "Home"}),
        message(8, "contacts", [card]),
        message(9, "interactive", {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}),
        message(10, "interactive", {"type": "list_reply", "list_reply": {"id": "r2", "title": "Tomorrow"}}),
        message(11, "button", {"text": "Stop", "payload": "stop"}),
        message(12, "order", {"catalog_id": "194836987003835", "text": "Please", "product_items": items}),
        message(13, "reaction", {"message_id": "wamid.C1", "emoji": "👍"}),
        message(14, "unsupported", {"type": "edit"}, errors=refused),
        message(
            15,
            "system",
            {"type": "user_changed_number", "wa_id": "16505554321", "body": "Ann has a new number"},
        ),
        message(16, "text", {"body": "I do not show my number"}, sender=HIDDEN),
    )


def samples() -> Sequence[RawInbound]:
    """Give all of them as stored items, and a status."""
    at = str(int(AT.timestamp()))
    status = {"id": "wamid.OLD", "status": "read", "timestamp": at, "recipient_id": ANN}
    return [*(stored(one) for one in messages()), stored(status, "status")]
