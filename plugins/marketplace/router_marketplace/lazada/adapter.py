"""Lazada instant messaging as an adapter: signed calls, signed doorbells, pages backwards, recall, moderation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from router.channel import HttpReply, HttpRequest
from router.errors import ContentRejected, Retryable, SendError
from router.messages import InboundEvent, JsonObject, OutboundAttempt, Receipt, Role, SendOutcome
from router.threads import PlatformState
from router_marketplace.adapter import Item, ItemPage, Mark, Notice, Push, Ring, Thread, ThreadPage
from router_marketplace.apps import AppAdapter
from router_marketplace.calls import Access, Answer, Call
from router_marketplace.lazada.compose import params_of
from router_marketplace.lazada.decode import (
    SELLER,
    is_held,
    is_recalled,
    message_event,
    read_event,
    role_of,
    session_state,
)
from router_marketplace.lazada.errors import RECALL_PATH, refusal_of
from router_marketplace.lazada.facts import FACTS
from router_marketplace.lazada.settings import LazadaSettings
from router_marketplace.parsing import (
    inner_object,
    object_of,
    objects,
    text_of,
    time_from_ms,
    whole,
)
from router_marketplace.signing.clocks import unix_ms
from router_marketplace.signing.western import sign_lazop

_RENEWAL = "/auth/token/refresh"
_MESSAGE, _READ_STATE = 2, 19


class LazadaAdapter(AppAdapter[LazadaSettings]):
    """One seller."""

    facts = FACTS
    platform = "Lazada"

    # who we are

    def sign(self, call: Call, access: Access, now: datetime) -> Call:
        """Sign the parameters, the token among them; a renewal is signed without one."""
        query = sign_lazop(
            _RENEWAL if call.url else call.path,
            call.query,
            app_key=self.settings.app_key,
            secret=access.keys["app_secret"],
            at=now,
            access_token="" if call.url else access.token,
        )
        return replace(call, query=query)

    def renewal(self, access: Access) -> Call:
        """Ask for a new token."""
        base = (self.settings.auth_url or FACTS.auth_url).rstrip("/")
        return Call(method="POST", url=base + _RENEWAL, query={"refresh_token": access.refresh_token})

    def renewed(self, access: Access, answer: Answer, now: datetime) -> Access:
        """Read the new pair of tokens; the old refresh token may be spent."""
        token = text_of(answer.document.get("access_token"))
        if not token:
            raise Retryable("Lazada's answer has no access_token", code="no_token")
        lasts_s = whole(answer.document.get("expires_in"))
        return replace(
            access,
            token=token,
            refresh_token=text_of(answer.document.get("refresh_token")) or access.refresh_token,
            expires_at=now + timedelta(seconds=lasts_s) if lasts_s is not None else None,
        )

    def refusal(self, call: Call, answer: Answer, now: datetime) -> SendError | None:
        """Judge by the codes in the body, then by the HTTP status."""
        return refusal_of(call, answer, now)

    # in

    def push(self, request: HttpRequest, access: Access, now: datetime) -> Push:
        """Check the signature over the raw body; messages and read states ring for their session."""
        said = self.verified(request, access)
        seller = text_of(said.get("seller_id"))
        if self.settings.seller_id and seller != self.settings.seller_id:
            # An app has one address for all its sellers: genuine, and the other account's poll finds it.
            return Push()
        about = object_of(said.get("data"))
        thread = text_of(about.get("session_id"))
        knows = thread and whole(said.get("message_type")) in (_MESSAGE, _READ_STATE)
        rings = (Ring(thread=thread, item=text_of(about.get("message_id"))),) if knows else ()
        read_up_to = text_of(about.get("last_read_message_id"))
        by_buyer = whole(about.get("from_account_type")) != SELLER
        notices: tuple[Notice, ...] = ()
        if whole(said.get("message_type")) == _READ_STATE and thread and read_up_to and by_buyer:
            notices = (Notice(key=f"read:{thread}:{read_up_to}", thread=thread, body=request.body),)
        return Push(reply=HttpReply(status=HTTPStatus.OK), rings=rings, notices=notices)

    def list_threads(self, since: datetime, page: str, now: datetime) -> Call:
        """Ask for a page of sessions, going back from now."""
        return _page("/im/session/list", {}, "last_session_id", FACTS.poll.threads_per_page, page, now)

    def threads(self, answer: Answer) -> ThreadPage:
        """Read that page."""
        found = object_of(answer.document.get("data"))
        threads = [_thread(one) for one in objects(found.get("session_list"))]
        return ThreadPage(threads=threads, next_page=_next_page(found, "last_session_id"))

    def get_thread(self, thread: str) -> Call | None:
        """Ask for one session."""
        return Call(method="GET", path="/im/session/get", query={"session_id": thread}, budget="read")

    def thread(self, answer: Answer) -> Thread:
        """Read that session."""
        return _thread(object_of(answer.document.get("data")))

    def list_items(self, thread: str, mark: Mark | None, page: str, now: datetime) -> Call:
        """Ask for a page of messages, going back from now."""
        size = FACTS.poll.items_per_page
        return _page("/im/message/list", {"session_id": thread}, "last_message_id", size, page, now)

    def items(self, answer: Answer) -> ItemPage:
        """Read that page; a message taken back or held is another version of itself."""
        found = object_of(answer.document.get("data"))
        items = [item for one in objects(found.get("message_list")) if (item := _item(one))]
        return ItemPage(items=items, next_page=_next_page(found, "last_message_id"))

    def event(self, thread: str, item: JsonObject, listed: JsonObject) -> InboundEvent:
        """Read one message."""
        return message_event(item, thread, listed)

    def notice(self, thread: str, document: JsonObject) -> InboundEvent:
        """Read how far the buyer has read."""
        about = object_of(document.get("data"))
        at = time_from_ms(document.get("timestamp"))
        return read_event(text_of(about.get("last_read_message_id")), thread, at)

    def state(self, listed: JsonObject) -> PlatformState:
        """Read how many messages are unread."""
        return session_state(listed)

    # out

    def compose(self, thread: str, attempt: OutboundAttempt) -> Call:
        """Build the call that sends one message by its template."""
        query = {"session_id": thread, **params_of(attempt)}
        return Call(method="POST", path="/im/message/send", query=query, writes=True, budget="send")

    def sent(self, answer: Answer) -> Receipt:
        """Read the new message's id, and whether moderation holds it."""
        found = object_of(answer.document.get("data"))
        held = is_held(found)
        return Receipt(
            outcome=SendOutcome.HELD if held else SendOutcome.ACCEPTED,
            remote_ref=text_of(found.get("message_id")),
            detail=text_of(found.get("process_msg"))[:200] if held else "",
        )

    def is_ours(self, item: Item) -> bool:
        """Tell whether the seller's side wrote a message; an automatic answer is not one of ours."""
        return role_of(item.raw) is Role.SHOP

    def text_of(self, item: Item) -> str:
        """Give the text of a text message."""
        return text_of(inner_object(item.raw.get("content")).get("txt"))

    def open_thread(self, ground: str) -> Call:
        """Open the session about a recent order."""
        kind, _, order = ground.partition(":")
        if kind != "order":
            return super().open_thread(ground)
        if not order.isdecimal():
            raise ContentRejected(f"{order[:40]!r} is no order number", code="no_order", part="recipient")
        return Call(method="POST", path="/im/session/open", query={"order_id": order}, budget="send")

    def opened(self, answer: Answer) -> str:
        """Read the session's id."""
        return text_of(answer.document.get("session_id"))

    def mark_read(self, thread: str, item: str) -> Call | None:
        """Mark a session as read up to a message."""
        query = {"session_id": thread, "last_read_message_id": item}
        return Call(method="POST", path="/im/session/read", query=query, budget="send")

    def recall(self, thread: str, item: str) -> Call | None:
        """Take a message back; the platform allows it for two minutes."""
        query = {"session_id": thread, "message_id": item}
        return Call(method="POST", path=RECALL_PATH, query=query, budget="send")


def _page(path: str, query: Mapping[str, str], last: str, size: int, page: str, now: datetime) -> Call:
    """Ask for a page from now, or from where the last one ended: a time and an id."""
    start, _, last_id = page.partition(" ")
    asked = {
        **query,
        "start_time": start or unix_ms(now + timedelta(seconds=FACTS.rules.ahead_s)),
        "page_size": str(size),
    }
    return Call(method="GET", path=path, query=asked | ({last: last_id} if last_id else {}), budget="read")


def _next_page(found: Mapping[str, Any], last: str) -> str:
    if found.get("has_more") is not True:
        return ""
    return f"{text_of(found.get('next_start_time'))} {text_of(found.get(last))}".strip()


def _thread(one: Mapping[str, Any]) -> Thread:
    return Thread(
        id=text_of(one.get("session_id")),
        tail=text_of(one.get("last_message_id")),
        at=time_from_ms(one.get("last_message_time")),
        raw=one,
    )


def _item(one: Mapping[str, Any]) -> Item | None:
    at, number = time_from_ms(one.get("send_time")), text_of(one.get("message_id"))
    if at is None or not number:
        return None
    version = "recalled" if is_recalled(one) else "held" if is_held(one) else ""
    return Item(id=number, at=at, raw=one, version=version)
