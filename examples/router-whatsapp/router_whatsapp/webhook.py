"""Take one webhook call; in: raw bytes with their signature, out: items stored with the number they belong to.

One app has one webhook for all its numbers, so a call may hold news of several. Each item goes to its own
number's account and to no other. What belongs to a number that is not served here is answered "later", so that
nothing is lost while an account is down or forgotten.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from router import ChannelContext, Health, HttpReply
from router.errors import InboundRejected
from router.messages import RawInbound
from router_whatsapp.parsing import object_of, objects, read_object, text_of
from router_whatsapp.settings import WhatsAppSettings
from router_whatsapp.standing import standing_of

SIGNATURE = "x-hub-signature-256"
_LATER = HttpReply(status=503, headers={"Retry-After": "60"})
# Name of the list in a webhook's value, and what its members are.
_LISTS = {"messages": "message", "message_echoes": "echo", "statuses": "status"}


class Number(Protocol):
    """An open account, as far as webhooks concern it."""

    settings: WhatsAppSettings
    ctx: ChannelContext
    app_secret: str
    verify_token: str

    def stand(self, health: Health) -> None:
        """Take note of how the account stands with the provider."""
        ...


def header_of(headers: Mapping[str, str], name: str) -> str:
    """Give a header whatever the case of its name; empty when there is none."""
    return next((value for known, value in headers.items() if known.lower() == name), "")


def is_signed(body: bytes, given: str, secret: str) -> bool:
    """Tell whether the app with this secret signed these bytes."""
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={made}".encode(), given.encode("utf-8", "replace"))


def answer_challenge(query: Mapping[str, str], numbers: Sequence[Number]) -> HttpReply:
    """Answer the call with which the provider checks a new address; raises InboundRejected."""
    token = query.get("hub.verify_token", "").encode("utf-8", "replace")
    known = [hmac.compare_digest(number.verify_token.encode(), token) for number in numbers]
    if query.get("hub.mode") != "subscribe" or not any(known):
        raise InboundRejected("the verify token is not ours")
    challenge = query.get("hub.challenge", "")[:1000].encode("utf-8", "replace")
    # As plain text: a browser that is led here must not run what stands in the address.
    return HttpReply(body=challenge, headers={"Content-Type": "text/plain; charset=utf-8"})


async def take(body: bytes, signature: str, numbers: Sequence[Number]) -> HttpReply:
    """Store what is for these numbers; raises InboundRejected when none of their apps signed it."""
    signed = [number for number in numbers if is_signed(body, signature, number.app_secret)]
    if not signed:
        raise InboundRejected("the webhook is not signed with the secret of a known app")
    served = {number.settings.phone_number_id: number for number in signed}
    elsewhere = {other for number in signed for other in number.settings.other_numbers}
    unserved: set[str] = set()
    for business, change in _changes(read_object(body, "the webhook")):
        value = object_of(change.get("value"))
        _tell_standing(signed, business, text_of(change.get("field")), value)
        number_id = text_of(object_of(value.get("metadata")).get("phone_number_id"))
        number = served.get(number_id)
        if number is None:
            unserved |= {number_id} - elsewhere if any(value.get(name) for name in _LISTS) else set()
            continue
        items = items_of(value, business, number)
        if items:
            await number.ctx.accept(items)
        _tell(number, value)
    for number_id in sorted(unserved):
        signed[0].ctx.log.warning(
            "a webhook is for a number that is not served here; see `other_numbers`",
            extra={"phone_number_id": number_id[:40]},
        )
    return _LATER if unserved else HttpReply()


def items_of(value: Mapping[str, Any], business: str, number: Number) -> list[RawInbound]:
    """Cut the value of one change into its messages, echoes and statuses, in their order."""
    contacts = objects(value.get("contacts"))
    now, items = number.ctx.clock.now(), []
    for name, what in _LISTS.items():
        for one in objects(value.get(name)):
            envelope: dict[str, Any] = {
                "what": what,
                "business_account_id": business,
                "phone_number_id": number.settings.phone_number_id,
            }
            contact = _contact_of(one, contacts) if what == "message" else None
            if contact is not None:
                name = text_of(object_of(contact.get("profile")).get("name"))
                envelope["contact"] = {"profile": {"name": name}}
            raw = json.dumps(one, ensure_ascii=False).encode("utf-8", "surrogatepass")
            items.append(
                RawInbound(dedupe_key=_key(what, one, raw), raw=raw, received_at=now, envelope=envelope)
            )
    return items


def _key(what: str, one: Mapping[str, Any], raw: bytes) -> str:
    number = text_of(one.get("id"))
    if not number:
        return f"{what}:#{hashlib.blake2b(raw, digest_size=16).hexdigest()}"
    if what == "status":
        return f"status:{number}:{text_of(one.get('status'))}:{text_of(one.get('timestamp'))}"
    return f"{what}:{number}"


def _contact_of(one: Mapping[str, Any], contacts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Find who wrote: one webhook may bring messages of several people."""
    known = {text_of(one.get("from")), text_of(one.get("from_user_id"))} - {""}
    mine = (each for each in contacts if known & {text_of(each.get("wa_id")), text_of(each.get("user_id"))})
    return next(mine, None)


def _changes(document: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
    entries = objects(document.get("entry"))
    return [(text_of(entry.get("id")), one) for entry in entries for one in objects(entry.get("changes"))]


def _tell_standing(numbers: Sequence[Number], business: str, field: str, value: Mapping[str, Any]) -> None:
    """Tell the numbers of a business account how it stands; such news names no number by its id."""
    for number in numbers:
        health = standing_of(field, value, number.ctx.clock.now())
        if health is not None and number.settings.business_account_id == business:
            number.stand(health)


def _tell(number: Number, value: Mapping[str, Any]) -> None:
    """Log what went wrong at the provider with no message of its own."""
    for error in objects(value.get("errors")):
        number.ctx.log.warning(
            "WhatsApp reports an error of the number",
            extra={"code": text_of(error.get("code")), "title": text_of(error.get("title"))[:200]},
        )
