"""What Lazada says, read: templates, moderation, recall, automatic answers, read states, pages, pushes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from router_marketplace.calls import Access, Answer
from router_marketplace.lazada.adapter import LazadaAdapter
from router_marketplace.lazada.decode import BUYER_ID, CHAT_ID
from router_marketplace.lazada.settings import LazadaSettings
from router_marketplace.signing.pushes import app_key_push

from router.channel import HttpRequest
from router.errors import InboundRejected
from router.messages import Automatic, BlockKind, DeliveryState, EventKind, Role
from router.threads import Turn

AT = datetime(2026, 3, 1, 8, 0, 0, 123_000, tzinfo=UTC)
AT_MS = round(AT.timestamp() * 1000)
SESSION = "100094063_2_1011822749_1_103"
ADAPTER = LazadaAdapter(
    LazadaSettings(
        app_key="123456",
        app_secret_env="S",
        access_token_env="T",
        refresh_token_env="R",
        seller_id="1234567",
    )
)
ACCESS = Access(keys={"app_secret": "secret1"}, token="tok", refresh_token="ref")
BUYER, SELLER = 1, 2


def _message(template: int = 1, content: Any = None, side: int = BUYER, **more: Any) -> dict[str, Any]:
    return {
        "message_id": "1zYOS7N0cuIqw96026",
        "session_id": SESSION,
        "content": json.dumps({"txt": "hello world!"} if content is None else content),
        "from_account_id": "1011822749",
        "from_account_type": side,
        "send_time": AT_MS,
        "template_id": template,
        "type": 1,
        "status": 0,
        "auto_reply": False,
    } | more


def test_buyer_is_the_session_and_his_own_id_finds_orders() -> None:
    listed = {"session_id": SESSION, "buyer_id": 9007199254740993, "title": "A buyer"}
    event = ADAPTER.event(SESSION, _message(), listed)
    assert [(one.kind, one.value) for one in event.author.identities] == [
        (CHAT_ID, SESSION),
        (BUYER_ID, "9007199254740993"),
    ]
    assert (event.author.display, event.occurred_at) == ("A buyer", AT)
    pushed = {name: value for name, value in _message().items() if name != "from_account_id"}
    assert ADAPTER.event(SESSION, pushed, {}).author.identities[0] == event.author.identities[0]


@pytest.mark.parametrize(
    ("template", "content", "kind", "fields"),
    [
        (1, {"txt": "a"}, BlockKind.TEXT, {}),
        (4, {"txt": "[smile]"}, BlockKind.TEXT, {}),
        (
            3,
            {"imgUrl": "https://p.example/a.png", "width": 9},
            BlockKind.IMAGE,
            {"url": "https://p.example/a.png"},
        ),
        (3, {}, BlockKind.UNSUPPORTED, {"platform_kind": "3"}),
        (6, {"videoId": 70}, BlockKind.VIDEO, {"video_id": "70"}),
        (10006, {"itemId": 17}, BlockKind.PRODUCT_CARD, {"product_id": "17"}),
        (10007, {"order_id": "57"}, BlockKind.ORDER_CARD, {"order_id": "57"}),
        (10008, {"promotionId": "3"}, BlockKind.COUPON_CARD, {"coupon_id": "3"}),
        (10010, {"txt": "Follow us"}, BlockKind.UNSUPPORTED, {"platform_kind": "10010"}),
        (20001, {"x": 1}, BlockKind.UNSUPPORTED, {"platform_kind": "20001"}),
    ],
)
def test_template_becomes_its_block(template: int, content: Any, kind: BlockKind, fields: Any) -> None:
    event = ADAPTER.event(SESSION, _message(template, content), {})
    assert event.blocks[0].kind is kind
    assert fields.items() <= event.blocks[0].fields.items()
    assert event.blocks[0].text
    assert event.context.get("order_id", "") == ("57" if template == 10007 else "")


def test_who_wrote_is_read_from_side_machine_and_type() -> None:
    def role(**more: Any) -> Role:
        return ADAPTER.event(SESSION, _message(**more), {}).author.role

    assert role() is Role.CUSTOMER
    assert role(side=SELLER) is Role.SHOP
    assert role(side=SELLER, auto_reply=True) is Role.BOT
    assert role(side=SELLER, type=2) is Role.SYSTEM
    assert role(side=9) is Role.OTHER
    automatic = ADAPTER.event(SESSION, _message(side=SELLER, auto_reply=True), {})
    assert automatic.automatic is Automatic.REPLY
    assert ADAPTER.event(SESSION, _message(side=SELLER, type=2), {}).kind is EventKind.SYSTEM


def test_turn_is_the_shops_after_the_buyer_and_the_buyers_after_the_shop() -> None:
    buyer = ADAPTER.event(SESSION, _message(), {}).platform_state
    assert buyer is not None
    assert (buyer.turn, buyer.reply_needed_since) == (Turn.SHOP, AT)
    shop = ADAPTER.event(SESSION, _message(side=SELLER), {}).platform_state
    assert shop is not None
    assert (shop.turn, shop.reply_needed_since) == (Turn.CUSTOMER, None)
    assert ADAPTER.event(SESSION, _message(side=SELLER, auto_reply=True), {}).platform_state is None


def test_recalled_message_is_a_recall_of_that_message() -> None:
    event = ADAPTER.event(SESSION, _message(status=1), {})
    assert (event.kind, event.target, event.external_id) == (EventKind.RECALL, "1zYOS7N0cuIqw96026", "")
    assert event.occurred_at is None


def test_message_that_moderation_holds_is_reported_as_held_and_not_seen() -> None:
    event = ADAPTER.event(SESSION, _message(side=SELLER, process_msg="Being checked."), {})
    assert event.report is not None
    assert (event.report.outgoing_ref, event.report.state) == ("1zYOS7N0cuIqw96026", DeliveryState.HELD)
    assert not event.visible
    assert event.platform_state is None
    assert event.warnings
    assert ADAPTER.event(SESSION, _message(), {}).report is None


def test_buyers_message_that_moderation_looks_at_is_shown_all_the_same() -> None:
    event = ADAPTER.event(SESSION, _message(process_msg="Being checked."), {})
    assert event.visible
    assert event.report is None
    assert event.platform_state is not None


def test_held_and_recalled_are_other_versions_of_the_message() -> None:
    items = ADAPTER.items(
        _answer(
            has_more=False,
            message_list=[
                _message(),
                _message(side=SELLER, process_msg="x"),
                _message(status=1),
                {"message_id": "1"},
                3,
            ],
        )
    ).items
    assert [one.version for one in items] == ["", "held", "recalled"]


def _answer(**found: Any) -> Answer:
    return Answer(status=200, document={"code": "0", "success": True, "data": found})


def test_next_page_starts_at_the_time_and_id_the_last_one_ended_with() -> None:
    page = ADAPTER.items(
        _answer(has_more=True, next_start_time=AT_MS, last_message_id="m 1", message_list=[_message()])
    )
    call = ADAPTER.list_items(SESSION, None, page.next_page, AT)
    assert (call.query["start_time"], call.query["last_message_id"]) == (str(AT_MS), "m 1")
    assert ADAPTER.items(_answer(has_more=False, next_start_time=AT_MS, message_list=[])).next_page == ""


def test_first_page_starts_a_little_ahead_so_that_a_slow_clock_hides_nothing() -> None:
    assert int(ADAPTER.list_threads(AT, "", AT).query["start_time"]) > AT_MS
    assert "last_session_id" not in ADAPTER.list_threads(AT, "", AT).query


def _push(said: Any, key: str = "secret1") -> HttpRequest:
    body = json.dumps(said).encode()
    headers = {"Authorization": app_key_push("123456", key, body)}
    return HttpRequest(method="POST", path="/", query={}, headers=headers, body=body, remote="203.0.113.5")


def _said(kind: int, **told: Any) -> dict[str, Any]:
    return {"seller_id": 1234567, "message_type": kind, "data": told, "timestamp": AT_MS, "site": "lazada_sg"}


def test_message_push_rings_for_its_session() -> None:
    push = ADAPTER.push(_push(_said(2, **_message())), ACCESS, AT)
    assert [(one.thread, one.item) for one in push.rings] == [(SESSION, "1zYOS7N0cuIqw96026")]
    assert push.notices == ()
    assert ADAPTER.push(_push(_said(10, trade_order_id="1")), ACCESS, AT).rings == ()


def test_read_state_is_kept_as_a_receipt_for_everything_up_to_a_message() -> None:
    push = ADAPTER.push(_push(_said(19, session_id=SESSION, last_read_message_id="m7")), ACCESS, AT)
    (notice,) = push.notices
    event = ADAPTER.notice(notice.thread, json.loads(notice.body))
    assert (event.kind, event.target) == (EventKind.RECEIPT, "m7")
    assert event.report is not None
    assert (event.report.outgoing_ref, event.report.state, event.report.at) == (
        "m7",
        DeliveryState.READ,
        AT,
    )


def test_read_state_of_the_sellers_own_side_is_no_receipt() -> None:
    said = _said(19, session_id=SESSION, last_read_message_id="m7", from_account_type=SELLER)
    push = ADAPTER.push(_push(said), ACCESS, AT)
    assert push.notices == ()
    assert push.rings


def test_forged_push_is_refused() -> None:
    said = _said(2, **_message())
    with pytest.raises(InboundRejected):
        ADAPTER.push(_push(said, key="secret2"), ACCESS, AT)


def test_genuine_push_for_another_seller_of_the_app_is_taken_and_does_nothing() -> None:
    said = {**_said(19, session_id=SESSION, last_read_message_id="m7"), "seller_id": 1}
    push = ADAPTER.push(_push(said), ACCESS, AT)
    assert (push.reply.status, push.rings, push.notices) == (200, (), ())
