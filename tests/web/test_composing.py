"""What the composer asks over HTTP: permission, approved texts, who reads; and all a message ever said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from router.storage import schema as t
from tests.web.rooms import START


@pytest.fixture
async def claimed(shop):
    conversation_id = await shop.add_conversation()
    await shop.offers.claim(conversation_id, shop.agents["mei"])
    return f"/api/v1/conversations/{conversation_id}"


async def test_permission_says_until_when_and_what_may_be_written(shop, client, claimed):
    answer = await client.get(f"{claimed}/permission", headers=await shop.token("mei"))
    assert await answer.json() == {
        "allowed": True,
        "why": "the window is closed",
        "until": "2026-11-02T12:00:00Z",
        "left": None,
        "kinds": [],
        "templates_only": True,
        "audiences": ["customer"],
    }


async def test_templates_are_those_that_are_approved(shop, client, claimed):
    answer = await client.get(f"{claimed}/templates", headers=await shop.token("mei"))
    (template,) = (await answer.json())["templates"]
    assert (template["id"], template["body"]) == ("sent", "Order {order} was sent.")
    assert template["variables"][0]["max_chars"] == 20


async def test_provider_that_cannot_be_asked_is_named_as_the_cause(shop, client, claimed):
    shop.composing.away = True
    answer = await client.get(f"{claimed}/templates", headers=await shop.token("mei"))
    assert (answer.status, (await answer.json())["code"]) == (502, "provider_failed")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"text": "Hello", "template": {"id": "sent"}}, 422),
        ({"text": "Hello", "audience": []}, 400),
        ({"text": "Hello", "audience": ["everybody"]}, 400),
        ({"template": {"id": "sent", "variables": {"order": 4711}}}, 400),
    ],
)
async def test_reply_that_does_not_say_one_thing_to_somebody_is_refused(shop, client, claimed, body, status):
    answer = await client.post(
        f"{claimed}/replies", json={"token": 1, **body}, headers=await shop.token("mei")
    )
    assert answer.status == status


async def test_recalled_message_shows_no_words_and_gives_them_as_its_versions(shop, client, claimed):
    headers = await shop.token("mei")
    message_id = await shop.add_message(claimed.rpartition("/")[2], "second words")
    earlier = [{"at": START.isoformat(), "blocks": [{"kind": "text", "text": "first words"}]}]
    changed = {"recalled_at": START + timedelta(minutes=2), "edited_at": START + timedelta(minutes=1)}
    statement = update(t.message).where(t.message.c.id == message_id).values(versions=earlier, **changed)
    await shop.store.write(lambda conn: conn.execute(statement).rowcount)
    listed = (await (await client.get(f"{claimed}/messages", headers=headers)).json())["messages"]
    (message,) = [one for one in listed if one["id"] == message_id]
    assert (message["blocks"], message["recalled_at"]) == ([], "2026-11-02T09:02:00Z")
    answer = await client.get(f"/api/v1/messages/{message_id}/versions", headers=headers)
    versions = (await answer.json())["versions"]
    assert [one["blocks"][0]["text"] for one in versions] == ["first words", "second words"]


async def test_what_a_provider_says_of_its_thread_stands_with_the_conversation(shop, client, claimed):
    state = {"status": "WAITING", "turn": "shop", "blocked_reason": "", "sort_key": "", "unread": 2}
    row = insert(t.thread_state).values(
        conversation_id=claimed.rpartition("/")[2], stated_at=START, closes_at=START, **state
    )
    await shop.store.write(lambda conn: conn.execute(row).rowcount)
    shown = await (await client.get(claimed, headers=await shop.token("mei"))).json()
    assert shown["thread_state"] == {
        "status": "WAITING",
        "turn": "shop",
        "reply_needed_since": None,
        "closes_at": "2026-11-02T09:00:00Z",
        "can_send": None,
        "blocked_reason": "",
        "unread": 2,
        "stated_at": "2026-11-02T09:00:00Z",
    }


async def test_message_with_unknown_content_is_read_again_when_asked(shop, client, claimed):
    message_id = await shop.add_message(claimed.rpartition("/")[2], "hello")
    answer = await client.post(f"/api/v1/messages/{message_id}/remap", headers=await shop.token("mei"))
    assert ((await answer.json())["id"], shop.remapping.asked) == (message_id, [message_id])
