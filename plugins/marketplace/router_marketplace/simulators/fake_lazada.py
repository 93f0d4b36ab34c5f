"""Lazada's instant messaging as a fake that remembers; in: signed calls, out: the answers it would give.

It checks signature, clock and token, pages backwards from a time and an id, holds messages back when told,
and lets the shop take one back for two minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from router.testing import FakeMessage, FakeThread, FakeUser, Push, Responder, StatefulFake, json_answer
from router_marketplace.lazada.facts import FACTS
from router_marketplace.signing.clocks import LAZOP_WINDOW, unix_ms
from router_marketplace.signing.pushes import app_key_push
from router_marketplace.signing.western import lazop_signature

APP_KEY = "123456"
APP_SECRET = "simulated-app-secret"
SELLER_ID = "1234567"
HELD = "The message is being checked."
TOO_OLD = "-22"
SYSTEM = FakeUser(id="0", name="Lazada", role="system")

_TEMPLATE_OF = {"text": "1"} | {name: number for number, name in FACTS.templates.items()}
_SENT = ("txt", "img_url", "width", "height", "item_id", "order_id", "promotion_id", "video_id")
_ACCOUNT_TYPE = {"customer": 1, "shop": 2, "bot": 2, "system": 2}


class FakeLazada(StatefulFake):
    """One seller with his buyers; `orders` are order numbers and when they were placed."""

    shop = FakeUser(id=SELLER_ID, name="Simulated shop", role="shop")

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, datetime] = {}
        self.refresh_token = "refresh-1"

    def routes(self) -> Iterable[tuple[str, str, Responder]]:
        """Name the seven calls of instant messaging and the one that renews tokens."""
        yield "GET", "/im/session/list", self._checked(self._sessions)
        yield "GET", "/im/session/get", self._checked(self._session)
        yield "POST", "/im/session/open", self._checked(self._open)
        yield "POST", "/im/session/read", self._checked(self._mark_read)
        yield "GET", "/im/message/list", self._checked(self._messages)
        yield "POST", "/im/message/send", self._checked(self._send)
        yield "POST", "/im/message/recall", self._checked(self._recall)
        yield "POST", "/auth/token/refresh", self._refresh

    def retell(self, buyer: str, said: Mapping[str, Any]) -> FakeMessage:
        """Keep a message that was written down elsewhere, recalled or held as it was."""
        kept = self.thread(said["session_id"], buyer)
        from_buyer = said["from_account_type"] == _ACCOUNT_TYPE["customer"]
        content = json.loads(said["content"])
        template = str(said["template_id"])
        message = self.commit(
            kept.id,
            str(content.get("txt", "")),
            kind=FACTS.templates.get(template, template),
            author=kept.user if from_buyer else SYSTEM if said["type"] == 2 else self.shop,
            content=content,
        )
        state = "recalled" if said["status"] else "held" if said.get("process_msg") else "sent"
        return self.change(message.id, state=state)

    def buyer_writes(self, thread: str, text: str) -> FakeMessage:
        """Let the buyer of a session write."""
        return self.customer_says(thread, text)

    def seen_by_buyer(self, thread: str) -> list[FakeMessage]:
        """Give what the buyer of a session sees, oldest first: nothing that is held or was taken back."""
        return [one for one in self.messages if one.thread == thread and one.state == "sent"]

    def message_push(self, message: FakeMessage) -> Push:
        """Give the signed push of type 2 for a message."""
        return self.push(2, self.wire(message))

    def read_push(self, message: FakeMessage) -> Push:
        """Give the signed push of type 19: the buyer has read up to a message."""
        return self.push(19, {"session_id": message.thread, "last_read_message_id": message.id})

    def push(self, kind: int, told: Mapping[str, Any]) -> Push:
        """Give any signed push."""
        said = {
            "seller_id": SELLER_ID,
            "message_type": kind,
            "data": told,
            "timestamp": int(unix_ms(self.clock.now())),
            "site": "lazada_sg",
        }
        body = json.dumps(said, separators=(",", ":")).encode()
        return Push(body=body, headers={"Authorization": app_key_push(APP_KEY, APP_SECRET, body)})

    def wire(self, message: FakeMessage) -> dict[str, Any]:
        """Write a message as the platform does."""
        content = message.fields.get("content", {"txt": message.text})
        said = {
            "message_id": message.id,
            "session_id": message.thread,
            "content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
            "from_account_id": message.author.id,
            "from_account_type": _ACCOUNT_TYPE[message.author.role],
            "send_time": int(unix_ms(message.at)),
            "template_id": int(_TEMPLATE_OF.get(message.kind, message.kind)),
            "type": 2 if message.author.role == "system" else 1,
            "site_id": "SG",
            "status": 1 if message.state == "recalled" else 0,
            "auto_reply": message.author.role == "bot",
        }
        return said | ({"process_msg": HELD} if message.state == "held" else {})

    def _checked(self, act: Responder) -> Responder:
        async def checked(request: web.Request) -> web.StreamResponse:
            refused = self._refusal(request)
            return refused if refused is not None else await act(request)

        return checked

    def _refusal(self, request: web.Request) -> web.Response | None:
        query = dict(request.query)
        if query.get("sign") != lazop_signature(request.path, query, APP_SECRET):
            return self.refuse("IncompleteSignature", "ISV", "The request signature does not conform.")
        stamped_at = datetime.fromtimestamp(int(query["timestamp"]) / 1000, UTC)
        if not LAZOP_WINDOW.takes(stamped_at, self.clock.now()):
            return self.refuse("IllegalTimestamp", "ISV", "The specified timestamp is out of bounds.")
        if not self.token_is_good(query.get("access_token", "")):
            return self.refuse("IllegalAccessToken", "ISV", "The specified access token is expired.")
        return None

    def refuse(self, code: str, fault: str, message: str) -> web.Response:
        """Give the gateway's error envelope."""
        said = {"code": code, "type": fault, "message": message, "request_id": f"r{len(self.http.calls)}"}
        return json_answer(said)

    def fail(self, code: str, message: str) -> web.Response:
        """Give the service's own error envelope."""
        return json_answer({"code": "0", "success": False, "err_code": code, "err_message": message})

    def done(self, found: Mapping[str, Any] | None = None) -> web.Response:
        """Give the envelope of a success."""
        return json_answer({"code": "0", "success": True, "err_code": "0", "data": dict(found or {})})

    async def _sessions(self, request: web.Request) -> web.StreamResponse:
        told = [self.session(one) for one in self.threads.values()]
        told.sort(key=lambda one: (one["last_message_time"], one["session_id"]), reverse=True)
        page, more = _page(request, told, "last_message_time", "session_id", "last_session_id")
        return self.done({"session_list": page, **more})

    async def _session(self, request: web.Request) -> web.StreamResponse:
        thread = self.threads.get(request.query["session_id"])
        return self.done(self.session(thread)) if thread else self.fail("-1", "no such session")

    def session(self, thread: FakeThread) -> dict[str, Any]:
        """Write a session as the platform lists it."""
        latest = next((one for one in reversed(self.messages) if one.thread == thread.id), None)
        return {
            "session_id": thread.id,
            "buyer_id": int.from_bytes(thread.user.id.encode()[-6:], "big"),
            "title": thread.user.name,
            "last_message_id": latest.id if latest else "",
            "last_message_time": int(unix_ms(latest.at if latest else thread.opened_at)),
            "unread_count": thread.fields.get("unread", 0),
            "site_id": "SG",
        }

    async def _open(self, request: web.Request) -> web.StreamResponse:
        order = request.query["order_id"]
        placed_at = self.orders.get(order)
        latest = self.clock.now() - timedelta(seconds=FACTS.rules.open_order_s)
        if placed_at is None or placed_at < latest:
            return self.fail(TOO_OLD, "the order is not of the last 30 days")
        thread = self.thread(f"session-of-{order}", f"buyer-of-{order}")
        return json_answer({"code": "0", "session_id": thread.id})

    async def _mark_read(self, request: web.Request) -> web.StreamResponse:
        self.threads[request.query["session_id"]].fields["unread"] = 0
        return self.done()

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        found = [self.wire(one) for one in self.messages if one.thread == request.query["session_id"]]
        places = {one.id: one.number for one in self.messages}
        found.sort(key=lambda one: (one["send_time"], places[one["message_id"]]), reverse=True)
        page, more = _page(request, found, "send_time", "message_id", "last_message_id")
        return self.done({"message_list": page, **more})

    async def _send(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if query["session_id"] not in self.threads:
            return self.fail("-1", "no such session")
        content = {name: query[name] for name in _SENT if name in query}
        kind = FACTS.templates.get(query["template_id"], query["template_id"])
        message = self.commit(query["session_id"], content.get("txt", ""), kind=kind, content=content)
        told = {"message_id": message.id, "template_id": int(query["template_id"])}
        held = {"process_msg": HELD} if message.state == "held" else {}
        return self.done({**told, "current_time": int(unix_ms(message.at)), **held})

    async def _recall(self, request: web.Request) -> web.StreamResponse:
        found = next((one for one in self.messages if one.id == request.query["message_id"]), None)
        if found is None or found.author.role != "shop":
            return self.fail("-1", "no such message of the seller")
        if self.clock.now() - found.at > timedelta(seconds=FACTS.rules.recall_s):
            return self.fail("-30", "the message is older than two minutes")
        self.change(found.id, state="recalled")
        return self.done()

    async def _refresh(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        signed = query.get("sign") == lazop_signature("/auth/token/refresh", query, APP_SECRET)
        if not signed or query.get("refresh_token") != self.refresh_token:
            return self.refuse("IllegalRefreshToken", "ISV", "The specified refresh token is invalid.")
        token = self.issue_token(lasts_s=7 * 86_400.0)
        # A refresh token is good once, so that two renewals at a time would lock the seller out.
        self.refresh_token = f"refresh-{self.tokens_issued}"
        pair = {
            "code": "0",
            "access_token": token,
            "refresh_token": self.refresh_token,
            "expires_in": 604_800,
        }
        return json_answer(pair)


def _page(
    request: web.Request, found: Sequence[Mapping[str, Any]], time: str, name: str, last: str
) -> tuple[list[Mapping[str, Any]], dict[str, Any]]:
    """Give what stands before a time, or at that time behind the last id given."""
    start, after = int(request.query["start_time"]), request.query.get(last, "")
    earlier = [one for one in found if one[time] <= start]
    behind = next((at + 1 for at, one in enumerate(earlier) if one[name] == after), 0)
    size = int(request.query["page_size"])
    page = list(earlier[behind : behind + size])
    more: dict[str, Any] = {"has_more": behind + size < len(earlier)}
    return page, more | ({"next_start_time": page[-1][time], last: page[-1][name]} if page else {})
