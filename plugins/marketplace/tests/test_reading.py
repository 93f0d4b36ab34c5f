"""Pull and push together: nothing lost, nothing twice, whatever order the platform tells it in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from router_marketplace.simulators.fake_yandex import ARBITER, message_id
from router_marketplace.yandex.channel import YandexChannel

from plugins.marketplace.tests.conftest import PUSH_SECRET, Shop, settings_at
from router.channel import Signal
from router.errors import RateLimited, Retryable, StoreUnavailable
from router.messages import EventKind, Role
from router.testing import cut_before_commit, garbage, rate_limited, refused, server_error

PATH = f"/{PUSH_SECRET}"
HISTORY = "POST /v2/businesses/{business}/chats/history"
LIST = "POST /v2/businesses/{business}/chats"


def histories(yandex):
    return [call for call in yandex.http.calls if call.path.endswith("/chats/history")]


async def read_all(channel: YandexChannel, signal: Signal | None = None) -> int:
    stored = 0
    while True:
        pulled = await channel.pull(signal)
        stored += pulled.items
        if not pulled.more:
            return stored


async def test_messages_nobody_pushed_are_found_by_the_poll(yandex, shop):
    yandex.buyer_writes(101, "first")
    yandex.buyer_writes(102, "second")
    assert await read_all(shop.channel) == 2
    assert shop.texts() == ["first", "second"]


async def test_half_of_a_surrogate_pair_stops_no_reading_and_is_kept_as_it_came(yandex, shop):
    for text in ("cut \ud83d", "and on"):
        yandex.buyer_writes(101, text)
    await read_all(shop.channel)
    assert shop.texts() == ["cut \ud83d", "and on"]
    assert any(rb"cut \ud83d" in item.raw.raw for item in shop.store.of("yandex"))


async def test_more_messages_than_a_page_come_in_their_order(yandex, shop):
    texts = [f"line {number}" for number in range(10)]
    for text in texts:
        yandex.buyer_writes(101, text)
    await read_all(shop.channel)
    assert shop.texts() == texts
    assert len(histories(yandex)) == 4


async def test_second_message_within_the_same_second_is_found_too(yandex, shop):
    yandex.buyer_writes(101, "first")
    await read_all(shop.channel)
    yandex.buyer_writes(101, "second")
    await read_all(shop.channel)
    assert shop.texts() == ["first", "second"]


async def test_chat_without_news_is_not_read_again_once_it_is_quiet(yandex, shop):
    yandex.buyer_writes(101, "first")
    await read_all(shop.channel)
    shop.clock.advance(300)
    await read_all(shop.channel)
    before = len(histories(yandex))
    await read_all(shop.channel)
    assert len(histories(yandex)) == before


async def test_reading_goes_on_with_the_boundary_message_after_a_restart(yandex, shop):
    message = yandex.buyer_writes(101, "first")
    await read_all(shop.channel)
    await shop.close()
    yandex.buyer_writes(101, "second")
    await shop.open()
    await read_all(shop.channel)
    assert shop.texts() == ["first", "second"]
    assert f'"messageIdFrom":{message_id(message)}'.encode() in histories(yandex)[-1].body


async def test_pushes_repeated_and_reordered_store_each_message_once(yandex, shop, pusher):
    pusher.keep_back_next(3)
    for text in ("one", "two", "three"):
        await pusher.push("yandex", yandex.message_push(yandex.buyer_writes(101, text), PATH))
    pusher.repeat_next(3)
    await pusher.push("yandex", yandex.message_push(yandex.buyer_writes(101, "four"), PATH))
    await read_all(shop.channel, Signal())
    await pusher.release()
    await read_all(shop.channel, Signal())
    assert shop.texts() == ["one", "two", "three", "four"]


async def test_push_that_overtakes_its_message_leaves_the_chat_to_the_next_poll(yandex, shop, pusher):
    message = yandex.buyer_writes(101, "late")
    yandex.messages.remove(message)
    shop.clock.advance(600)
    await pusher.push("yandex", yandex.message_push(message, PATH))
    assert await read_all(shop.channel, Signal()) == 0
    yandex.messages.append(message)
    await read_all(shop.channel)
    assert shop.texts() == ["late"]


async def test_push_for_a_chat_there_is_none_of_harms_nobody(yandex, shop, pusher):
    yandex.buyer_writes(101, "hello")
    await pusher.push("yandex", yandex.push("CHAT_CREATED", 999, path=PATH))
    assert await read_all(shop.channel) == 1


@pytest.mark.parametrize("fault", [server_error(), cut_before_commit(), garbage()], ids=lambda one: one.name)
async def test_trouble_while_reading_is_retried_and_the_ring_is_not_forgotten(yandex, shop, pusher, fault):
    await read_all(shop.channel)
    message = yandex.buyer_writes(101, "hello")
    await pusher.push("yandex", yandex.message_push(message, PATH))
    yandex.fail_with(fault, HISTORY)
    with pytest.raises(Retryable):
        await shop.channel.pull(Signal())
    await shop.channel.pull(Signal())
    assert shop.texts() == ["hello"]


@pytest.mark.parametrize("retry_after_s", [None, 7.0])
async def test_limit_while_polling_reaches_the_supervisor_with_its_pause(yandex, shop, retry_after_s):
    yandex.fail_with(rate_limited(retry_after_s), LIST)
    with pytest.raises(RateLimited) as raised:
        await shop.channel.pull()
    assert raised.value.retry_after_s == (retry_after_s or 1.0)


async def test_store_that_is_away_leaves_the_cursor_where_it_was(yandex, shop):
    yandex.buyer_writes(101, "hello")
    shop.context.fail_accept_next()
    with pytest.raises(StoreUnavailable):
        await shop.channel.pull()
    assert await shop.context.cursor() is None
    await read_all(shop.channel)
    assert shop.texts() == ["hello"]


async def test_answer_lost_after_the_commit_doubles_nothing(yandex, shop):
    yandex.buyer_writes(101, "hello")
    shop.store.lose_answer_next()
    with pytest.raises(StoreUnavailable):
        await shop.channel.pull()
    await read_all(shop.channel)
    assert shop.texts() == ["hello"]
    assert shop.store.duplicates == 1


async def test_failure_right_after_a_message_stores_no_state_that_came_with_it(yandex, shop, monkeypatch):
    accept = shop.context.accept

    async def accept_then_fail(items, cursor=None):
        results = await accept(items, cursor)
        if items:
            shop.context.fail_accept_next()
        return results

    yandex.buyer_writes(101, "hello")
    monkeypatch.setattr(shop.context, "accept", accept_then_fail)
    with pytest.raises(StoreUnavailable):
        await shop.channel.pull()
    await read_all(shop.channel)
    assert [item.raw.envelope["what"] for item in shop.store.of("yandex")] == ["message"]


async def test_one_chat_the_platform_will_not_give_does_not_hold_up_the_others(yandex, shop):
    yandex.buyer_writes(101, "stuck")
    yandex.buyer_writes(102, "well")
    yandex.fail_with(refused(400, b'{"status":"ERROR","errors":[{"code":"BAD"}]}'), HISTORY)
    await read_all(shop.channel)
    assert shop.texts() == ["well"]
    await read_all(shop.channel)
    assert sorted(shop.texts()) == ["stuck", "well"]


async def test_chat_that_is_finished_is_told_although_it_is_listed_no_more(yandex, shop):
    yandex.buyer_writes(101, "hello")
    await read_all(shop.channel)
    yandex.threads["101"].status = "FINISHED"
    await read_all(shop.channel)
    last = shop.store.of("yandex")[-1].events[0]
    assert last.kind is EventKind.THREAD_STATE
    assert last.platform_state.status == "FINISHED"
    before = len(yandex.http.calls)
    await read_all(shop.channel)
    assert len(yandex.http.calls) == before + 1


async def test_dispute_reaches_the_rules_with_the_arbiters_first_word(yandex, shop, pusher):
    yandex.buyer_writes(101, "I want my money back")
    await read_all(shop.channel)
    yandex.dispute(101)
    yandex.others_write(101, "The dispute is open", ARBITER)
    await pusher.push("yandex", yandex.push("CHAT_ARBITRAGE_STARTED", 101, path=PATH))
    await read_all(shop.channel, Signal())
    last = shop.store.of("yandex")[-1].events[0]
    assert last.author.role is Role.MEDIATOR
    assert last.context["kind"] == "dispute"


async def test_new_account_leaves_out_what_is_older_than_its_history(yandex):
    shop = Shop(settings_at(yandex.url, history_days=1))
    now = yandex.clock.now()
    yandex.buyer_writes(101, "long ago", at=now - timedelta(days=9))
    yandex.buyer_writes(101, "today", at=now)
    yandex.buyer_writes(102, "also long ago", at=now - timedelta(days=9))
    await shop.open()
    await read_all(shop.channel)
    assert shop.texts() == ["today"]
    await shop.close()


async def test_own_words_from_the_sellers_cabinet_come_in_as_the_shops(yandex, shop):
    yandex.buyer_writes(101, "hello")
    yandex.others_write(101, "sent by hand", yandex.shop)
    await read_all(shop.channel)
    roles = [item.events[0].author.role for item in shop.store.of("yandex")]
    assert roles == [Role.CUSTOMER, Role.SHOP]


async def test_steady_pushes_do_not_starve_the_poll(yandex, shop, pusher):
    await read_all(shop.channel)
    yandex.buyer_writes(102, "nobody pushed this")
    shop.clock.advance(shop.channel.poll_interval_s)
    await pusher.push("yandex", yandex.message_push(yandex.buyer_writes(101, "pushed"), PATH))
    await read_all(shop.channel, Signal())
    assert sorted(shop.texts()) == ["nobody pushed this", "pushed"]


async def test_two_accounts_with_equal_ids_keep_their_own_messages(yandex, shop):
    other = Shop(shop.settings, shop.store, account="second")
    await other.open()
    yandex.buyer_writes(101, "hello")
    await read_all(shop.channel)
    assert (shop.texts(), other.texts()) == (["hello"], [])
    await read_all(other.channel)
    assert other.texts() == ["hello"]
    assert shop.store.duplicates == 0
    await other.close()


async def test_chat_that_shifting_pages_hid_from_one_sweep_is_read_by_the_next(yandex, shop):
    long_ago = yandex.clock.now() - timedelta(hours=5)
    for chat in range(101, 126):
        yandex.buyer_writes(chat, f"chat {chat}", at=long_ago)
    yandex.buyer_writes(125, "newest")
    first_page, original = [], yandex.chat_json

    def finishing(thread):
        if not first_page and thread.id == "120":
            first_page.append(thread.id)
            yandex.threads["101"].status = "FINISHED"
        return original(thread)

    yandex.chat_json = finishing
    await read_all(shop.channel)
    assert "chat 121" not in shop.texts()
    await read_all(shop.channel)
    assert "chat 121" in shop.texts()


async def test_clock_of_the_platform_may_be_off_by_hours(yandex, shop):
    yandex.clock.advance(3 * 3600)
    yandex.buyer_writes(101, "from the future")
    await read_all(shop.channel)
    yandex.buyer_writes(102, "also from the future")
    await read_all(shop.channel)
    assert shop.texts() == ["from the future", "also from the future"]
