"""TikTok Shop customer service as an adapter: signed calls, signed doorbells, pages, cards and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from router.channel import HttpReply, HttpRequest
from router.errors import Retryable, SendError
from router.messages import InboundEvent, JsonObject, OutboundAttempt, Receipt, Role, SendOutcome
from router.threads import Permission, PlatformState
from router_marketplace.adapter import Item, ItemPage, Mark, Push, Ring, Thread, ThreadPage
from router_marketplace.apps import AppAdapter
from router_marketplace.calls import Access, Answer, Call, FilePart, json_call
from router_marketplace.parsing import (
    inner_object,
    object_of,
    objects,
    text_of,
    time_from_s,
    whole,
)
from router_marketplace.signing.western import sign_tiktok
from router_marketplace.tiktok.compose import content_of
from router_marketplace.tiktok.decode import message_event, thread_state
from router_marketplace.tiktok.errors import refusal_of
from router_marketplace.tiktok.facts import FACTS
from router_marketplace.tiktok.settings import TiktokSettings

_SERVICE = "/customer_service/202309"
_DOORBELLS = (13, 14)
_KNOWN_TIPS = "unsupported_msg_tips"


class TiktokAdapter(AppAdapter[TiktokSettings]):
    """One shop."""

    facts = FACTS
    platform = "TikTok Shop"
    exact_tail = True

    # who we are

    def sign(self, call: Call, access: Access, now: datetime) -> Call:
        """Add shop, time and signature to the address, the token to a header; a file's bytes are not signed."""
        if call.url:
            return call
        query = sign_tiktok(
            call.path,
            {**call.query, "shop_cipher": self.settings.shop_cipher},
            app_key=self.settings.app_key,
            secret=access.keys["app_secret"],
            at=now,
            body=b"" if call.file else call.body,
        )
        return replace(call, query=query, headers={**call.headers, "x-tts-access-token": access.token})

    def renewal(self, access: Access) -> Call:
        """Ask for a new token; this one call carries the secret itself instead of a signature."""
        return Call(
            method="GET",
            url=(self.settings.auth_url or FACTS.auth_url).rstrip("/") + "/api/v2/token/refresh",
            query={
                "app_key": self.settings.app_key,
                "app_secret": access.keys["app_secret"],
                "refresh_token": access.refresh_token,
                "grant_type": "refresh_token",
            },
        )

    def renewed(self, access: Access, answer: Answer, now: datetime) -> Access:
        """Read the new pair of tokens; the old refresh token may be spent."""
        found = object_of(answer.document.get("data"))
        token = text_of(found.get("access_token"))
        if not token:
            raise Retryable("TikTok Shop's answer has no access_token", code="no_token")
        return replace(
            access,
            token=token,
            refresh_token=text_of(found.get("refresh_token")) or access.refresh_token,
            expires_at=time_from_s(found.get("access_token_expire_in")),
        )

    def refusal(self, call: Call, answer: Answer, now: datetime) -> SendError | None:
        """Judge by the code in the body, then by the HTTP status."""
        return refusal_of(call, answer, now)

    # in

    def push(self, request: HttpRequest, access: Access, now: datetime) -> Push:
        """Check the signature over the raw body; messages and conversations ring for their thread."""
        said = self.verified(request, access)
        shop = text_of(said.get("shop_id"))
        if self.settings.shop_id and shop != self.settings.shop_id:
            # An app has one address for all its shops: genuine, and the other account's poll finds it.
            return Push()
        about = object_of(said.get("data"))
        thread = text_of(about.get("conversation_id"))
        # The id becomes part of an address, so it has to look like one of theirs.
        knows = thread.isalnum() and whole(said.get("type")) in _DOORBELLS
        rings = (Ring(thread=thread, item=text_of(about.get("message_id"))),) if knows else ()
        return Push(reply=HttpReply(status=HTTPStatus.OK), rings=rings)

    def list_threads(self, since: datetime, page: str, now: datetime) -> Call:
        """Ask for a page of conversations, those written in last first."""
        return self._page(f"{_SERVICE}/conversations", FACTS.poll.threads_per_page, page)

    def threads(self, answer: Answer) -> ThreadPage:
        """Read that page."""
        found = object_of(answer.document.get("data"))
        threads = [_thread(one) for one in objects(found.get("conversations"))]
        return ThreadPage(threads=threads, next_page=text_of(found.get("next_page_token")))

    def list_items(self, thread: str, mark: Mark | None, page: str, now: datetime) -> Call:
        """Ask for a page of messages, newest first; reading does not mark as read."""
        call = self._page(f"{_SERVICE}/conversations/{thread}/messages", FACTS.poll.items_per_page, page)
        return replace(call, query={**call.query, "sort_order": "DESC", "sort_field": "create_time"})

    def items(self, answer: Answer) -> ItemPage:
        """Read that page; its words for messages that interfaces do not show go with each of them."""
        found = object_of(answer.document.get("data"))
        tips = text_of(found.get(_KNOWN_TIPS))
        items = [item for one in objects(found.get("messages")) if (item := _item(one, tips))]
        return ItemPage(items=items, next_page=text_of(found.get("next_page_token")))

    def event(self, thread: str, item: JsonObject, listed: JsonObject) -> InboundEvent:
        """Read one message; who the buyer is in orders stands only in the listing."""
        people = objects(listed.get("participants"))
        return message_event(item, thread, hint=text_of(item.get(_KNOWN_TIPS)), people=people)

    def state(self, listed: JsonObject) -> PlatformState:
        """Read whether the chat is open and whose turn it is."""
        return thread_state(listed)

    # out

    def compose(self, thread: str, attempt: OutboundAttempt) -> Call:
        """Build the call that sends one message of one kind."""
        kind, content = content_of(attempt)
        return json_call(
            "POST",
            f"{_SERVICE}/conversations/{thread}/messages",
            {"type": kind, "content": content},
            writes=True,
            budget="coupon" if kind == "COUPON_CARD" else "send",
        )

    def sent(self, answer: Answer) -> Receipt:
        """Read the new message's id."""
        found = object_of(answer.document.get("data"))
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=text_of(found.get("message_id")))

    def is_ours(self, item: Item) -> bool:
        """Tell whether shop or staff wrote a message."""
        author = message_event(item.raw, "").author
        return author.role in (Role.SHOP, Role.AGENT)

    def text_of(self, item: Item) -> str:
        """Give the text of a text message."""
        return text_of(inner_object(item.raw.get("content")).get("content"))

    def open_thread(self, ground: str) -> Call:
        """Open, or find again, the chat with a buyer known by his `user_id`."""
        kind, _, value = ground.partition(":")
        if kind != "user" or not value:
            return super().open_thread(ground)
        return json_call("POST", f"{_SERVICE}/conversations", {"buyer_user_id": value}, budget="send")

    def opened(self, answer: Answer) -> str:
        """Read the conversation's id."""
        return text_of(object_of(answer.document.get("data")).get("conversation_id"))

    def permission(self, thread: Thread, now: datetime) -> Permission:
        """Judge by what the listing says; a chat that is not listed is tried."""
        if thread.raw.get("can_send_message") is False:
            return Permission(allowed=False, why=FACTS.rules.closed_reason)
        return Permission(allowed=True)

    def mark_read(self, thread: str, item: str) -> Call | None:
        """Mark the whole conversation as read."""
        return json_call("POST", f"{_SERVICE}/conversations/{thread}/messages/read", budget="send")

    def upload(self, file: FilePart) -> Call:
        """Build the call that brings a picture up; each picture goes up once and is then named by address."""
        return Call(method="POST", path=f"{_SERVICE}/images/upload", file=file, budget="send")

    def uploaded(self, answer: Answer) -> JsonObject:
        """Read the picture's address and size, as an IMAGE block names them."""
        found = object_of(answer.document.get("data"))
        sizes = {name: whole(found.get(name)) or 0 for name in ("width", "height")}
        return {"url": text_of(found.get("url")), **sizes}

    def _page(self, path: str, size: int, page: str) -> Call:
        query = {"page_size": str(size)} | ({"page_token": page} if page else {})
        return Call(method="GET", path=path, query=query, budget="read")


def _thread(one: Mapping[str, Any]) -> Thread:
    latest = object_of(one.get("latest_message"))
    can_send = one.get("can_send_message") is not False
    return Thread(
        id=text_of(one.get("id")),
        tail=f"{text_of(latest.get('id'))} {text_of(latest.get('index'))}".strip(),
        at=time_from_s(latest.get("create_time")) or time_from_s(one.get("create_time")),
        status="open" if can_send else "closed",
        is_open=can_send,
        raw=one,
    )


def _item(one: Mapping[str, Any], tips: str) -> Item | None:
    at, number = time_from_s(one.get("create_time")), text_of(one.get("id"))
    if at is None or not number:
        return None
    return Item(id=number, at=at, raw={**one, _KNOWN_TIPS: tips} if tips else one)
