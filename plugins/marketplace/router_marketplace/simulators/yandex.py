"""A shop at a simulated Yandex Market, for the contract suite."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from router.capabilities import StartRule
from router.channel import HttpRequest
from router.messages import JsonObject, OutboundAttempt, RawInbound
from router.testing import (
    FakeMessage,
    Fault,
    cut_after_commit,
    refused,
    server_error,
)
from router_marketplace.simulators.fake_yandex import ARBITER, BUSINESS_ID, FakeYandex, message_id
from router_marketplace.simulators.market import MarketSimulator, pushed
from router_marketplace.yandex.settings import YandexSettings

PAGE = 10
PAUSE = {"Retry-After": "7"}
ORDER: dict[str, Any] = {
    "orderId": 55001,
    "campaignId": 21,
    "programType": "FBS",
    "status": "DELIVERY",
    "substatus": "COURIER_IN_TRANSIT_TO_SENDER",
    "creationDate": "2026-02-27T10:00:00+03:00",
    "paymentType": "PREPAID",
    "paymentMethod": "SBP",
    "fake": False,
    "items": [{"id": 1, "offerId": "K-1", "offerName": "Kettle", "count": 2}],
    "prices": {"payment": {"value": 3590.5, "currencyId": "RUR"}},
    "delivery": {
        "type": "DELIVERY",
        "serviceName": "Courier",
        "deliveryServiceId": 9,
        "deliveryPartnerType": "SHOP",
        "dates": {"fromDate": "2026-03-03"},
        "tracks": [{"deliveryServiceId": 9, "trackCode": "RA1"}],
    },
}
_PUSH = "OMNIROUTER_SIMULATED_YANDEX_PUSH"
_VARIABLES = {
    "OMNIROUTER_SIMULATED_YANDEX_TOKEN": "token-1",
    "OMNIROUTER_SIMULATED_YANDEX_REFRESH": "refresh-0",
    "OMNIROUTER_SIMULATED_YANDEX_CLIENT": "simulated-client-5b1e",
    _PUSH: "simulated-push-77c2",
}


def _said(status: int, code: str, words: str, **headers: str) -> Fault:
    told = {"status": "ERROR", "errors": [{"code": code, "message": words}]}
    fault = refused(status, json.dumps(told).encode())
    return replace(fault, headers={**fault.headers, **headers})


class YandexSimulator(MarketSimulator[FakeYandex]):
    """A cabinet with four chats: about an order, a return, goods, and one in dispute."""

    send_route = "POST /v2/businesses/{business}/chats/message"
    spec_name = "yandex-market-partner/chats-orders-questions.openapi.json"
    page_size = PAGE
    refusals = {
        "Retryable": lambda: server_error(503),
        "RateLimited": lambda: _said(420, "LIMIT", "Hit rate limit of 4 parallel requests", **PAUSE),
        "AuthExpired": lambda: _said(403, "FORBIDDEN", "Access is denied"),
        "ContentRejected": lambda: _said(400, "BAD_REQUEST", "message: forbidden words"),
        "RecipientGone": lambda: _said(404, "NOT_FOUND", "Chat not found"),
        "Permanent": lambda: _said(405, "METHOD_NOT_ALLOWED", "No such method"),
        "UnknownOutcome": cut_after_commit,
    }

    def __init__(self) -> None:
        super().__init__(FakeYandex(page_limit=PAGE), FakeYandex())
        self.fake.issue_token()
        self.fake.orders[55001] = ORDER

    def settings_behind(self, url: str) -> YandexSettings:
        """Give settings of a cabinet with an OAuth token, as that one can run out."""
        os.environ.update(_VARIABLES)
        token, refresh, client, push = _VARIABLES
        return YandexSettings(
            api_url=url,
            oauth_url=f"{self.fake.url}/oauth/token",
            business_id=BUSINESS_ID,
            oauth_client_id="simulated",
            oauth_client_secret_env=client,
            oauth_token_env=token,
            oauth_refresh_env=refresh,
            push_secret_env=push,
            push_networks=("127.0.0.0/8",),  # type: ignore[arg-type]
            confirm_after_s=0,
        )

    def sample_in(self, thread_kind: str) -> RawInbound:
        """Give the message of one kind of chat."""
        return self._samples[("order", "return", "direct").index(thread_kind)]

    def first_messages(self) -> Sequence[RawInbound]:
        """Let people write at `record` and give what the channel stores of it; the first is a customer's."""
        record = self.record
        record.open_chat(101, kind="ORDER", order=55001, buyer="8wq1", name="Vera")
        record.open_chat(102, kind="RETURN", order=55002, refund=77, buyer="x2k9")
        record.open_chat(103, kind="DIRECT", is_anonymous=True)
        record.open_chat(104, kind="ORDER", order=55004, buyer="m3a7")
        picture = {"name": "box.jpg", "size": 2048, "url": "https://avatars.mds.yandex.net/get/box.jpg"}
        about_order = record.buyer_writes(101, "Где мой заказ? 😟")
        about_return = record.buyer_writes(102, "", payload=[picture])
        about_goods = record.buyer_writes(103, "Есть ли синий цвет?")
        samples = [self.recorded(record, one) for one in (about_order, about_return, about_goods)]
        record.dispute(104)
        samples.append(
            self.recorded(record, record.others_write(104, "Спор открыт. Опишите ситуацию.", ARBITER))
        )
        record.dispute(101)
        chat = record.chat_json(record.threads["101"])
        state: JsonObject = {"what": "thread", "thread": "101", "listed": chat}
        raw = json.dumps(chat, ensure_ascii=False).encode("utf-8", "surrogatepass")
        at = about_order.at
        return (
            *samples,
            RawInbound(dedupe_key="thread:101:dispute", raw=raw, received_at=at, envelope=state),
        )

    def recorded(self, fake: FakeYandex, message: FakeMessage) -> RawInbound:
        """Write a message of a fake down as the channel stores it."""
        chat = message.thread
        return RawInbound(
            dedupe_key=f"message:{chat}:{message_id(message)}",
            raw=json.dumps(fake.message_json(message), ensure_ascii=False).encode("utf-8", "surrogatepass"),
            received_at=message.at,
            envelope={"what": "message", "thread": chat, "listed": fake.chat_json(fake.threads[chat])},
        )

    def place(self, raw: RawInbound) -> None:
        """Let the platform have a recorded message, or a recorded change of a chat."""
        key = raw.dedupe_key
        if key not in self.placed:
            listed: Any = raw.envelope["listed"]
            chat = _place_chat(self.fake, listed)
            if raw.envelope["what"] == "message":
                self.placed[key] = _place_message(self.fake, chat, json.loads(raw.raw))

    def push_of(self, raw: RawInbound) -> HttpRequest:
        """Give the notification of it."""
        message = self.placed.get(raw.dedupe_key)
        path = f"/{_VARIABLES[_PUSH]}"
        if message is not None:
            push = self.fake.message_push(message, path)
        else:
            push = self.fake.push("CHAT_ARBITRAGE_STARTED", int(str(raw.envelope["thread"])), path=path)
        return pushed(push.body, path=push.path, headers=push.headers)

    def unknown_kind(self) -> RawInbound:
        """Give a message of a kind nobody has heard of."""
        return self.recorded(self.record, self.record.buyer_writes(101, "", kind="hologram"))

    def saying(self, text: str) -> RawInbound:
        """Give a message with these words."""
        return self.recorded(self.record, self.record.buyer_writes(101, text))

    def fresh(self, number: int) -> RawInbound:
        """Give one more message; each from one of five buyers, as every sweep reads the newest chats again."""
        return self.recorded(self.record, self.record.buyer_writes(5000 + number % 5, f"fresh {number}"))

    def start_attempt(self, rule: StartRule, attempt: OutboundAttempt) -> OutboundAttempt:
        """Turn an attempt into the first message about an order or a return."""
        return replace(attempt, thread="", recipient=f"{rule.needs}:55001", answers=None)

    def say_in_crowd(self, text: str) -> None:
        """Let one buyer write."""
        self.fake.buyer_writes(9001, text)


def _place_chat(fake: FakeYandex, listed: dict[str, Any]) -> int:
    context, chat = listed["context"], int(listed["chatId"])
    customer = context.get("customer", {})
    fake.open_chat(
        chat,
        kind=context["type"],
        order=context.get("orderId", 0),
        refund=context.get("returnId", 0),
        buyer=customer.get("publicId", ""),
        name=customer.get("name", ""),
        is_anonymous=not customer,
    )
    if listed["type"] == "ARBITRAGE":
        fake.dispute(chat)
    return chat


def _place_message(fake: FakeYandex, chat: int, said: dict[str, Any]) -> FakeMessage:
    if said["sender"] == "SUPPORT":
        return fake.others_write(chat, said["message"], ARBITER)
    strange = set(said) - {"messageId", "createdAt", "sender", "message", "payload"}
    payload = {"payload": said["payload"]} if "payload" in said else {}
    return fake.buyer_writes(chat, said.get("message", ""), kind=next(iter(strange), "text"), **payload)
