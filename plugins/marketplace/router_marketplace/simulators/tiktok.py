"""A shop at a simulated TikTok Shop, for the contract suite."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from router.capabilities import StartRule
from router.channel import HttpRequest
from router.messages import Block, BlockKind, JsonObject, OutboundAttempt, RawInbound
from router.testing import FakeMessage, Fault, cut_after_commit, refused, server_error
from router.threads import Action, ActionKind
from router_marketplace.simulators.fake_tiktok import (
    APP_KEY,
    APP_SECRET,
    BAD_SIGNATURE,
    BAD_WORDS,
    EXPIRED,
    NOT_ALLOWED,
    SHOP_CIPHER,
    SHOP_ID,
    FakeTiktok,
    wire_id,
)
from router_marketplace.simulators.market import pushed
from router_marketplace.simulators.played import PlayedSimulator
from router_marketplace.tiktok.facts import FACTS
from router_marketplace.tiktok.settings import TiktokSettings

TOKEN_S = 7 * 86_400.0
_VARIABLES = {
    "OMNIROUTER_SIMULATED_TIKTOK_SECRET": APP_SECRET,
    "OMNIROUTER_SIMULATED_TIKTOK_TOKEN": "token-1",
    "OMNIROUTER_SIMULATED_TIKTOK_REFRESH": "refresh-1",
}
_FIRST_CHAT = 7494560109732400000
_STATE, _CROWD = "7494560109732330003", "7494560109732330009"
_CARDS: Mapping[str, JsonObject] = {
    "image": {"url": "https://p.example/a.png", "width": 64, "height": 48},
    "product_card": {"product_id": "1729384756"},
    "order_card": {"order_id": "576460752303423488"},
    "coupon_card": {"coupon_id": "7100000000000000001"},
}


def _said(code: int, words: str, status: int = 200) -> Fault:
    return refused(status, json.dumps({"code": code, "message": words, "request_id": "r0"}).encode())


class TiktokSimulator(PlayedSimulator[FakeTiktok]):
    """A shop with three chats: a question, an order, and one that closes."""

    send_route = "POST /customer_service/202309/conversations/{thread}/messages"
    spec_name = "tiktok-shop-cs/openapi.yaml"
    page_size = FACTS.poll.items_per_page
    refusals = {
        "Retryable": lambda: server_error(503),
        "RateLimited": lambda: _said(36009002, "too many requests", 429),
        "AuthExpired": lambda: _said(EXPIRED, "access token is expired", 401),
        "AuthInvalid": lambda: _said(BAD_SIGNATURE, "signature is invalid", 401),
        "NotAllowedNow": lambda: _said(NOT_ALLOWED, "the buyer has not been in touch"),
        "ContentRejected": lambda: _said(BAD_WORDS, "content holds sensitive words"),
        "Permanent": lambda: _said(45101001, "invalid parameter"),
        "UnknownOutcome": cut_after_commit,
    }

    def __init__(self) -> None:
        super().__init__(FakeTiktok(), FakeTiktok())
        self.fake.issue_token(TOKEN_S)

    def settings_behind(self, url: str) -> TiktokSettings:
        """Give settings of the shop; tokens are renewed at the fake itself."""
        os.environ.update(_VARIABLES)
        secret, token, refresh = _VARIABLES
        return TiktokSettings(
            api_url=url,
            auth_url=self.fake.url,
            app_key=APP_KEY,
            app_secret_env=secret,
            access_token_env=token,
            refresh_token_env=refresh,
            shop_cipher=SHOP_CIPHER,
            shop_id=SHOP_ID,
            confirm_after_s=0,
        )

    def first_messages(self) -> Sequence[RawInbound]:
        """Let people write at `record` and give what the channel stores of it; the first is a customer's."""
        record = self.record
        ask, order, shut = ("7494560109732330001", "7494560109732330002", _STATE)
        card = {"order_id": "576460752303423488"}
        messages = [
            record.customer_says(ask, "Is the blue one in stock? 😟"),
            record.customer_says(order, "", kind="ORDER_CARD", content=card),
            record.customer_says(ask, "only the platform reads this", is_visible=False),
            record.customer_says(
                ask, "", kind="BUYER_ENTER_FROM_PRODUCT", content={"product_id": "1729384756"}
            ),
            record.customer_says(order, "", kind="ALLOCATED_SERVICE", content={"name": "Agent 2"}),
            record.customer_says(shut, "谢谢，再见"),
        ]
        samples = [self.recorded(record, one) for one in messages]
        record.threads[shut].status = "closed"
        listed = record.conversation(record.threads[shut])
        state: JsonObject = {"what": "thread", "thread": shut, "listed": listed}
        raw = json.dumps(listed, ensure_ascii=False).encode("utf-8", "surrogatepass")
        at = messages[-1].at
        return (
            *samples,
            RawInbound(dedupe_key=f"thread:{shut}:closed", raw=raw, received_at=at, envelope=state),
        )

    def recorded(self, fake: FakeTiktok, message: FakeMessage) -> RawInbound:
        """Write a message of a fake down as the channel stores it."""
        thread = message.thread
        said = fake.wire(message)
        return RawInbound(
            dedupe_key=f"message:{thread}:{said['id']}",
            raw=json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"),
            received_at=message.at,
            envelope={"what": "message", "thread": thread, "listed": fake.conversation(fake.threads[thread])},
        )

    def push_for(self, message: FakeMessage) -> HttpRequest:
        """Give the signed push for a message."""
        push = self.fake.message_push(message)
        return pushed(push.body, headers=push.headers)

    def chat_id(self, number: int) -> str:
        """Give the id of a chat of a new buyer."""
        return str(_FIRST_CHAT + number)

    def order_card(self, order_id: str) -> tuple[str, Mapping[str, Any]]:
        """Give the card that shows an order."""
        return "ORDER_CARD", {"order_id": order_id}

    def place(self, raw: RawInbound) -> None:
        """Let the platform have a recorded message, or a recorded change of a chat."""
        listed: Any = raw.envelope["listed"]
        if raw.envelope["what"] == "thread":
            self.fake.thread(listed["id"]).status = "closed"
        elif raw.dedupe_key not in self.placed:
            buyer = listed["participants"][0]["user_id"]
            self.placed[raw.dedupe_key] = self.fake.retell(listed["id"], buyer, json.loads(raw.raw))

    def push_of(self, raw: RawInbound) -> HttpRequest:
        """Give the signed push of it."""
        message = self.placed.get(raw.dedupe_key)
        if message is not None:
            push = self.fake.message_push(message)
        else:
            push = self.fake.push(13, {"conversation_id": str(raw.envelope["thread"])}, raw.dedupe_key)
        return pushed(push.body, headers=push.headers)

    def unknown_kind(self) -> RawInbound:
        """Give a message of a kind nobody has heard of."""
        told = self.record.customer_says("7494560109732330001", "", kind="HOLOGRAM", content={"depth": 3})
        return self.recorded(self.record, told)

    def saying(self, text: str) -> RawInbound:
        """Give a message with these words."""
        return self.recorded(self.record, self.record.customer_says(str(7_494_560_109_732_340_000), text))

    def fresh(self, number: int) -> RawInbound:
        """Give one more message; each from one of twenty buyers."""
        thread = str(7_494_560_109_732_340_000 + number % 20)
        return self.recorded(self.record, self.record.customer_says(thread, f"fresh {number}"))

    def block(self, kind: str) -> Block:
        """Give a block the platform takes."""
        if kind == "text":
            return Block(text="It leaves today.")
        return Block(kind=BlockKind(kind), text=f"[{kind}]", fields=_CARDS[kind])

    def action(self, kind: ActionKind, attempt: OutboundAttempt) -> Action:
        """Mark the chat as read."""
        return Action(kind=kind, thread=attempt.thread, target=wire_id(self.fake.messages[0].number))

    def acted(self) -> Sequence[bytes]:
        """Give what it was asked to mark as read."""
        return self.fake.http.asked("/messages/read")

    def start_attempt(self, rule: StartRule, attempt: OutboundAttempt) -> OutboundAttempt:
        """Turn an attempt into the first message to a buyer who has ordered."""
        thread = self.fake.thread(f"74945601097323355{len(rule.needs):02}", f"buyer-with-{rule.needs}")
        thread.fields["ordered_at"] = self.fake.clock.now()
        return replace(attempt, thread="", recipient=f"user:{thread.user.id}", answers=None)

    def say_in_crowd(self, text: str) -> None:
        """Let one buyer write."""
        self.fake.customer_says(_CROWD, text)
