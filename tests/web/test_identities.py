"""Who is who and what belongs together, as the API takes and gives it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from router.storage import schema as t
from tests.web.rooms import START


async def contact_of(shop: Any, conversation_id: str) -> str:
    """Give the contact of a conversation."""
    query = select(t.conversation.c.contact_id).where(t.conversation.c.id == conversation_id)
    async with shop.store.reading() as conn:
        return str((await conn.execute(query)).scalar_one())


async def states(shop: Any, conversation_id: str, address: str) -> None:
    """Let the customer of a conversation state an address."""
    query = select(t.conversation.c.contact_point_id).where(t.conversation.c.id == conversation_id)

    def add(conn: Connection) -> None:
        conn.execute(
            insert(t.claimed_point).values(
                contact_point_id=conn.execute(query).scalar_one(),
                kind="email",
                address=address,
                display=address,
                proof="unverified",
                created_at=START,
            )
        )

    await shop.store.write(add)


async def test_a_lookalike_is_merged_seen_with_its_evidence_and_parted_again(shop, client):
    headers = await shop.token("mei")
    mail, chat = await shop.add_conversation(), await shop.add_conversation()
    ann, visitor = await contact_of(shop, mail), await contact_of(shop, chat)
    await states(shop, chat, "customer0@example.org")
    card = await (await client.get(f"/api/v1/contacts/{visitor}", headers=headers)).json()
    (alike,) = card["lookalikes"]
    sign = {
        "sign": "stated_address",
        "kind": "email",
        "value": "customer0@example.org",
        "is_proven": False,
    }
    assert (alike["contact_id"], alike["evidence"]) == (ann, [sign])
    assert [one["id"] for one in alike["conversations"]] == [mail]
    body = {"into": ann, "reason": "she said so"}
    merged = await (await client.post(f"/api/v1/contacts/{visitor}/merge", headers=headers, json=body)).json()
    assert (merged["id"], len(merged["points"]), merged["lookalikes"]) == (ann, 2, [])
    (merge,) = merged["merges"]
    assert (merge["by"]["name"], merge["reason"], merge["evidence"]) == ("Mei", "she said so", [sign])
    again = await client.post(f"/api/v1/contacts/{visitor}/merge", headers=headers, json=body)
    assert again.status == 409
    parted = await client.post(f"/api/v1/contacts/{visitor}/part", headers=headers, json={})
    card = await parted.json()
    assert (card["id"], len(card["points"]), card["lookalikes"]) == (visitor, 1, [])


async def test_not_the_same_is_remembered(shop, client):
    headers = await shop.token("mei")
    mail, chat = await shop.add_conversation(), await shop.add_conversation()
    ann, visitor = await contact_of(shop, mail), await contact_of(shop, chat)
    await states(shop, chat, "customer0@example.org")
    path = f"/api/v1/contacts/{visitor}/apart"
    card = await (await client.post(path, headers=headers, json={"other": ann})).json()
    assert card["lookalikes"] == []
    other = await (await client.get(f"/api/v1/contacts/{ann}", headers=headers)).json()
    assert other["lookalikes"] == []


async def test_merged_conversations_show_their_doors_and_part_again(shop, client):
    headers = await shop.token("mei")
    mail, chat = await shop.add_conversation(), await shop.add_conversation(account="shop-chat")
    path = f"/api/v1/conversations/{mail}"
    whole = await (await client.post(f"{path}/merge", headers=headers, json={"into": chat})).json()
    assert whole["id"] == chat
    assert (await (await client.get(path, headers=headers)).json())["merged_into"] == chat
    doors = await (await client.get(f"/api/v1/conversations/{chat}/doors", headers=headers)).json()
    assert [one["account"] for one in doors["doors"]] == ["shop-chat", "support"]
    listed = await (await client.get("/api/v1/conversations?view=all", headers=headers)).json()
    assert [one["id"] for one in listed["conversations"]] == [chat]
    own = await (await client.post(f"{path}/part", headers=headers, json={})).json()
    assert (own["id"], own["merged_into"], own["state"]) == (mail, None, "open")


async def test_a_message_is_split_off_with_what_follows(shop, client):
    headers = await shop.token("mei")
    mail = await shop.add_conversation()
    second = await shop.add_message(mail, "and another thing")
    path = f"/api/v1/conversations/{mail}/split"
    new = await (await client.post(path, headers=headers, json={"message": second})).json()
    assert (new["id"] != mail, new["preview"], new["state"]) == (True, "and another thing", "open")
    nothing = await client.post(
        f"/api/v1/conversations/{new['id']}/split", headers=headers, json={"message": second}
    )
    assert nothing.status == 409
    missing = await client.post(path, headers=headers, json={"message": "nobody"})
    assert missing.status == 404
