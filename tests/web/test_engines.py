"""The same questions to SQLite and to PostgreSQL: every read call answers, and lists come in the same order."""

from __future__ import annotations

from datetime import timedelta

from aiohttp.test_utils import TestClient, TestServer

from router.web.app import create_app
from router.web.settings import WebSettings


async def test_every_read_call_answers_on_each_engine(shop_anywhere):
    shop = shop_anywhere
    plain = await shop.add_conversation("50% off?")
    due = await shop.add_conversation(due_at=shop.clock.now() - timedelta(hours=2), boost_s=60)
    clamped = await shop.add_conversation("投诉", boost_s=360_000, max_advance_s=600)
    mine = await shop.add_conversation(account="shop")
    await shop.offers.claim(mine, shop.agents["ada"])
    await shop.offer(plain, "ada")
    message_id = await shop.add_message(plain, "see file")
    attachment_id = await shop.add_attachment(message_id, "a", "text/plain", b"x")
    item_id = await shop.quarantine(b"((((")
    one = f"/conversations/{plain}"
    headers = await shop.token("ada")
    async with TestClient(TestServer(create_app(shop.services, WebSettings()))) as client:

        async def read(path):
            answer = await client.get(f"/api/v1{path}", headers=headers)
            assert answer.status == 200, (path, await answer.text())
            return await answer.json()

        async def ids(query):
            return [found["id"] for found in (await read(f"/conversations?{query}"))["conversations"]]

        assert await ids("view=waiting") == [due, clamped, plain]
        page = await read("/conversations?view=waiting&limit=2")
        assert await ids(f"view=waiting&before={page['next']}") == [plain]
        page = await read("/conversations?limit=3")
        assert await ids(f"before={page['next']}") == [plain]
        assert await ids("view=open") == [mine, clamped, due, plain]
        assert await ids("view=mine") == [mine]
        assert await ids("q=50%25") == [plain]
        assert await ids("q=CUSTOMER1") == [due]
        assert await ids("q=投诉&view=all") == [clamped]
        for path in (one, f"{one}/messages", f"{one}/related", f"{one}/decisions", f"{one}/draft"):
            await read(path)
        for path in ("/me", "/me/offers", "/agents", "/queues", "/channels", "/ledger", "/tokens"):
            await read(path)
        assert (await read("/quarantine"))["items"][0]["size_bytes"] == 4
        for path in (
            f"/messages/{message_id}/raw",
            f"/attachments/{attachment_id}",
            f"/quarantine/{item_id}/raw",
        ):
            assert (await client.get(f"/api/v1{path}", headers=headers)).status == 200
        draft = await client.put(f"/api/v1{one}/draft", json={"text": "Dear"}, headers=headers)
        assert draft.status == 204
        assert await read(f"{one}/draft") == {"text": "Dear"}
        logged_in = {"login": "ada", "password": "correct horse battery"}
        assert (await client.post("/api/v1/session", json=logged_in)).status == 200
