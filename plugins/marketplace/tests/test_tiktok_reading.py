"""What TikTok Shop says, read: kinds, roles, ids, turns, states, pages, and what is not for the agent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from router_marketplace.calls import Access, Answer
from router_marketplace.signing.pushes import app_key_push
from router_marketplace.tiktok.adapter import TiktokAdapter
from router_marketplace.tiktok.decode import CHAT_ID, ORDER_ID
from router_marketplace.tiktok.settings import TiktokSettings

from router.channel import HttpRequest
from router.errors import InboundRejected, MalformedMessage
from router.messages import Automatic, BlockKind, EventKind, Role
from router.threads import Turn

AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
THREAD = "7494560109732334261"
ADAPTER = TiktokAdapter(
    TiktokSettings(
        app_key="123abc",
        app_secret_env="S",
        access_token_env="T",
        refresh_token_env="R",
        shop_cipher="ROW_x",
        shop_id="7494049642642441621",
    )
)
ACCESS = Access(keys={"app_secret": "secret1"}, token="tok", refresh_token="ref")


def _message(kind: str = "TEXT", content: Any = None, role: str = "BUYER", **more: Any) -> dict[str, Any]:
    return {
        "id": "9007199254740993",
        "index": "7494560109732334274",
        "type": kind,
        "content": json.dumps({"content": "hello"} if content is None else content),
        "create_time": int(AT.timestamp()),
        "is_visible": True,
        "sender": {"im_user_id": "707885565181165594", "role": role, "nickname": "A buyer"},
    } | more


LISTED = {
    "id": THREAD,
    "can_send_message": True,
    "unread_count": 2,
    "create_time": int(AT.timestamp()),
    "participants": [
        {"im_user_id": "707885565181165594", "user_id": "900719925474099312", "role": "BUYER"},
        {"im_user_id": "1", "role": "SHOP"},
    ],
}


def test_buyers_text_keeps_long_ids_and_the_platforms_order() -> None:
    event = ADAPTER.event(THREAD, _message(), LISTED)
    assert event.external_id == "9007199254740993"
    assert event.blocks[0].text == "hello"
    assert event.evidence[0].value == THREAD
    assert event.sort_key.endswith("7494560109732334274")
    nine, ten = (ADAPTER.event(THREAD, _message(index=index), {}).sort_key for index in ("9", "10"))
    assert nine < ten


def test_buyer_is_answered_by_one_id_and_his_orders_are_found_by_the_other() -> None:
    author = ADAPTER.event(THREAD, _message(), LISTED).author
    assert [(one.kind, one.value) for one in author.identities] == [
        (CHAT_ID, "707885565181165594"),
        (ORDER_ID, "900719925474099312"),
    ]
    unlisted = ADAPTER.event(THREAD, _message(), {}).author
    assert [one.kind for one in unlisted.identities] == [CHAT_ID]


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("BUYER", Role.CUSTOMER),
        ("SHOP", Role.SHOP),
        ("CUSTOMER_SERVICE", Role.AGENT),
        ("SYSTEM", Role.SYSTEM),
        ("ROBOT", Role.BOT),
        ("NEWCOMER", Role.OTHER),
    ],
)
def test_sender_has_his_role(role: str, expected: Role) -> None:
    event = ADAPTER.event(THREAD, _message(role=role), {})
    assert event.author.role is expected
    assert (event.automatic is Automatic.REPLY) == (role == "ROBOT")
    assert (event.kind is EventKind.SYSTEM) == (role == "SYSTEM")


@pytest.mark.parametrize(
    ("kind", "content", "block_kind", "fields"),
    [
        ("IMAGE", {"url": "https://p.example/a.png", "width": 9}, BlockKind.IMAGE, {"width": "9"}),
        ("EMOTICONS", {"url": "https://p.example/e.png"}, BlockKind.IMAGE, {"platform_kind": "EMOTICONS"}),
        ("VIDEO", {"url": "https://p.example/a.mp4"}, BlockKind.VIDEO, {"url": "https://p.example/a.mp4"}),
        ("PRODUCT_CARD", {"product_id": "17"}, BlockKind.PRODUCT_CARD, {"product_id": "17"}),
        ("ORDER_CARD", {"order_id": "57"}, BlockKind.ORDER_CARD, {"order_id": "57"}),
        (
            "RETURN_REFUND_CARD",
            {"order_id": "57"},
            BlockKind.ORDER_CARD,
            {"platform_kind": "RETURN_REFUND_CARD"},
        ),
        ("COUPON_CARD", {"coupon_id": "3"}, BlockKind.COUPON_CARD, {"coupon_id": "3"}),
        ("OTHER", {}, BlockKind.UNSUPPORTED, {"platform_kind": "OTHER"}),
        ("HOLOGRAM", {"x": 1}, BlockKind.UNSUPPORTED, {"platform_kind": "HOLOGRAM"}),
        ("IMAGE", {}, BlockKind.UNSUPPORTED, {"platform_kind": "IMAGE"}),
    ],
)
def test_content_becomes_its_block(
    kind: str, content: Any, block_kind: BlockKind, fields: dict[str, str]
) -> None:
    block = ADAPTER.event(THREAD, _message(kind, content), {}).blocks[0]
    assert block.kind is block_kind
    assert fields.items() <= block.fields.items()
    assert block.text


def test_card_tells_rules_its_order_and_product() -> None:
    assert ADAPTER.event(THREAD, _message("ORDER_CARD", {"order_id": "57"}), {}).context == {"order_id": "57"}
    entered = ADAPTER.event(THREAD, _message("BUYER_ENTER_FROM_PRODUCT", {"product_id": 17}), {})
    assert entered.context == {"product_id": "17"}
    assert entered.kind is EventKind.SYSTEM


def test_joining_agent_is_an_assignment_and_hidden_text_is_not_shown() -> None:
    assert ADAPTER.event(THREAD, _message("ALLOCATED_SERVICE", {}), {}).kind is EventKind.ASSIGNMENT
    hidden = ADAPTER.event(THREAD, _message(is_visible=False), {})
    assert not hidden.visible
    assert hidden.platform_state is None


def test_turn_and_closing_time_follow_who_wrote_last() -> None:
    buyer = ADAPTER.event(THREAD, _message(), {}).platform_state
    assert buyer is not None
    assert (buyer.turn, buyer.reply_needed_since, buyer.closes_at) == (Turn.SHOP, AT, AT + timedelta(days=7))
    shop = ADAPTER.event(THREAD, _message(role="SHOP"), {}).platform_state
    assert shop is not None
    assert (shop.turn, shop.reply_needed_since, shop.closes_at) == (
        Turn.CUSTOMER,
        None,
        AT + timedelta(hours=6),
    )


def test_listing_says_whether_the_chat_is_open_and_how_much_is_unread() -> None:
    open_state = ADAPTER.state({**LISTED, "latest_message": _message()})
    assert (open_state.can_send, open_state.status, open_state.unread) == (True, "open", 2)
    assert open_state.reply_needed_since == AT
    shut = ADAPTER.state({**LISTED, "can_send_message": False})
    assert (shut.can_send, shut.status) == (False, "closed")
    assert shut.blocked_reason
    page = ADAPTER.threads(_answer(conversations=[{**LISTED, "can_send_message": False}]))
    refused = ADAPTER.permission(page.threads[0], AT)
    assert not refused.allowed
    assert refused.why == shut.blocked_reason


def _answer(**found: Any) -> Answer:
    return Answer(status=200, document={"code": 0, "message": "", "request_id": "r", "data": found})


def test_pages_name_the_next_one_and_strange_entries_are_left_out() -> None:
    page = ADAPTER.threads(
        _answer(conversations=[{**LISTED, "latest_message": _message()}, 7], next_page_token="p2")
    )
    assert page.next_page == "p2"
    assert [(one.id, one.at, one.is_open) for one in page.threads] == [(THREAD, AT, True)]
    items = ADAPTER.items(
        _answer(messages=[_message("OTHER"), {"id": "1"}], unsupported_msg_tips="Open the seller centre.")
    )
    assert [one.id for one in items.items] == ["9007199254740993"]
    assert ADAPTER.event(THREAD, items.items[0].raw, {}).blocks[0].text == "Open the seller centre."


def _push(said: Any, key: str = "secret1", app: str = "123abc") -> HttpRequest:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    headers = {"authorization": app_key_push(app, key, body)}
    return HttpRequest(method="POST", path="/", query={}, headers=headers, body=body, remote="203.0.113.5")


def _said(kind: int, **told: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "tts_notification_id": "7327112393057371910",
        "shop_id": "7494049642642441621",
        "timestamp": 1644412885,
        "data": told,
    }


def test_message_and_conversation_pushes_ring_and_are_answered_with_nothing() -> None:
    message = ADAPTER.push(_push(_said(14, conversation_id=THREAD, message_id="5")), ACCESS, AT)
    assert [(one.thread, one.item) for one in message.rings] == [(THREAD, "5")]
    assert (message.reply.status, message.reply.body) == (200, b"")
    conversation = ADAPTER.push(_push(_said(13, conversation_id=THREAD)), ACCESS, AT)
    assert [(one.thread, one.item) for one in conversation.rings] == [(THREAD, "")]
    assert ADAPTER.push(_push(_said(1, order_id="5")), ACCESS, AT).rings == ()
    assert ADAPTER.push(_push(_said(14, conversation_id="../../orders?x=")), ACCESS, AT).rings == ()


def test_forged_push_is_refused() -> None:
    said = _said(14, conversation_id=THREAD)
    for forged in (_push(said, key="secret2"), _push(said, app="124abc")):
        with pytest.raises(InboundRejected):
            ADAPTER.push(forged, ACCESS, AT)
    good = _push(said)
    for at in (0, len(good.body) // 2, len(good.body) - 1):
        body = good.body[:at] + bytes([good.body[at] ^ 1]) + good.body[at + 1 :]
        with pytest.raises(InboundRejected):
            ADAPTER.push(
                HttpRequest(
                    method="POST", path="/", query={}, headers=good.headers, body=body, remote="203.0.113.5"
                ),
                ACCESS,
                AT,
            )


def test_genuine_push_for_another_shop_of_the_app_is_taken_and_rings_for_nothing() -> None:
    push = ADAPTER.push(_push({**_said(14, conversation_id=THREAD), "shop_id": "1"}), ACCESS, AT)
    assert (push.reply.status, push.rings) == (200, ())


@pytest.mark.parametrize("body", [b"[]", b"{", b"[" * 100_000, b'"x"', b"{" + b" " * 600_000 + b"}"])
def test_signed_push_that_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        ADAPTER.push(_push(body), ACCESS, AT)
