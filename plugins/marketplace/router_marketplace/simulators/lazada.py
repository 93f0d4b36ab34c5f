"""A seller at a simulated Lazada, for the contract suite."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from router.capabilities import StartRule
from router.channel import AnyChannel, HttpRequest
from router.messages import Block, BlockKind, DeliveryState, JsonObject, OutboundAttempt, RawInbound
from router.testing import FakeMessage, Fault, cut_after_commit, rate_limited, refused, server_error
from router.threads import Action, ActionKind
from router_marketplace.channel import MarketplaceChannel
from router_marketplace.lazada.facts import FACTS
from router_marketplace.lazada.settings import LazadaSettings
from router_marketplace.simulators.fake_lazada import (
    APP_KEY,
    APP_SECRET,
    SELLER_ID,
    SYSTEM,
    TOO_OLD,
    FakeLazada,
)
from router_marketplace.simulators.market import pushed
from router_marketplace.simulators.played import PlayedSimulator

TOKEN_S = 7 * 86_400.0
_VARIABLES = {
    "OMNIROUTER_SIMULATED_LAZADA_SECRET": APP_SECRET,
    "OMNIROUTER_SIMULATED_LAZADA_TOKEN": "token-1",
    "OMNIROUTER_SIMULATED_LAZADA_REFRESH": "refresh-1",
}
_CROWD = "100094063_2_1011829999_1_103"
_ORDER = "900719925474099312"
_FIELDS: Mapping[str, JsonObject] = {
    "image": {"url": "https://p.example/a.png", "width": "64", "height": "48"},
    "video": {"video_id": "70000001"},
    "product_card": {"product_id": "1729384756"},
    "order_card": {"order_id": _ORDER},
    "coupon_card": {"coupon_id": "710000001"},
}


def _gateway(code: str, fault: str) -> Fault:
    said = {"code": code, "type": fault, "message": "refused", "request_id": "r0"}
    return refused(200, json.dumps(said).encode())


def _service(code: str) -> Fault:
    said = {"code": "0", "success": False, "err_code": code, "err_message": "refused"}
    return refused(200, json.dumps(said).encode())


class LazadaSimulator(PlayedSimulator[FakeLazada]):
    """A seller with three buyers, one of whom takes a message back."""

    send_route = "POST /im/message/send"
    spec_name = "lazada-im/openapi.yaml"
    page_size = FACTS.poll.items_per_page
    refusals = {
        "Retryable": lambda: server_error(503),
        "RateLimited": lambda: rate_limited(7),
        "AuthExpired": lambda: _gateway("IllegalAccessToken", "ISV"),
        "AuthInvalid": lambda: _gateway("IncompleteSignature", "ISV"),
        "NotAllowedNow": lambda: _service(TOO_OLD),
        "Permanent": lambda: _gateway("InvalidParameter", "ISV"),
        "UnknownOutcome": cut_after_commit,
    }

    def __init__(self) -> None:
        super().__init__(FakeLazada(), FakeLazada())
        self.fake.issue_token(TOKEN_S)

    def settings_behind(self, url: str) -> LazadaSettings:
        """Give settings of the seller; tokens are renewed at the fake itself."""
        os.environ.update(_VARIABLES)
        secret, token, refresh = _VARIABLES
        return LazadaSettings(
            api_url=url,
            auth_url=self.fake.url,
            app_key=APP_KEY,
            app_secret_env=secret,
            access_token_env=token,
            refresh_token_env=refresh,
            seller_id=SELLER_ID,
            confirm_after_s=0,
        )

    def first_messages(self) -> Sequence[RawInbound]:
        """Let people write at `record` and give what the channel stores of it; the first is a customer's."""
        record = self.record
        ask, order, regret = _session(1), _session(2), _session(3)
        messages = [
            record.customer_says(ask, "Is the blue one in stock? 😟"),
            record.customer_says(order, "", kind="order_card", content={"orderId": _ORDER}),
            record.commit(ask, "The buyer has placed an order.", author=SYSTEM),
            record.change(record.customer_says(regret, "Saya salah tulis").id, state="recalled"),
        ]
        return [self.recorded(record, one) for one in messages]

    def recorded(self, fake: FakeLazada, message: FakeMessage) -> RawInbound:
        """Write a message of a fake down as the channel stores it."""
        thread, said = message.thread, fake.wire(message)
        version = {"recalled": ":recalled", "held": ":held"}.get(message.state, "")
        return RawInbound(
            dedupe_key=f"message:{thread}:{message.id}{version}",
            raw=json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"),
            received_at=message.at,
            envelope={"what": "message", "thread": thread, "listed": fake.session(fake.threads[thread])},
        )

    def push_for(self, message: FakeMessage) -> HttpRequest:
        """Give the signed push for a message."""
        push = self.fake.message_push(message)
        return pushed(push.body, headers=push.headers)

    def chat_id(self, number: int) -> str:
        """Give the id of a chat of a new buyer."""
        return _session(900 + number)

    def order_card(self, order_id: str) -> tuple[str, Mapping[str, Any]]:
        """Give the card that shows an order."""
        return "order_card", {"orderId": order_id}

    def place(self, raw: RawInbound) -> None:
        """Let the platform have a recorded message."""
        if raw.dedupe_key not in self.placed:
            listed: Any = raw.envelope["listed"]
            self.placed[raw.dedupe_key] = self.fake.retell(listed["title"], json.loads(raw.raw))

    def push_of(self, raw: RawInbound) -> HttpRequest:
        """Give the signed push of it."""
        push = self.fake.message_push(self.placed[raw.dedupe_key])
        return pushed(push.body, headers=push.headers)

    def unknown_kind(self) -> RawInbound:
        """Give a message of a template nobody has heard of."""
        told = self.record.customer_says(_session(1), "", kind="29999", content={"depth": 3})
        return self.recorded(self.record, told)

    def saying(self, text: str) -> RawInbound:
        """Give a message with these words."""
        return self.recorded(self.record, self.record.customer_says(_session(1), text))

    def fresh(self, number: int) -> RawInbound:
        """Give one more message; each from one of twenty buyers."""
        return self.recorded(
            self.record, self.record.customer_says(_session(100 + number % 20), f"fresh {number}")
        )

    def block(self, kind: str) -> Block:
        """Give a block the platform takes."""
        if kind == "text":
            return Block(text="It leaves today.")
        return Block(kind=BlockKind(kind), text=f"[{kind}]", fields=_FIELDS[kind])

    def action(self, kind: ActionKind, attempt: OutboundAttempt) -> Action:
        """Mark the session as read up to a message, or take back what was sent last."""
        message = self.fake.sent_by_shop()[-1] if kind is ActionKind.RECALL else self.fake.messages[0]
        return Action(kind=kind, thread=message.thread, target=message.id)

    def acted(self) -> Sequence[bytes]:
        """Give what it was asked to mark as read and to take back."""
        return self.fake.http.asked("/im/session/read", "/im/message/recall")

    async def receipt(self, channel: AnyChannel, attempt: OutboundAttempt, state: DeliveryState) -> None:
        """Let the buyer read what was sent last, or let the session show that he has it."""
        if not isinstance(channel, MarketplaceChannel):
            raise TypeError(f"{type(channel).__name__} is no marketplace channel")
        message = self.fake.sent_by_shop()[-1]
        is_read = state is DeliveryState.READ
        push = self.fake.read_push(message) if is_read else self.fake.message_push(message)
        await channel.handle_http(pushed(push.body, headers=push.headers))
        await channel.pull(None)

    def start_attempt(self, rule: StartRule, attempt: OutboundAttempt) -> OutboundAttempt:
        """Turn an attempt into the first message about an order."""
        self.fake.orders[_ORDER] = self.fake.clock.now()
        return replace(attempt, thread="", recipient=f"order:{_ORDER}", answers=None)

    def say_in_crowd(self, text: str) -> None:
        """Let one buyer write."""
        self.fake.customer_says(_CROWD, text)


def _session(number: int) -> str:
    return f"100094063_2_{1011822000 + number}_1_103"
