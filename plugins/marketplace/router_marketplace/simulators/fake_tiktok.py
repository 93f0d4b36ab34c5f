"""TikTok Shop's customer service as a fake that remembers; in: signed calls, out: the answers it would give.

It checks what the platform checks: signature, clock, token, shop, and whether the chat may be written to.
Its ids are longer than a float can hold, and its index grows without being dense.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from router.testing import FakeMessage, FakeThread, FakeUser, Push, Responder, StatefulFake, json_answer
from router_marketplace.signing.clocks import TIKTOK_WINDOW
from router_marketplace.signing.pushes import app_key_push
from router_marketplace.signing.western import tiktok_signature
from router_marketplace.tiktok.facts import FACTS

APP_KEY = "6abcd1234efgh"
APP_SECRET = "simulated-app-secret"
SHOP_CIPHER = "ROW_simulated"
SHOP_ID = "7494049642642441621"
TIPS = "This message can only be read in the seller centre."
EXPIRED, BAD_SIGNATURE, NOT_ALLOWED, BAD_WORDS, TOO_LONG = 105002, 106001, 45109001, 45101006, 45101001

_SERVICE = "/customer_service/202309"
_FIRST_ID = 7_494_560_109_732_334_261
_STEP = 37
_BUYER_SHIFT = 7_000_000_000_000_000_000
_ROLES = {
    "customer": "BUYER",
    "shop": "SHOP",
    "agent": "CUSTOMER_SERVICE",
    "system": "SYSTEM",
    "bot": "ROBOT",
}

_ROLE_OF = {told: role for role, told in _ROLES.items()}


class FakeTiktok(StatefulFake):
    """One shop with its buyers; `forbidden` are words moderation refuses."""

    shop = FakeUser(id="7494049642642449999", name="Simulated shop", role="shop")

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: set[str] = set()
        self.uploads: list[bytes] = []
        self.refresh_token = "refresh-1"

    def routes(self) -> Iterable[tuple[str, str, Responder]]:
        """Name the five calls of customer service and the one that renews tokens."""
        thread = f"{_SERVICE}/conversations/{{thread}}/messages"
        yield "GET", f"{_SERVICE}/conversations", self._checked(self._list)
        yield "POST", f"{_SERVICE}/conversations", self._checked(self._create)
        yield "GET", thread, self._checked(self._read)
        yield "POST", thread, self._checked(self._send)
        yield "POST", f"{thread}/read", self._checked(self._mark_read)
        yield "POST", f"{_SERVICE}/images/upload", self._checked(self._upload)
        yield "GET", "/api/v2/token/refresh", self._refresh

    def retell(self, thread: str, buyer: str, said: Mapping[str, Any]) -> FakeMessage:
        """Keep a message that was written down elsewhere."""
        kept = self.thread(thread, buyer)
        role = _ROLE_OF[said["sender"]["role"]]
        content = json.loads(said["content"])
        author = kept.user if role == "customer" else FakeUser(id=role, name=role, role=role)
        return self.commit(
            thread,
            str(content.get("content", "")),
            kind="text" if said["type"] == "TEXT" else said["type"],
            author=self.shop if role == "shop" else author,
            content=content,
            is_visible=said["is_visible"],
        )

    def buyer_writes(self, thread: str, text: str) -> FakeMessage:
        """Let the buyer of a chat write."""
        return self.customer_says(thread, text)

    def seen_by_buyer(self, thread: str) -> list[FakeMessage]:
        """Give what the buyer of a chat sees, oldest first."""
        return [one for one in self.messages if one.thread == thread and one.fields.get("is_visible", True)]

    def message_push(self, message: FakeMessage) -> Push:
        """Give the signed push 14 for a message."""
        told = self.wire(message)
        told["message_id"] = told.pop("id")
        return self.push(14, {"conversation_id": message.thread, **told}, f"n{message.number}")

    def push(self, kind: int, told: Mapping[str, Any], notification: str) -> Push:
        """Give any signed push."""
        said = {
            "type": kind,
            "tts_notification_id": notification,
            "shop_id": SHOP_ID,
            "timestamp": int(self.clock.now().timestamp()),
            "data": told,
        }
        body = json.dumps(said, separators=(",", ":")).encode()
        return Push(body=body, headers={"Authorization": app_key_push(APP_KEY, APP_SECRET, body)})

    def wire(self, message: FakeMessage) -> dict[str, Any]:
        """Write a message as the platform does."""
        content = message.fields.get("content", {"content": message.text})
        author = message.author
        chat_id = author.id if author.role == "shop" else _im_user(author.id)
        return {
            "id": wire_id(message.number),
            "index": str(_FIRST_ID + message.number * _STEP),
            "type": "TEXT" if message.kind == "text" else message.kind,
            "content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            "create_time": int(message.at.timestamp()),
            "is_visible": message.fields.get("is_visible", True),
            "sender": {"im_user_id": chat_id, "role": _ROLES[author.role], "nickname": author.name},
        }

    def may_write(self, thread: FakeThread) -> bool:
        """Say whether the shop may write: after a chat in 30 days or an order in 60."""
        if thread.status == "closed":
            return False
        since = self.clock.now() - timedelta(seconds=FACTS.rules.chat_s)
        ordered_at = thread.fields.get("ordered_at")
        ordered = ordered_at and self.clock.now() - ordered_at <= timedelta(seconds=FACTS.rules.order_s)
        return bool(ordered) or any(
            one.at >= since for one in self.messages if one.thread == thread.id and one.author == thread.user
        )

    def _checked(self, act: Responder) -> Responder:
        async def checked(request: web.Request) -> web.StreamResponse:
            refused = await self._refusal(request)
            return refused if refused is not None else await act(request)

        return checked

    async def _refusal(self, request: web.Request) -> web.Response | None:
        query = dict(request.query)
        body = b"" if request.content_type.startswith("multipart/") else await request.read()
        stamped_at = datetime.fromtimestamp(int(query.get("timestamp", "0")), UTC)
        signed = query.get("sign") == tiktok_signature(request.path, query, APP_SECRET, body)
        if not signed or query.get("app_key") != APP_KEY or query.get("shop_cipher") != SHOP_CIPHER:
            return self.answer(BAD_SIGNATURE, "signature is invalid", status=401)
        if not TIKTOK_WINDOW.takes(stamped_at, self.clock.now()):
            return self.answer(36009004, "timestamp is out of bounds", status=400)
        if not self.token_is_good(request.headers.get("x-tts-access-token", "")):
            return self.answer(EXPIRED, "access token is expired", status=401)
        return None

    def answer(self, code: int, message: str, found: Any = None, *, status: int = 200) -> web.Response:
        """Give the platform's envelope."""
        said = {"code": code, "message": message, "request_id": f"r{len(self.http.calls)}"}
        return json_answer(said | ({"data": found} if found is not None else {}), status=status)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        latest = {one.thread: one for one in self.messages}
        newest = sorted(
            self.threads.values(), key=lambda one: -latest[one.id].number if one.id in latest else 0
        )
        start, size = int(request.query.get("page_token") or 0), int(request.query["page_size"])
        page = [self.conversation(one) for one in newest[start : start + size]]
        found: dict[str, Any] = {"conversations": page}
        if start + size < len(newest):
            found["next_page_token"] = str(start + size)
        return self.answer(0, "Success", found)

    def conversation(self, thread: FakeThread) -> dict[str, Any]:
        """Write a conversation as the platform lists it."""
        latest = next((one for one in reversed(self.messages) if one.thread == thread.id), None)
        said = {
            "id": thread.id,
            "participant_count": 2,
            "can_send_message": self.may_write(thread),
            "unread_count": thread.fields.get("unread", 0),
            "create_time": int(thread.opened_at.timestamp()),
            "participants": [
                {
                    "im_user_id": _im_user(thread.user.id),
                    "user_id": thread.user.id,
                    "role": "BUYER",
                    "nickname": thread.user.name,
                },
                {"im_user_id": self.shop.id, "role": "SHOP", "nickname": self.shop.name},
            ],
        }
        return said | ({"latest_message": self.wire(latest)} if latest else {})

    async def _create(self, request: web.Request) -> web.StreamResponse:
        buyer = str((await request.json())["buyer_user_id"])
        known = next((one for one in self.threads.values() if one.user.id == buyer), None)
        thread = known or self.thread(wire_id(900_000 + len(self.threads)), buyer)
        return self.answer(0, "Success", {"conversation_id": thread.id})

    async def _read(self, request: web.Request) -> web.StreamResponse:
        thread = request.match_info["thread"]
        if thread not in self.threads:
            return self.answer(45101003, "conversation does not exist")
        descending = request.query.get("sort_order", "DESC") == "DESC"
        found = [one for one in self.messages if one.thread == thread]
        found.sort(key=lambda one: (one.at, one.number), reverse=descending)
        after = request.query.get("page_token", "")
        start = next((at + 1 for at, one in enumerate(found) if wire_id(one.number) == after), 0)
        size = int(request.query["page_size"])
        page = found[start : start + size]
        told: dict[str, Any] = {"messages": [self.wire(one) for one in page], "unsupported_msg_tips": TIPS}
        if start + size < len(found):
            told["next_page_token"] = wire_id(page[-1].number)
        return self.answer(0, "Success", told)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        said = await request.json()
        thread = self.threads.get(request.match_info["thread"])
        content = json.loads(said["content"])
        text = str(content.get("content", ""))
        if thread is None:
            return self.answer(45101003, "conversation does not exist")
        if not self.may_write(thread):
            return self.answer(NOT_ALLOWED, "the buyer has not been in touch")
        if len(text) > FACTS.text.max:
            return self.answer(TOO_LONG, "content is too long")
        if any(word in text for word in self.forbidden):
            return self.answer(BAD_WORDS, "content holds sensitive words")
        kind = "text" if said["type"] == "TEXT" else str(said["type"])
        message = self.commit(thread.id, text, kind=kind, content=content)
        return self.answer(0, "Success", {"message_id": wire_id(message.number)})

    async def _mark_read(self, request: web.Request) -> web.StreamResponse:
        self.threads[request.match_info["thread"]].fields["unread"] = 0
        return self.answer(0, "Success")

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        file = (await request.post())["data"]
        if not isinstance(file, web.FileField):
            return self.answer(45101001, "data is no file")
        self.uploads.append(file.file.read())
        url = f"{self.url}/images/{len(self.uploads)}.png"
        return self.answer(0, "Success", {"url": url, "width": 64, "height": 48})

    async def _refresh(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        if asked.get("refresh_token") != self.refresh_token or asked.get("app_secret") != APP_SECRET:
            return self.answer(36009004, "refresh token is invalid", status=401)
        token = self.issue_token(lasts_s=7 * 86_400.0)
        # A refresh token is good once, so that two renewals at a time would lock the shop out.
        self.refresh_token = f"refresh-{self.tokens_issued}"
        ends = int(self.tokens[token].timestamp())
        pair = {"access_token": token, "refresh_token": self.refresh_token, "access_token_expire_in": ends}
        return self.answer(0, "success", pair)


def wire_id(number: int) -> str:
    """Give a message's id as the platform writes it."""
    return str(_FIRST_ID + number * _STEP + 1)


def _im_user(user_id: str) -> str:
    """Give a buyer's id for chats, which is another one than that for orders."""
    return str(_BUYER_SHIFT + int.from_bytes(user_id.encode()[-6:], "big"))
