"""Read what a message says; in: the part of a message named by its type, out: neutral blocks and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.messages import Attachment, Block, BlockKind, JsonObject
from router_whatsapp.parsing import object_of, objects, text_of

_MEDIA: Mapping[str, BlockKind] = {
    "image": BlockKind.IMAGE,
    "sticker": BlockKind.IMAGE,
    "video": BlockKind.VIDEO,
    "audio": BlockKind.AUDIO,
    "document": BlockKind.FILE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message is made of."""

    blocks: Sequence[Block]
    attachments: Sequence[Attachment] = ()


def content_of(message: Mapping[str, Any]) -> Content:
    """Read a message of any type; one that is not known is a block that says so."""
    kind = text_of(message.get("type"))
    part = message.get(kind)
    if kind in _MEDIA:
        return _media(kind, object_of(part))
    read = _READERS.get(kind)
    blocks = read(part) if read else ()
    return Content(blocks=tuple(blocks) or (_unsupported(kind, message),))


def _media(kind: str, part: Mapping[str, Any]) -> Content:
    media_id, content_type = text_of(part.get("id")), text_of(part.get("mime_type"))
    name = text_of(part.get("filename")) or f"{kind}.{_ending(content_type)}"
    fields: dict[str, Any] = {"attachment": media_id, "name": name, "content_type": content_type}
    if kind == "sticker" or part.get("voice") is True:
        fields["platform_kind"] = "sticker" if kind == "sticker" else "voice"
    block = Block(kind=_MEDIA[kind], text=text_of(part.get("caption")), fields=fields)
    if not media_id:
        return Content(blocks=(block,))
    # How large it is only the provider knows, until it is fetched.
    file = Attachment(part=media_id, name=name, content_type=content_type, size_bytes=0)
    return Content(blocks=(block,), attachments=(file,))


def _ending(content_type: str) -> str:
    word = content_type.partition(";")[0].rpartition("/")[2].strip()
    return word if word.isalnum() else "bin"


def _text(part: object) -> Sequence[Block]:
    body = text_of(object_of(part).get("body"))
    return [Block(text=body)] if body else []


def _location(part: object) -> Sequence[Block]:
    place = object_of(part)
    told = {name: text_of(place.get(name)) for name in ("latitude", "longitude", "name", "address", "url")}
    fields = {name: value for name, value in told.items() if value}
    words = ", ".join(filter(None, (told["name"], told["address"])))
    return [
        Block(
            kind=BlockKind.LOCATION, text=words or f"{told['latitude']}, {told['longitude']}", fields=fields
        )
    ]


def _contacts(part: object) -> Sequence[Block]:
    return [_contact(one) for one in objects(part)]


def _contact(one: Mapping[str, Any]) -> Block:
    name = text_of(object_of(one.get("name")).get("formatted_name"))
    phones = [text_of(phone.get("phone")) for phone in objects(one.get("phones"))]
    addresses = [text_of(mail.get("email")) for mail in objects(one.get("emails"))]
    fields: JsonObject = {
        "name": name,
        "phone": next(iter(phones), ""),
        "phones": phones,
        "emails": addresses,
    }
    return Block(
        kind=BlockKind.CONTACT, text=", ".join(filter(None, (name, *phones, *addresses))), fields=fields
    )


def _interactive(part: object) -> Sequence[Block]:
    said = object_of(part)
    for answer in ("button_reply", "list_reply"):
        chosen = object_of(said.get(answer))
        if chosen:
            fields = {
                "choice_id": text_of(chosen.get("id")),
                "description": text_of(chosen.get("description")),
            }
            return [Block(kind=BlockKind.CHOICE, text=text_of(chosen.get("title")), fields=fields)]
    form = object_of(said.get("nfm_reply"))
    if form:
        fields = {"name": text_of(form.get("name")), "answers": text_of(form.get("response_json"))}
        return [Block(kind=BlockKind.FORM, text=text_of(form.get("body")), fields=fields)]
    return _question(said)


def _question(said: Mapping[str, Any]) -> Sequence[Block]:
    """Read a question of ours that came back: buttons or a list to choose from."""
    action = object_of(said.get("action"))
    rows = [object_of(one.get("reply")) for one in objects(action.get("buttons"))]
    rows += [row for section in objects(action.get("sections")) for row in objects(section.get("rows"))]
    options = [{"id": text_of(row.get("id")), "title": text_of(row.get("title"))} for row in rows]
    if not options:
        return []
    words = text_of(object_of(said.get("body")).get("text"))
    return [Block(kind=BlockKind.CHOICE, text=words, fields={"options": options})]


def _button(part: object) -> Sequence[Block]:
    pressed = object_of(part)
    fields = {"choice_id": text_of(pressed.get("payload"))}
    return [Block(kind=BlockKind.CHOICE, text=text_of(pressed.get("text")), fields=fields)]


def _order(part: object) -> Sequence[Block]:
    cart = object_of(part)
    words = text_of(cart.get("text"))
    blocks = [Block(text=words)] if words else []
    return blocks + [_product(one, cart) for one in objects(cart.get("product_items"))]


def _product(one: Mapping[str, Any], cart: Mapping[str, Any]) -> Block:
    product, count = text_of(one.get("product_retailer_id")), text_of(one.get("quantity"))
    price = f"{text_of(one.get('item_price'))} {text_of(one.get('currency'))}".strip()
    fields = {
        "product_id": product,
        "catalog_id": text_of(cart.get("catalog_id")),
        "quantity": count,
        "price": price,
    }
    return Block(kind=BlockKind.PRODUCT_CARD, text=f"{count} × {product}, {price}", fields=fields)


def _unsupported(kind: str, message: Mapping[str, Any]) -> Block:
    error = next(iter(objects(message.get("errors"))), {})
    inner = text_of(object_of(message.get("unsupported")).get("type"))
    hint = text_of(object_of(error.get("error_data")).get("details")) or text_of(error.get("title"))
    return Block(kind=BlockKind.UNSUPPORTED, fields={"platform_kind": inner or kind or "none", "hint": hint})


_READERS: Mapping[str, Callable[[object], Sequence[Block]]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
}
