"""A Cloud API that remembers; in: calls of the plugin and customers' words, out: answers and signed webhooks."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import BodyPartReader, web

from router.testing import FakeMessage, Responder, StatefulFake, json_answer
from router_whatsapp.facts import FACTS

APP_SECRET, VERIFY_TOKEN = "simulated-app-secret", "simulated-verify-token"
BUSINESS, NUMBER, DISPLAY = "102290129340398", "106540352242922", "15550783881"
LINK_LASTS = timedelta(minutes=5)
TOKEN_S = 30 * 86_400.0
TEMPLATES_PER_PAGE = 2
MESSAGES = "POST /{version}/{number}/messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that lies at the provider."""

    content: bytes
    content_type: str


def refused_with(code: int, words: str) -> dict[str, Any]:
    """Give the body with which the Graph API refuses."""
    details = {"messaging_product": "whatsapp", "details": words}
    return {
        "error": {
            "message": f"(#{code}) {words}",
            "type": "OAuthException",
            "code": code,
            "error_data": details,
            "fbtrace_id": "Az8or2yhqkZfEZ",
        }
    }


def _template(name: str, status: str, *components: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"9{len(name):014}",
        "name": name,
        "language": "en_US",
        "status": status,
        "category": "UTILITY",
        "components": list(components),
    }


_BODY = {
    "type": "BODY",
    "text": "Hello {{1}}, your order {{2}} has left.",
    "example": {"body_text": [["Ann", "1001"]]},
}
TEMPLATES: Sequence[Mapping[str, Any]] = (
    _template("order_left", "APPROVED", _BODY, {"type": "FOOTER", "text": "Thank you."}),
    _template("with_picture", "APPROVED", {"type": "HEADER", "format": "IMAGE"}, _BODY),
    _template("coming_soon", "PENDING", {"type": "HEADER", "format": "TEXT", "text": "News"}, _BODY),
    _template("never", "REJECTED", _BODY),
    _template("shop_hours", "APPROVED", {"type": "BODY", "text": "We are open from nine to six."}),
)


class FakeCloud(StatefulFake):
    """One business account with one number. `heard` says when each customer last wrote."""

    def __init__(self) -> None:
        self.heard: dict[str, datetime] = {}
        self.files: dict[str, StoredFile] = {}
        self.read: list[str] = []
        self._links: dict[str, tuple[str, datetime]] = {}
        super().__init__()
        self.token = self.issue_token(TOKEN_S)

    def routes(self) -> Iterable[tuple[str, str, Responder]]:
        """Give the calls the plugin makes."""
        yield "GET", "/files/{link}", self._get_file
        yield "POST", "/{version}/{number}/messages", self._post_message
        yield "POST", "/{version}/{number}/media", self._post_media
        yield "GET", "/{version}/{business}/message_templates", self._get_templates
        yield "GET", "/{version}/{media}", self._get_media

    # what customers and the provider do

    def webhook(self, value: Mapping[str, Any], *, number: str = NUMBER, field: str = "messages") -> bytes:
        """Write the webhook for news of a number."""
        metadata = {"display_phone_number": DISPLAY, "phone_number_id": number}
        told = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {"id": BUSINESS, "changes": [{"field": field, "value": told}]}
        return json.dumps(
            {"object": "whatsapp_business_account", "entry": [entry]}, ensure_ascii=False
        ).encode("utf-8", "surrogatepass")

    def keep_file(self, media_id: str, content: bytes, content_type: str) -> None:
        """Let a customer's file lie at the provider."""
        self.files[media_id] = StoredFile(content=content, content_type=content_type)

    def status_of(self, message: FakeMessage, word: str) -> dict[str, Any]:
        """Tell what became of a message of the shop."""
        document = message.fields["document"]
        return {
            "id": wamid(message),
            "status": word,
            "timestamp": str(int(self.clock.now().timestamp())),
            "recipient_id": message.thread,
            "biz_opaque_callback_data": document.get("biz_opaque_callback_data", ""),
        }

    def echo_of(self, message: FakeMessage) -> dict[str, Any]:
        """Tell of a message as the Business app's own messages are told of."""
        document = message.fields["document"]
        kind = document["type"]
        return {
            "from": DISPLAY,
            "to": message.thread,
            "id": wamid(message),
            "timestamp": str(int(message.at.timestamp())),
            "type": kind,
            kind: document[kind],
        }

    # what the plugin calls

    def _denied(self, request: web.Request) -> web.Response | None:
        if self.token_is_good(request.headers.get("Authorization", "")):
            return None
        return json_answer(refused_with(190, "Error validating access token"), status=401)

    async def _post_message(self, request: web.Request) -> web.StreamResponse:
        denied = self._denied(request)
        if denied is not None:
            return denied
        document = await request.json()
        if document.get("status") == "read":
            self.read.append(document["message_id"])
            return json_answer({"success": True})
        to = document.get("to") or document.get("recipient")
        refusal = self._refusal(document, to)
        if refusal is not None:
            return json_answer(refusal, status=400)
        held = self._hold > 0
        message = self.commit(
            to, json.dumps(document, ensure_ascii=False), kind=document["type"], document=document
        )
        status = "held_for_quality_assessment" if held else "accepted"
        return json_answer(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": to, "wa_id": to}],
                "messages": [{"id": wamid(message), "message_status": status}],
            }
        )

    def _refusal(self, document: Mapping[str, Any], to: str) -> dict[str, Any] | None:
        kind = document["type"]
        heard_at = self.heard.get(to)
        window = timedelta(seconds=FACTS.limits.window_s)
        if kind != "template" and (heard_at is None or self.clock.now() - heard_at >= window):
            return refused_with(131047, "More than 24 hours have passed since the customer last replied")
        if kind == "template":
            known = {one["name"]: one for one in TEMPLATES if one["status"] == "APPROVED"}
            name = document["template"]["name"]
            if name not in known:
                return refused_with(132001, f"template name ({name}) does not exist in en_US")
        part = document.get(kind) or {}
        if kind in ("image", "video", "audio", "document") and part.get("id", "") not in {"", *self.files}:
            return refused_with(131053, "there is no such file")
        return None

    async def _post_media(self, request: web.Request) -> web.StreamResponse:
        denied = self._denied(request)
        if denied is not None:
            return denied
        content, content_type, product = b"", "", ""
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "file":
                content, content_type = bytes(await part.read()), part.headers.get("Content-Type", "")
            elif part.name == "messaging_product":
                product = await part.text()
        if product != "whatsapp" or not content:
            return json_answer(refused_with(100, "messaging_product and file are required"), status=400)
        media_id = str(4490709327384033 + len(self.files))
        self.keep_file(media_id, content, content_type)
        return json_answer({"id": media_id})

    async def _get_media(self, request: web.Request) -> web.StreamResponse:
        denied = self._denied(request)
        if denied is not None:
            return denied
        media_id = request.match_info["media"]
        stored = self.files.get(media_id)
        if stored is None:
            words = f"Object with ID '{media_id}' does not exist"
            return json_answer(refused_with(100, words), status=400)
        link = str(len(self._links) + 1)
        self._links[link] = (media_id, self.clock.now() + LINK_LASTS)
        return json_answer(
            {
                "id": media_id,
                "messaging_product": "whatsapp",
                "mime_type": stored.content_type,
                "sha256": hashlib.sha256(stored.content).hexdigest(),
                "file_size": str(len(stored.content)),
                "url": f"{self.url}/files/{link}",
            }
        )

    async def _get_file(self, request: web.Request) -> web.StreamResponse:
        denied = self._denied(request)
        if denied is not None:
            return denied
        media_id, ends_at = self._links.get(request.match_info["link"], ("", self.clock.now()))
        if self.clock.now() >= ends_at:
            return web.Response(status=404)
        stored = self.files[media_id]
        return web.Response(body=stored.content, headers={"Content-Type": stored.content_type})

    async def _get_templates(self, request: web.Request) -> web.StreamResponse:
        denied = self._denied(request)
        if denied is not None:
            return denied
        first = int(request.query.get("after", "0"))
        last = first + TEMPLATES_PER_PAGE
        paging: dict[str, Any] = {"cursors": {"before": str(first), "after": str(last)}}
        if last < len(TEMPLATES):
            paging["next"] = f"{self.url}{request.path}?after={last}"
        return json_answer({"data": list(TEMPLATES[first:last]), "paging": paging})


def wamid(message: FakeMessage) -> str:
    """Give a message's id as the provider writes it."""
    return f"wamid.{message.id}"


def signature_of(body: bytes, secret: str = APP_SECRET) -> str:
    """Sign a webhook."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
