"""T6: the same message again, cuts, and tabs in step."""


async def test_resent_message_gets_the_first_ack_and_is_stored_once(shop):
    tab = await shop.visit()
    await tab.say("cid-00001")
    first = await tab.until("ack")
    await tab.say("cid-00001")
    assert await tab.until("ack") == first
    assert first["seq"] == 1
    assert len(shop.ctx.items) == 1


async def test_message_cut_before_its_ack_is_acked_with_the_same_seq_after_resume(shop):
    tab = await shop.visit()
    token, thread = tab.welcome["visitor_token"], tab.welcome["conversation"]
    shop.ctx.hold_filing.clear()
    await tab.say("cid-00001")
    await shop.ctx.accepted.wait()
    tab.cut()
    shop.ctx.hold_filing.set()
    again = await shop.visit(token, resume=tab.resume(0))
    await again.say("cid-00001")
    ack = await again.until("ack")
    assert ack["seq"] == 1
    assert [event.external_id for event in shop.ctx.threads[thread]] == ["cid-00001"]


async def test_two_tabs_show_the_same_entries_in_the_same_order(shop):
    one = await shop.visit()
    two = await shop.visit(one.welcome["visitor_token"])
    thread = one.welcome["conversation"]
    await one.say("cid-00001", "from one")
    await one.until("ack")
    await two.say("cid-00002", "from two")
    await two.until("ack")
    await shop.reply(thread, "from the shop")
    expected = [(1, "from one"), (2, "from two"), (3, "from the shop")]
    assert await one.settle() == await two.settle() == expected


async def test_tabs_stay_in_step_when_a_wake_up_is_lost(shop):
    shop.ctx.wakes = False
    one = await shop.visit()
    two = await shop.visit(one.welcome["visitor_token"])
    await one.say("cid-00001", "from one")
    await one.until("ack")
    await two.say("cid-00002", "from two")
    await two.until("ack")
    assert await one.settle() == await two.settle() == [(1, "from one"), (2, "from two")]
    assert shop.ctx.reads == 0
