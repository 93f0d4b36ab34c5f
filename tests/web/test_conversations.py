"""Reading conversations over HTTP, with what each call says when it cannot."""

from __future__ import annotations

from datetime import timedelta


async def test_a_waiting_conversation_is_shown_with_its_work_and_contact(shop, client):
    conversation_id = await shop.add_conversation("Where is my parcel?")
    answer = await client.get("/api/v1/conversations?view=waiting", headers=await shop.token("mei"))
    assert answer.status == 200
    [shown] = (await answer.json())["conversations"]
    assert shown["id"] == conversation_id
    assert shown["channel"] == "email"
    assert shown["preview"] == "Where is my parcel?"
    assert shown["awaiting"] == "agent"
    assert shown["last_message_at"] == "2026-11-02T09:00:00Z"
    assert shown["contact"]["address"] == "customer0@example.org"
    assert shown["work_item"]["state"] == "waiting"
    assert shown["work_item"]["matched_rules"] == ["everything else"]
    assert shown["work_item"]["token"] is None


async def test_only_the_holder_of_a_claim_sees_its_token(shop, client):
    conversation_id = await shop.add_conversation()
    await shop.offers.claim(conversation_id, shop.agents["mei"])
    path = f"/api/v1/conversations/{conversation_id}"
    mine = await (await client.get(path, headers=await shop.token("mei"))).json()
    others = await (await client.get(path, headers=await shop.token("tom"))).json()
    assert mine["work_item"]["token"] == 1
    assert others["work_item"]["token"] is None
    assert others["work_item"]["claimed_by"] == {"id": shop.agents["mei"], "name": "Mei"}


async def test_a_customer_is_shown_who_is_writing(shop, client):
    conversation_id = await shop.add_conversation()
    headers = await shop.token("mei")
    answer = await client.post(f"/api/v1/conversations/{conversation_id}/typing", headers=headers)
    assert answer.status == 204
    assert shop.channels.typing == [(conversation_id, "Mei")]
    missing = await client.post("/api/v1/conversations/nothing/typing", headers=headers)
    assert missing.status == 404


async def test_pages_of_a_list_join_without_gap_or_repeat(shop, client):
    expected = [await shop.add_conversation() for _ in range(7)]
    headers = await shop.token("mei")
    for view, wanted in (("open", expected[::-1]), ("waiting", expected)):
        seen: list[str] = []
        params = {"view": view, "limit": "3"}
        while True:
            page = await (await client.get("/api/v1/conversations", params=params, headers=headers)).json()
            seen += [one["id"] for one in page["conversations"]]
            if page["next"] is None:
                break
            params["before"] = page["next"]
        assert seen == wanted


async def test_waiting_order_counts_boost_and_due_time_but_never_beyond_the_clamp(shop, client):
    plain = await shop.add_conversation()
    boosted = await shop.add_conversation(boost_s=3600)
    at = shop.clock.now()
    due = await shop.add_conversation(due_at=at - timedelta(hours=2), lead_s=0)
    clamped = await shop.add_conversation(boost_s=360_000, max_advance_s=5400)
    answer = await client.get("/api/v1/conversations?view=waiting", headers=await shop.token("mei"))
    shown = [one["id"] for one in (await answer.json())["conversations"]]
    assert shown == [due, clamped, boosted, plain]


async def test_mine_lists_what_i_hold_and_nothing_else(shop, client):
    mine, _ = await shop.add_conversation(), await shop.add_conversation()
    await shop.offers.claim(mine, shop.agents["mei"])
    answer = await client.get("/api/v1/conversations?view=mine", headers=await shop.token("mei"))
    assert [one["id"] for one in (await answer.json())["conversations"]] == [mine]


async def test_lists_are_narrowed_by_queue_channel_and_words(shop, client):
    mail = await shop.add_conversation("50% off?", queue="pre_sale")
    chat = await shop.add_conversation("投诉", account="shop", queue="complaints")
    headers = await shop.token("mei")
    for params, expected in (
        ({"queue": "complaints"}, [chat]),
        ({"channel": "email"}, [mail]),
        ({"channel": "phone"}, []),
        ({"q": "投诉"}, [chat]),
        ({"q": "50%"}, [mail]),
        ({"q": "5_%"}, []),
        ({"q": "CUSTOMER0@example.org"}, [mail]),
        ({"view": "resolved"}, []),
        ({"view": "all"}, [chat, mail]),
    ):
        answer = await client.get("/api/v1/conversations", params=params, headers=headers)
        assert [one["id"] for one in (await answer.json())["conversations"]] == expected, params


async def test_a_list_needs_no_more_statements_for_fifty_than_for_one(shop, client):
    headers = await shop.token("mei")
    counts = []
    for number in (1, 49):
        for _ in range(number):
            await shop.add_conversation()
        statements = _counted(shop)
        await client.get("/api/v1/conversations?limit=50", headers=headers)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 5


def _counted(shop):
    from sqlalchemy import event

    statements: list[str] = []
    event.listen(
        shop.store._readers.sync_engine,
        "before_cursor_execute",
        lambda conn, cursor, statement, *rest: statements.append(statement),
    )
    return statements


async def test_messages_come_oldest_first_in_pages_that_join(shop, client):
    conversation_id = await shop.add_conversation("one")
    for text in ("two", "three"):
        await shop.add_message(conversation_id, text)
    headers, path = await shop.token("mei"), f"/api/v1/conversations/{conversation_id}/messages"
    first = await (await client.get(path, params={"limit": "2"}, headers=headers)).json()
    second = await (await client.get(path, params={"after": first["next"]}, headers=headers)).json()
    texts = [one["blocks"][0]["text"] for one in first["messages"] + second["messages"]]
    assert texts == ["one", "two", "three"]
    assert [one["seq"] for one in first["messages"]] == [1, 2]
    assert second["next"] is None


async def test_related_shows_linked_conversations_and_the_contacts_others(shop, client):
    from sqlalchemy import insert

    from router.storage import schema as t

    here, guest = await shop.add_conversation(), await shop.add_conversation()
    headers = await shop.token("mei")
    contact_id = (await (await client.get(f"/api/v1/conversations/{here}", headers=headers)).json())[
        "contact"
    ]["id"]
    other = await shop.add_conversation(contact_id=contact_id)
    link = {"conversation_id": guest, "other_id": here, "kind": "guest", "created_at": shop.clock.now()}
    await shop.store.write(lambda conn: conn.execute(insert(t.conversation_link).values(**link)).rowcount)
    answer = await client.get(f"/api/v1/conversations/{here}/related", headers=headers)
    assert [(one["id"], one["link"]) for one in (await answer.json())["conversations"]] == [
        (guest, "guest"),
        (other, "same_contact"),
    ]


async def test_decisions_are_told_in_the_language_asked_for(shop, client):
    from sqlalchemy import insert, select

    from router.storage import schema as t

    conversation_id = await shop.add_conversation()

    def decide(conn):
        item_id = conn.execute(select(t.work_item.c.id)).scalar_one()
        conn.execute(
            insert(t.decision_record).values(
                at=shop.clock.now(),
                act="offered",
                work_item_id=item_id,
                conversation_id=conversation_id,
                agent_id=shop.agents["mei"],
                body={"act": "offered", "agent_id": shop.agents["mei"]},
            )
        )

    await shop.store.write(decide)
    path = f"/api/v1/conversations/{conversation_id}/decisions?lang=zh"
    told = await (await client.get(path, headers=await shop.token("tom"))).json()
    assert told["decisions"][0]["text"] == "zh: offered Mei"
    assert told["decisions"][0]["agent"] == {"id": shop.agents["mei"], "name": "Mei"}
    assert told["now"]["body"]["place"] == 3


async def test_a_draft_belongs_to_its_agent_and_an_empty_one_is_forgotten(shop, client):
    conversation_id = await shop.add_conversation()
    path = f"/api/v1/conversations/{conversation_id}/draft"
    mei, tom = await shop.token("mei"), await shop.token("tom")
    assert (await client.put(path, json={"text": "Dear"}, headers=mei)).status == 204
    assert (await client.put(path, json={"text": "Dear customer"}, headers=mei)).status == 204
    assert await (await client.get(path, headers=mei)).json() == {"text": "Dear customer"}
    assert await (await client.get(path, headers=tom)).json() == {"text": ""}
    assert (await client.put(path, json={"text": ""}, headers=mei)).status == 204
    assert await (await client.get(path, headers=mei)).json() == {"text": ""}


async def test_a_wrong_question_names_what_to_mend(shop, client):
    headers = await shop.token("mei")
    for query, at in (
        ("view=everything", "view"),
        ("limit=0", "limit"),
        ("before=yesterday", "before"),
        ("colour=red", "colour"),
        ("q=%00", "q"),
    ):
        answer = await client.get(f"/api/v1/conversations?{query}", headers=headers)
        problem = await answer.json()
        assert (answer.status, problem["code"], problem["errors"][0]["at"]) == (400, "bad_request", at)
