"""Read stored items; in: one message, echo or status of a webhook with its envelope, out: one event each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.errors import MalformedMessage, RecipientGone
from router.messages import (
    Author,
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
from router_whatsapp.contents import content_of
from router_whatsapp.facts import FACTS
from router_whatsapp.parsing import object_of, objects, read_object, text_of, time_of, whole

PHONE, USER = "whatsapp", "whatsapp_user"
_STATES: Mapping[str, DeliveryState] = {
    "sent": DeliveryState.ACCEPTED,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "played": DeliveryState.READ,
    "failed": DeliveryState.FAILED,
}


def event_of(raw: RawInbound) -> InboundEvent:
    """Read one stored item."""
    found = read_object(raw.raw, "the item")
    what = raw.envelope.get("what")
    if what == "status":
        return _status(found, raw)
    if what == "echo":
        return _echo(found)
    return _message(found, object_of(raw.envelope.get("contact")))


def _message(message: Mapping[str, Any], contact: Mapping[str, Any]) -> InboundEvent:
    phone, user = text_of(message.get("from")), text_of(message.get("from_user_id"))
    if not phone.isdecimal():
        # Who hides his number may stand here with his name for this business.
        phone, user = "", user or phone
    number = text_of(message.get("id"))
    if not number or not (phone or user):
        raise MalformedMessage("a message has an id and a sender", code="no_sender")
    kind = text_of(message.get("type"))
    thread = (Evidence(kind=EvidenceKind.THREAD, value=phone or user),)
    author = Author(
        role=Role.SYSTEM if kind in ("system", "request_welcome") else Role.CUSTOMER,
        identities=_identities(phone, user),
        display=text_of(object_of(contact.get("profile")).get("name")),
    )
    at = time_of(message.get("timestamp"))
    if kind == "reaction":
        return _reaction(message, author, thread)
    if author.role is Role.SYSTEM:
        words = text_of(object_of(message.get("system")).get("body")) or "The customer opened the chat."
        return InboundEvent(
            kind=EventKind.SYSTEM,
            external_id=number,
            occurred_at=at,
            author=author,
            blocks=(Block(text=words),),
            evidence=thread,
            visible=False,
        )
    content = content_of(message)
    return InboundEvent(
        external_id=number,
        occurred_at=at,
        author=author,
        blocks=content.blocks,
        attachments=content.attachments,
        evidence=thread,
        context=_context(message),
        provider_data={"message_id": number},
    )


def _identities(phone: str, user: str) -> tuple[Identity, ...]:
    # The first is where an answer goes. Those who hide their number have only the second.
    known = ((PHONE, phone), (USER, user))
    return tuple(Identity(kind=kind, value=value, proof=Proof.CHANNEL) for kind, value in known if value)


def _context(message: Mapping[str, Any]) -> dict[str, str]:
    """Tell what the message refers to: a message, a product, the advertisement the customer came from."""
    about, referral = object_of(message.get("context")), object_of(message.get("referral"))
    product = object_of(about.get("referred_product"))
    told = {
        "reply_to": text_of(about.get("id")),
        "product_id": text_of(product.get("product_retailer_id")),
        "referral_url": text_of(referral.get("source_url")),
        "referral_title": text_of(referral.get("headline")),
    }
    return {name: value for name, value in told.items() if value}


def _reaction(message: Mapping[str, Any], author: Author, thread: tuple[Evidence, ...]) -> InboundEvent:
    reaction = object_of(message.get("reaction"))
    target, emoji = text_of(reaction.get("message_id")), text_of(reaction.get("emoji"))
    if not target:
        raise MalformedMessage("a reaction names its message", code="no_target")
    return InboundEvent(
        kind=EventKind.REACTION,
        external_id=text_of(message.get("id")),
        occurred_at=time_of(message.get("timestamp")),
        author=author,
        # Without an emoji the customer took his reaction back.
        blocks=(Block(text=emoji),) if emoji else (),
        evidence=thread,
        target=target,
    )


def _echo(message: Mapping[str, Any]) -> InboundEvent:
    """Read what somebody of the shop wrote in the WhatsApp Business app, on the same number."""
    thread = text_of(message.get("to")) or text_of(message.get("to_user_id"))
    number = text_of(message.get("id"))
    if not thread or not number:
        raise MalformedMessage("an echo has an id and a recipient", code="no_recipient")
    author, evidence = Author(role=Role.SHOP), (Evidence(kind=EvidenceKind.THREAD, value=thread),)
    if text_of(message.get("type")) == "reaction":
        return _reaction(message, author, evidence)
    content = content_of(message)
    return InboundEvent(
        external_id=number,
        occurred_at=time_of(message.get("timestamp")),
        author=author,
        blocks=content.blocks,
        attachments=content.attachments,
        evidence=evidence,
    )


def _status(status: Mapping[str, Any], raw: RawInbound) -> InboundEvent:
    """Read what became of a message of ours."""
    number, word = text_of(status.get("id")), text_of(status.get("status"))
    if not number:
        raise MalformedMessage("a status names its message", code="no_target")
    at = time_of(status.get("timestamp")) or raw.received_at
    thread = text_of(status.get("recipient_id")) or text_of(status.get("recipient_user_id"))
    state = _STATES.get(word)
    report = None
    if state is not None:
        detail, is_gone = _failure(status)
        # Our own word comes back with every status, also where the answer to the call was lost.
        ref = text_of(status.get("biz_opaque_callback_data")) or number
        report = DeliveryReport(outgoing_ref=ref, state=state, at=at, detail=detail, address_gone=is_gone)
    return InboundEvent(
        kind=EventKind.RECEIPT if report else EventKind.SYSTEM,
        occurred_at=at,
        author=Author(role=Role.SYSTEM),
        blocks=() if report else (Block(text=f"WhatsApp says {word!r} of a message."),),
        evidence=(Evidence(kind=EvidenceKind.THREAD, value=thread),) if thread else (),
        visible=False,
        target=number,
        report=report,
    )


def _failure(status: Mapping[str, Any]) -> tuple[str, bool]:
    """Give the provider's words for a failure, and whether the customer is gone for good."""
    error = next(iter(objects(status.get("errors"))), {})
    if not error:
        return "", False
    code = whole(error.get("code"))
    words = text_of(object_of(error.get("error_data")).get("details")) or text_of(error.get("title"))
    known = FACTS.refusal(code) if code is not None else None
    return f"{code}: {words}"[:300], known is not None and known.error is RecipientGone
