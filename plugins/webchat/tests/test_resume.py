"""Coming back: exact, partial and none; gaps are read, never guessed."""

import asyncio


async def test_visitor_who_comes_back_gets_exactly_what_was_missed(shop):
    tab = await shop.visit()
    thread = tab.welcome["conversation"]
    await tab.say("cid-00001", "one")
    await tab.until("ack")
    tab.cut()
    shop.ctx.agent_says(thread, "two")
    shop.ctx.agent_says(thread, "three")
    again = await shop.visit(tab.welcome["visitor_token"], resume=tab.resume(1, last_id="m1"))
    assert again.welcome["resume"] == "exact"
    assert again.welcome["seq"] == 3
    assert "visitor_token" not in again.welcome
    assert await again.settle() == [(2, "two"), (3, "three")]


async def test_more_than_a_page_is_fetched_over_http_and_the_ack_opens_the_flow(shop):
    tab = await shop.visit()
    thread, token = tab.welcome["conversation"], tab.welcome["visitor_token"]
    await tab.say("cid-00001", "one")
    await tab.until("ack")
    await tab.ws.close()
    for number in range(2, 452):
        shop.ctx.agent_says(thread, f"line {number}")
    again = await shop.visit(token, resume=tab.resume(1))
    assert again.welcome["resume"] == "partial"
    assert again.welcome["more"] is True
    inline = await again.settle()
    last = inline[-1][0]
    assert (inline[0][0], last, len(inline)) == (2, again.welcome["seq"], last - 1)
    assert len(inline) <= 200
    url = f"{shop.url}/chat/v1/conversations/{thread}/events?site=shop-site&after="
    fetched, after = [], last
    while after is not None:
        async with shop.client.get(f"{url}{after}", headers={"Authorization": f"Bearer {token}"}) as answer:
            page = await answer.json()
        fetched += [event["seq"] for event in page["events"]]
        after = page["next"]
    assert fetched == list(range(last + 1, 452))
    await shop.reply(thread, "while fetching")
    assert await again.settle() == inline
    await again.send(type="ack", seq=451)
    await shop.reply(thread, "after")
    assert (await again.settle())[-2:] == [(452, "while fetching"), (453, "after")]


async def test_history_that_was_replaced_is_replayed_from_the_start(shop):
    tab = await shop.visit()
    await tab.say("cid-00001", "one")
    await tab.until("ack")
    token = tab.welcome["visitor_token"]
    for stale in (
        tab.resume(7),
        tab.resume(1, last_id="another"),
        tab.resume(1, epoch="older"),
        tab.resume(1, conversation="elsewhere"),
    ):
        again = await shop.visit(token, resume=stale)
        assert again.welcome["resume"] == "none"
        assert await again.settle() == [(1, "one")]


async def test_event_that_skips_one_makes_the_socket_read_the_gap(shop):
    tab = await shop.visit()
    thread = tab.welcome["conversation"]
    await tab.say("cid-00001", "one")
    await tab.until("ack")
    shop.ctx.agent_says(thread, "two, whose wake-up was lost")
    shop.ctx.agent_says(thread, "three, whose wake-up was lost")
    await shop.reply(thread, "four")
    assert [seq for seq, _ in await tab.settle()] == [1, 2, 3, 4]


async def test_wake_ups_out_of_order_show_everything_once_and_in_order(shop):
    tab = await shop.visit()
    thread = tab.welcome["conversation"]
    await tab.say("cid-00001", "one")
    await tab.until("ack")
    events = [shop.ctx.agent_says(thread, f"{number}") for number in range(2, 30)]
    await asyncio.gather(*(shop.channel.thread_changed(thread, event) for event in reversed(events)))
    await asyncio.gather(*(shop.channel.thread_changed(thread, event) for event in events))
    assert [seq for seq, _ in await tab.settle()] == list(range(1, 30))


async def test_reply_and_its_wake_up_are_shown_once(shop):
    tab = await shop.visit()
    thread = tab.welcome["conversation"]
    await tab.say("cid-00001", "one")
    await tab.until("ack")
    event = shop.ctx.agent_says(thread, "two")
    receipt = await shop.channel.send(shop.attempt(event, thread))
    await shop.channel.thread_changed(thread, event)
    await shop.channel.send(shop.attempt(event, thread))
    assert receipt.outcome == "accepted"
    assert await tab.settle() == [(1, "one"), (2, "two")]


async def test_read_and_delivered_are_reported_once_also_after_a_return(shop):
    tab = await shop.visit()
    thread, token = tab.welcome["conversation"], tab.welcome["visitor_token"]
    await tab.say("cid-00001", "one")
    await tab.until("ack")
    for text in ("two", "three", "four"):
        await shop.reply(thread, text)
    await tab.send(type="ack", seq=3)
    await tab.send(type="ack", seq=3)
    await tab.send(type="read", seq=2)
    await tab.settle()
    expected = [("ref-2", "delivered"), ("ref-3", "delivered"), ("ref-2", "read")]
    assert [(report.outgoing_ref, report.state.value) for report in shop.ctx.reports] == expected
    await tab.ws.close()
    again = await shop.visit(token, resume=tab.resume(4))
    await again.send(type="read", seq=4)
    await again.send(type="read", seq=10**9)
    await again.settle()
    expected += [("ref-3", "read"), ("ref-4", "read")]
    assert [(report.outgoing_ref, report.state.value) for report in shop.ctx.reports] == expected


async def test_restart_says_bye_with_a_spread_and_the_visitor_comes_back_exactly(open_shop):
    first = await open_shop(restart_spread_s=30)
    tab = await first.visit()
    token = tab.welcome["visitor_token"]
    await tab.say("cid-00001", "one")
    await tab.until("ack")
    closing = asyncio.create_task(first.channel.close())
    bye = await tab.until("bye")
    assert bye["reason"] == "restart"
    assert 0 <= bye["retry_in"] <= 30
    assert await tab.closed() == 1012
    await closing
    second = await open_shop(first.ctx)
    again = await second.visit(token, resume=tab.resume(1))
    assert (again.welcome["resume"], again.welcome["seq"]) == ("exact", 1)
