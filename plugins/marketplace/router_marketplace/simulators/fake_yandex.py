"""Yandex Market as a fake that remembers; in: calls of the partner interface, out: the answers it would give.

It checks what the platform checks: key or token, cabinet, lengths, page sizes. Its ids are as long as a judge
in JavaScript can still check. For a demonstration, `buyer_writes` and `seen_by_buyer` are the buyer's side of a chat.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import BodyPartReader, web

from router.testing import FakeMessage, FakeThread, FakeUser, Push, Responder, StatefulFake, json_answer

BUSINESS_ID = 4100217
FIRST_MESSAGE = 4_503_599_627_370_496
SENDERS = {"customer": "CUSTOMER", "shop": "PARTNER", "operator": "MARKET", "mediator": "SUPPORT"}
MARKET = FakeUser(id="market", name="Market", role="operator")
ARBITER = FakeUser(id="arbiter", name="Arbiter", role="mediator")
WAITING_AFTER = {"customer": "WAITING_FOR_PARTNER", "shop": "WAITING_FOR_CUSTOMER"}
TEXT_MAX, FILE_MAX_BYTES = 4096, 5 * 1024 * 1024
_BUSINESS = "/v2/businesses/{business}"


class FakeYandex(StatefulFake):
    """One cabinet with its buyers.

    `api_keys` are good besides tokens. `page_limit` caps every page of messages. With `now` it lives in real
    time, otherwise time stands still.
    """

    def __init__(self, now: Callable[[], datetime] | None = None, page_limit: int = 100) -> None:
        super().__init__()
        self.api_keys: set[str] = set()
        self.orders: dict[int, dict[str, Any]] = {}
        self.files: list[tuple[str, bytes]] = []
        self.page_limit = page_limit
        self.refresh_token = "refresh-0"
        self._now = now

    def routes(self) -> Iterable[tuple[str, str, Responder]]:
        """Name the chat calls, the orders and the renewal of tokens."""
        yield "POST", f"{_BUSINESS}/chats", self._checked(self._list)
        yield "GET", f"{_BUSINESS}/chat", self._checked(self._get)
        yield "POST", f"{_BUSINESS}/chats/history", self._checked(self._history)
        yield "POST", f"{_BUSINESS}/chats/message", self._checked(self._send)
        yield "GET", f"{_BUSINESS}/chats/message", self._checked(self._message)
        yield "POST", f"{_BUSINESS}/chats/file/send", self._checked(self._send_file)
        yield "POST", f"{_BUSINESS}/chats/new", self._checked(self._open)
        yield "POST", "/v1/businesses/{business}/orders", self._checked(self._orders)
        yield "POST", "/oauth/token", self._renew

    # the buyer's side

    def open_chat(
        self,
        chat: int,
        *,
        kind: str = "DIRECT",
        order: int = 0,
        refund: int = 0,
        buyer: str = "",
        name: str = "",
        is_anonymous: bool = False,
    ) -> FakeThread:
        """Let a chat exist; `kind` is ORDER, RETURN or DIRECT. An anonymous buyer shows no public id."""
        self._tick()
        thread = self.thread(str(chat), buyer or f"buyer-of-{chat}", kind=kind, type="CHAT")
        if thread.status == "open":
            self.user(thread.user.id, name)
            thread.status = "NEW"
            thread.fields |= {"order": order, "return": refund, "updated": self.clock.now(), "name": name}
            thread.fields["anonymous"] = is_anonymous
        return thread

    def buyer_writes(self, chat: int, text: str, **fields: Any) -> FakeMessage:
        """Let the buyer write."""
        thread = self.open_chat(chat)
        return self._written(thread, self.customer_says(thread.id, text, **fields))

    def others_write(self, chat: int, text: str, author: FakeUser = MARKET) -> FakeMessage:
        """Let the platform, its arbiter, or somebody in the seller's own cabinet write."""
        thread = self.open_chat(chat)
        return self._written(thread, self.commit(thread.id, text, author=author))

    def seen_by_buyer(self, chat: int) -> Sequence[FakeMessage]:
        """Give what the buyer sees in the chat, oldest first."""
        return [one for one in self.messages if one.thread == str(chat)]

    def dispute(self, chat: int, *, over: bool = False) -> None:
        """Begin or end a dispute: the arbiter joins the chat, or closes it."""
        thread = self.open_chat(chat)
        thread.fields["type"] = "ARBITRAGE"
        thread.status = "FINISHED" if over else "WAITING_FOR_ARBITER"

    # the pushes

    def push(self, kind: str, chat: int = 0, message: FakeMessage | None = None, path: str = "/") -> Push:
        """Give a notification, as the platform would send it."""
        told: dict[str, Any] = {"notificationType": kind}
        stamp = self.clock.now().isoformat()
        if kind == "PING":
            told["time"] = stamp
        else:
            told |= {"businessId": BUSINESS_ID, "chatId": chat}
            told |= {
                "CHAT_CREATED": {"createdAt": stamp},
                "CHAT_ARBITRAGE_STARTED": {"startedAt": stamp},
            }.get(kind, {"sentAt": stamp})
        if message is not None:
            told["messageId"] = message_id(message)
        return Push(body=json.dumps(told).encode(), path=path, headers={"Content-Type": "application/json"})

    def message_push(self, message: FakeMessage, path: str = "/") -> Push:
        """Give the notification of a new message."""
        return self.push("CHAT_MESSAGE_SENT", int(message.thread), message, path)

    # the wire

    def chat_json(self, thread: FakeThread) -> dict[str, Any]:
        """Write a chat as the platform does."""
        return {
            "chatId": int(thread.id),
            "context": self._context(thread),
            "type": thread.fields["type"],
            "status": thread.status,
            "createdAt": thread.opened_at.isoformat(),
            "updatedAt": thread.fields["updated"].isoformat(),
        }

    def message_json(self, message: FakeMessage) -> dict[str, Any]:
        """Write a message as the platform does; an unknown kind has what nobody here has heard of."""
        said: dict[str, Any] = {
            "messageId": message_id(message),
            "createdAt": message.at.isoformat(),
            "sender": SENDERS[message.author.role],
        }
        if message.kind != "text":
            return said | {message.kind: {"id": 7}}
        if message.text:
            said["message"] = message.text
        return said | {name: value for name, value in message.fields.items() if name == "payload"}

    def _context(self, thread: FakeThread) -> dict[str, Any]:
        told: dict[str, Any] = {"type": thread.fields["kind"]}
        if not thread.fields["anonymous"]:
            told["customer"] = {"publicId": thread.user.id}
        if thread.fields["name"] and not thread.fields["anonymous"]:
            told["customer"]["name"] = thread.fields["name"]
        if thread.fields["order"]:
            told |= {"orderId": thread.fields["order"], "campaignId": 21}
        if thread.fields["return"]:
            told["returnId"] = thread.fields["return"]
        return told

    def _written(self, thread: FakeThread, message: FakeMessage) -> FakeMessage:
        thread.status = WAITING_AFTER.get(message.author.role, thread.status)
        thread.fields["updated"] = message.at
        return message

    def _tick(self) -> None:
        if self._now is not None:
            self.clock.set_wall(self._now())

    # the calls

    def _checked(self, act: Responder) -> Responder:
        async def checked(request: web.Request) -> web.StreamResponse:
            self._tick()
            key = request.headers.get("Api-Key", "")
            if key not in self.api_keys and not self.token_is_good(request.headers.get("Authorization", "")):
                status = 403 if key or "Authorization" in request.headers else 401
                return failed(status, "FORBIDDEN" if status == 403 else "UNAUTHORIZED", "Access is denied")
            if request.match_info["business"] != str(BUSINESS_ID):
                return failed(403, "FORBIDDEN", "No such cabinet for this key")
            return await act(request)

        return checked

    async def _list(self, request: web.Request) -> web.StreamResponse:
        wanted = (await request.json()).get("statuses")
        chats = [one for one in self.threads.values() if not wanted or one.status in wanted]
        start, size = int(request.query.get("pageToken") or 0), int(request.query.get("limit", 10))
        found = {"chats": [self.chat_json(one) for one in chats[start : start + size]]}
        return done(found | paging(start + size, len(chats)))

    async def _get(self, request: web.Request) -> web.StreamResponse:
        thread = self.threads.get(request.query["chatId"])
        return failed(404, "NOT_FOUND", "Chat not found") if thread is None else done(self.chat_json(thread))

    async def _history(self, request: web.Request) -> web.StreamResponse:
        thread = self.threads.get(request.query["chatId"])
        if thread is None:
            return failed(404, "NOT_FOUND", "Chat not found")
        first = (await request.json()).get("messageIdFrom", 0)
        wanted = [one for one in self.messages if one.thread == thread.id and message_id(one) >= first]
        start = int(request.query.get("pageToken") or 0)
        size = min(int(request.query.get("limit", 50)), self.page_limit)
        page = [self.message_json(one) for one in wanted[start : start + size]]
        found = {"context": self._context(thread), "messages": page}
        return done(found | paging(start + size, len(wanted)))

    async def _message(self, request: web.Request) -> web.StreamResponse:
        number = int(request.query["messageId"])
        found = next((one for one in self.messages if message_id(one) == number), None)
        return failed(404, "NOT_FOUND", "No message") if found is None else done(self.message_json(found))

    async def _send(self, request: web.Request) -> web.StreamResponse:
        thread = self.threads.get(request.query["chatId"])
        text = (await request.json()).get("message", "")
        if thread is None:
            return failed(404, "NOT_FOUND", "Chat not found")
        if not 1 <= len(text) <= TEXT_MAX:
            return failed(400, "BAD_REQUEST", f"message length must be between 1 and {TEXT_MAX}")
        self._written(thread, self.commit(thread.id, text))
        return done()

    async def _send_file(self, request: web.Request) -> web.StreamResponse:
        thread = self.threads.get(request.query["chatId"])
        if thread is None:
            return failed(404, "NOT_FOUND", "Chat not found")
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file":
                name, content = part.filename or "", bytes(await part.read())
                if len(content) > FILE_MAX_BYTES:
                    return failed(400, "BAD_REQUEST", "file is too large")
                self.files.append((name, content))
                url = f"{self.url}/files/{len(self.files)}"
                payload = [{"name": name, "size": len(content), "url": url}]
                self._written(thread, self.commit(thread.id, "", payload=payload))
        return done()

    async def _open(self, request: web.Request) -> web.StreamResponse:
        context = (await request.json())["context"]
        kind, number = context["type"], context["id"]
        field = {"ORDER": "order", "RETURN": "return"}[kind]
        known = [one for one in self.threads.values() if one.fields[field] == number]
        if not known:
            chat = 700_000 + len(self.threads)
            known = [self.open_chat(chat, kind=kind, **{"order" if kind == "ORDER" else "refund": number})]
        return done({"chatId": int(known[0].id)})

    async def _orders(self, request: web.Request) -> web.StreamResponse:
        wanted = (await request.json()).get("orderIds") or []
        return json_answer({"orders": [self.orders[one] for one in wanted if one in self.orders]})

    async def _renew(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if form.get("refresh_token") != self.refresh_token:
            return json_answer({"error": "invalid_grant", "error_description": "expired"}, status=400)
        token = self.issue_token()
        # Good once: two renewals at a time would lock the shop out.
        self.refresh_token = f"refresh-{self.tokens_issued}"
        return json_answer(
            {
                "access_token": token,
                "token_type": "bearer",
                "refresh_token": self.refresh_token,
                "expires_in": 1,
            }
        )


def message_id(message: FakeMessage) -> int:
    """Give a message's number as the platform counts."""
    return FIRST_MESSAGE + message.number * 3


def paging(next_start: int, total: int) -> dict[str, Any]:
    """Give the platform's pointer to the next page."""
    return {"paging": {"nextPageToken": str(next_start)} if next_start < total else {}}


def done(result: Mapping[str, Any] | None = None) -> web.Response:
    """Give the platform's envelope for what went well."""
    return json_answer({"status": "OK"} | ({"result": result} if result is not None else {}))


def failed(status: int, code: str, words: str) -> web.Response:
    """Give its envelope for what did not."""
    told = {"status": "ERROR", "errors": [{"code": code, "message": words}]}
    return json_answer(told, status=status)
