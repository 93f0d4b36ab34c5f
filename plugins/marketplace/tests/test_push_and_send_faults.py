"""TikTok Shop and Lazada when things go wrong: pushes repeated, late and forged, answers cut, tokens spent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest

from plugins.marketplace.tests.shops import READ, Market
from router.errors import AuthExpired, AuthInvalid, RateLimited, Retryable, StoreUnavailable, UnknownOutcome
from router.messages import BlockKind, Confirmation, Role, SendOutcome
from router.testing import (
    MemoryStore,
    Push,
    cut_after_commit,
    cut_before_commit,
    garbage,
    late,
    rate_limited,
    server_error,
    slow_body,
)


@pytest.fixture(params=["tiktok", "lazada"])
async def market(request: pytest.FixtureRequest) -> AsyncIterator[Market]:
    market = Market(request.param)
    await market.start()
    yield market
    await market.stop()


class _Held(asyncio.Event):
    """Holds an answer back, and tells when there is one to hold."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.reached.set()
        return await super().wait()


# in


async def test_repeated_and_reordered_pushes_store_each_message_once_in_order(market: Market) -> None:
    messages = [market.fake.customer_says(market.chat, f"line {number}") for number in range(3)]
    market.pusher.keep_back_next(2)
    for message in messages:
        market.pusher.repeat_next(3)
        await market.pusher.push("shop", market.push_for(message))
    await market.channel.pull(market.context.signals[-1])
    await market.pusher.release()
    await market.channel.pull(market.context.signals[-1])
    await market.channel.pull(None)
    assert market.texts == ["line 0", "line 1", "line 2"]
    keys = [event.sort_key for event in market.events]
    assert keys == sorted(keys)


async def test_message_nobody_pushed_is_found_by_the_poll(market: Market) -> None:
    market.fake.customer_says(market.chat, "is anybody there?")
    await market.channel.pull(None)
    assert market.texts == ["is anybody there?"]


async def test_pushed_message_is_read_with_one_question_more_than_its_page(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "first"))
    market.fake.http.calls.clear()
    await market.ring(market.fake.customer_says(market.chat, "second"))
    assert market.texts == ["first", "second"]
    assert len(market.fake.http.calls) <= 2


@pytest.mark.parametrize("spoilt", ["body", "signature", "unsigned"])
async def test_forged_push_is_answered_401_and_rings_for_nothing(market: Market, spoilt: str) -> None:
    push = market.push_for(market.fake.customer_says(market.chat, "hello"))
    body = push.body.replace(b"hello", b"hallo") if spoilt == "body" else push.body
    headers = dict(push.headers)
    if spoilt == "signature":
        headers["Authorization"] = headers["Authorization"][:-1] + "x"
    if spoilt == "unsigned":
        headers = {}
    answer = await market.pusher.push("shop", Push(body=body, headers=headers))
    assert answer is not None
    assert answer.status == 401
    assert market.context.signals == []


async def test_push_for_a_chat_that_cannot_be_read_holds_up_nothing(market: Market) -> None:
    known = market.fake.customer_says(market.chat, "hello")
    strange = replace(known, thread="7000000000000000000")
    await market.pusher.push("shop", market.push_for(strange))
    await market.pusher.push("shop", market.push_for(known))
    pulled = await market.channel.pull(market.context.signals[-1])
    assert market.texts == ["hello"]
    assert not pulled.more


async def test_push_is_answered_with_200_and_nothing_before_anything_is_read(market: Market) -> None:
    push = market.push_for(market.fake.customer_says(market.chat, "hello"))
    answer = await market.pusher.push("shop", push)
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"")
    assert market.fake.http.calls == []


async def test_message_that_comes_between_two_pages_is_not_lost(market: Market) -> None:
    texts = market.simulator.crowd(market.simulator.page_size + 3)
    held = _Held()
    market.fake.fail_with(late(held), READ[market.name])
    reading = asyncio.ensure_future(market.channel.pull(None))
    await held.reached.wait()
    crowd = market.fake.messages[-1].thread
    market.fake.customer_says(crowd, "one more")
    held.set()
    await reading
    await market.channel.pull(None)
    assert market.texts == [*texts, "one more"]


async def test_messages_of_one_time_stamp_keep_the_platforms_order(market: Market) -> None:
    texts = market.simulator.crowd(market.simulator.page_size * 2 + 1)
    await market.channel.pull(None)
    assert market.texts == list(texts)


async def test_unknown_kind_is_kept_whole_so_that_it_can_be_read_again(market: Market) -> None:
    kind = "HOLOGRAM" if market.name == "tiktok" else "29999"
    market.fake.customer_says(market.chat, "", kind=kind, content={"depth": 3})
    await market.channel.pull(None)
    (item,) = market.context.accepted
    (event,) = item.events
    assert event.blocks[0].kind is BlockKind.UNSUPPORTED
    assert event.author.role is Role.CUSTOMER
    assert json.loads(json.loads(item.raw.raw)["content"]) == {"depth": 3}


async def test_half_of_a_surrogate_pair_stops_no_reading_and_is_kept_as_it_came(market: Market) -> None:
    for text in ("cut \ud83d", "and on"):
        market.fake.buyer_writes(market.chat, text)
    await market.channel.pull(None)
    cut, after = (item.raw.raw for item in market.context.accepted)
    assert b"ud83d" in cut
    assert b"and on" in after
    assert market.store.quarantined == []


async def test_reading_goes_on_after_a_restart_without_repeating(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "before"))
    await market.close()
    market.fake.customer_says(market.chat, "after")
    await market.open()
    await market.channel.pull(None)
    assert market.texts == ["before", "after"]


@pytest.mark.parametrize(
    "fault", [server_error(502), rate_limited(3), cut_before_commit(), garbage(), slow_body(0.05)]
)
async def test_reading_that_fails_once_reads_everything_afterwards(market: Market, fault) -> None:
    market.fake.customer_says(market.chat, "hello")
    market.fake.fail_with(fault)
    try:
        await market.channel.pull(None)
    except (Retryable, RateLimited):
        await market.channel.pull(None)
    assert market.texts == ["hello"]


# out


async def test_answer_cut_after_the_commit_is_in_doubt_and_found_in_the_thread(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    attempt = market.attempt()
    market.fake.fail_with(cut_after_commit(), market.simulator.send_route)
    with pytest.raises(UnknownOutcome):
        await market.channel.send(attempt)
    assert await market.channel.confirm(attempt) is Confirmation.FOUND
    assert market.sent() == ["It leaves today."]
    assert attempt.attempt_id in market.store.marked


async def test_answer_cut_before_the_commit_is_not_found_in_the_thread(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    attempt = market.attempt()
    market.fake.fail_with(cut_before_commit(), market.simulator.send_route)
    with pytest.raises(UnknownOutcome):
        await market.channel.send(attempt)
    assert await market.channel.confirm(attempt) is Confirmation.NOT_FOUND
    assert market.sent() == []


async def test_unreadable_answer_to_a_send_is_in_doubt_and_never_called_a_failure(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    market.fake.fail_with(garbage(), market.simulator.send_route)
    with pytest.raises(UnknownOutcome):
        await market.channel.send(market.attempt())
    market.fake.fail_with(garbage(b"{}"), market.simulator.send_route)
    with pytest.raises(UnknownOutcome):
        await market.channel.send(market.attempt())


async def test_buyers_same_words_do_not_vouch_for_our_message(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "It leaves today."))
    assert await market.channel.confirm(market.attempt()) is Confirmation.NOT_FOUND


async def test_pause_the_platform_names_is_told_and_no_pause_is_invented(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    market.fake.fail_with(rate_limited(7), market.simulator.send_route)
    market.fake.fail_with(rate_limited(), market.simulator.send_route)
    with pytest.raises(RateLimited) as named:
        await market.channel.send(market.attempt())
    with pytest.raises(RateLimited) as unnamed:
        await market.channel.send(market.attempt())
    assert (named.value.retry_after_s, unnamed.value.retry_after_s) == (7, None)


async def test_spent_token_is_renewed_once_and_the_new_one_outlives_a_restart(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    market.fake.expire_tokens()
    with pytest.raises(AuthExpired):
        await market.channel.send(market.attempt())
    await market.channel.renew_access()
    await market.channel.send(market.attempt())
    await market.close()
    await market.open()
    await market.channel.send(market.attempt("And once more."))
    assert market.sent() == ["It leaves today.", "And once more."]
    assert market.fake.tokens_issued == 2


async def test_refresh_token_that_is_spent_needs_an_admin(market: Market) -> None:
    market.fake.refresh_token = "another"
    with pytest.raises(AuthInvalid):
        await market.channel.renew_access()


async def test_clock_that_is_far_off_is_refused_as_access_not_as_content(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    ours = market.clock.now()
    market.fake.clock = type(market.clock)(ours + timedelta(hours=3))
    market.fake.issue_token()
    with pytest.raises(AuthInvalid):
        await market.channel.send(market.attempt())


async def test_receipt_carries_the_id_the_message_will_come_back_under(market: Market) -> None:
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    receipt = await market.channel.send(market.attempt())
    await market.channel.pull(None)
    echo = market.events[-1]
    assert receipt.outcome is SendOutcome.ACCEPTED
    assert echo.external_id == receipt.remote_ref
    assert echo.author.role is Role.SHOP


async def test_renewed_token_is_stored_later_when_the_store_was_away(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    await market.ring(market.fake.customer_says(market.chat, "hello"))
    market.fake.expire_tokens()
    with monkeypatch.context() as away:

        async def refuse(account: str, key: str, value: object) -> None:
            raise StoreUnavailable

        away.setattr(MemoryStore, "put", lambda store, *rest: refuse(*rest))
        await market.channel.renew_access()
        await market.channel.send(market.attempt())
    await market.channel.send(market.attempt("Stored now."))
    await market.close()
    await market.open()
    await market.channel.send(market.attempt("And after a restart."))
    assert market.sent() == ["It leaves today.", "Stored now.", "And after a restart."]
