"""What Yandex Market's chats and messages mean, from its JSON alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from router_marketplace.yandex.channel import YandexChannel
from router_marketplace.yandex.messages import state_of, thread_of

from plugins.marketplace.tests.conftest import settings_at
from router.errors import MalformedMessage
from router.messages import Automatic, BlockKind, EventKind, Proof, Role
from router.testing import make_raw
from router.threads import Turn

CHAT = {
    "chatId": 101,
    "context": {
        "type": "ORDER",
        "orderId": 9007199254740993,
        "campaignId": 21,
        "customer": {"name": "Vera", "publicId": "8wq1"},
    },
    "type": "CHAT",
    "status": "WAITING_FOR_PARTNER",
    "createdAt": "2026-03-02T12:00:00+03:00",
    "updatedAt": "2026-03-02T12:05:00+03:00",
}
MESSAGE = {
    "messageId": 9007199254740995,
    "createdAt": "2026-03-02T12:05:00.250+03:00",
    "sender": "CUSTOMER",
    "message": "Где мой заказ?",
}


def decoded(message=None, chat=None, *, what="message", is_fresh=True):
    channel = YandexChannel("yandex", settings_at("http://127.0.0.1:9"))
    envelope = {"what": what, "thread": "101", "listed": chat or CHAT, "is_fresh": is_fresh}
    [event] = channel.decode(make_raw(json.dumps(message or MESSAGE).encode(), envelope=envelope))
    return event


def test_customers_message_names_buyer_order_and_thread_with_exact_ids():
    event = decoded()
    assert event.kind is EventKind.MESSAGE
    assert event.external_id == "9007199254740995"
    assert event.occurred_at == datetime(2026, 3, 2, 9, 5, 0, 250_000, tzinfo=UTC)
    assert event.author.role is Role.CUSTOMER
    assert event.author.display == "Vera"
    [identity] = event.author.identities
    assert (identity.kind, identity.value, identity.proof) == ("yandex_public_id", "8wq1", Proof.CHANNEL)
    assert event.context["order_id"] == "9007199254740993"
    assert "kind" not in event.context
    assert [one.value for one in event.evidence] == ["101"]
    assert [block.text for block in event.blocks] == ["Где мой заказ?"]


@pytest.mark.parametrize(
    ("sender", "role", "automatic"),
    [
        ("CUSTOMER", Role.CUSTOMER, Automatic.NO),
        ("PARTNER", Role.SHOP, Automatic.NO),
        ("MARKET", Role.OPERATOR, Automatic.REPORT),
        ("SUPPORT", Role.MEDIATOR, Automatic.NO),
        ("ROBOT_OF_TOMORROW", Role.OTHER, Automatic.NO),
    ],
)
def test_each_sender_has_its_role(sender, role, automatic):
    event = decoded(MESSAGE | {"sender": sender})
    assert (event.author.role, event.automatic) == (role, automatic)


def test_buyer_without_public_id_is_known_by_the_chat():
    event = decoded(chat=CHAT | {"context": {"type": "DIRECT"}})
    [identity] = event.author.identities
    assert (identity.kind, identity.value) == ("yandex_chat", "101")


def test_message_in_a_dispute_says_so_for_the_rules():
    assert decoded(chat=CHAT | {"type": "ARBITRAGE"}).context["kind"] == "dispute"


def test_files_become_blocks_with_their_place_at_the_platform():
    payload = [
        {"name": "box.JPG", "size": 10, "url": "https://avatars.mds.yandex.net/a"},
        {"name": "act.pdf", "size": 20, "url": "https://avatars.mds.yandex.net/b"},
    ]
    event = decoded({**MESSAGE, "payload": payload})
    assert [block.kind for block in event.blocks] == [BlockKind.TEXT, BlockKind.IMAGE, BlockKind.FILE]
    assert event.blocks[1].fields["url"] == "https://avatars.mds.yandex.net/a"


def test_unknown_kind_is_kept_with_its_name():
    message = {key: value for key, value in MESSAGE.items() if key != "message"} | {"hologram": {"id": 7}}
    [block] = decoded(message).blocks
    assert block.kind is BlockKind.UNSUPPORTED
    assert block.fields["platform_kind"] == "hologram"


@pytest.mark.parametrize(
    ("status", "turn"),
    [
        ("NEW", Turn.SHOP),
        ("WAITING_FOR_PARTNER", Turn.SHOP),
        ("WAITING_FOR_CUSTOMER", Turn.CUSTOMER),
        ("WAITING_FOR_ARBITER", Turn.NOBODY),
        ("WAITING_FOR_MARKET", Turn.NOBODY),
        ("FINISHED", Turn.NOBODY),
        ("WAITING_FOR_GODOT", None),
    ],
)
def test_each_status_says_whose_turn_it_is(status, turn):
    state = state_of(CHAT | {"status": status})
    assert (state.status, state.turn) == (status, turn)
    assert (state.reply_needed_since is not None) == (turn is Turn.SHOP)


def test_state_travels_with_a_message_only_when_the_chat_was_listed_with_it():
    assert decoded().platform_state.turn is Turn.SHOP
    assert decoded(is_fresh=False).platform_state is None


def test_stored_state_is_an_event_of_its_thread():
    event = decoded(CHAT | {"status": "FINISHED", "type": "ARBITRAGE"}, what="thread")
    assert event.kind is EventKind.THREAD_STATE
    assert event.platform_state.status == "FINISHED"
    assert event.context["kind"] == "dispute"


def test_change_of_status_alone_changes_the_tail():
    before, after = thread_of(CHAT), thread_of(CHAT | {"status": "FINISHED"})
    assert before.tail != after.tail
    assert (before.is_open, after.is_open) == (True, False)


@pytest.mark.parametrize(
    "broken",
    [
        {"messageId": None},
        {"messageId": True},
        {"messageId": {"$numberLong": "1"}},
        {"createdAt": "yesterday"},
        {"createdAt": "2026-03-02T12:00:00"},
        {"createdAt": "99999-01-01T00:00:00Z"},
    ],
)
def test_message_in_another_shape_is_malformed_never_a_crash(broken):
    with pytest.raises(MalformedMessage):
        decoded(MESSAGE | broken)


def test_message_without_a_sender_is_malformed():
    with pytest.raises(MalformedMessage):
        decoded({"messageId": 1, "createdAt": "2026-03-02T12:00:00Z"})
