"""A picture attached at the desk goes up to a played marketplace and arrives in the buyer's chat."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from router.demo.scenes import load_script
from router.demo.world import World, running_world
from router.people import create_token
from router.storage import schema as t
from router.testing import rows_once

pytestmark = pytest.mark.long

ACCOUNT = "tiktok-shop"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 1000


async def asked(world: World) -> str:
    """Let a buyer write; give the conversation."""
    shop = world.marketplace.shops[ACCOUNT]
    calls = shop.platform.write(shop.platform.open_chat("Robin"), "How does the lid look?", "")
    await world.marketplace.call(world.url, ACCOUNT, calls)
    [row] = await rows_once(
        world.router, select(t.message.c.conversation_id).where(t.message.c.account == ACCOUNT)
    )
    return str(row.conversation_id)


async def test_a_picture_goes_up_first_and_its_message_names_it() -> None:
    async with running_world(load_script(), fixed_ports=False) as world:
        router, at = world.router, f"{world.url}/api/v1/conversations/{await asked(world)}"
        async with router.store.reading() as connection:
            mei = (
                await connection.execute(select(t.agent.c.id).where(t.agent.c.login == "mei"))
            ).scalar_one()
        secret = await create_token(router.store, mei, "test", router.clock.now())
        async with ClientSession(headers={"Authorization": f"Bearer {secret.text}"}) as http:

            async def post(path: str, **body: object) -> dict[str, object]:
                async with http.post(at + path, **body) as answer:  # type: ignore[arg-type]
                    assert answer.status < 300, await answer.text()
                    return await answer.json()  # type: ignore[no-any-return]

            item = (await post("/claim", json={}))["work_item"]
            plain = {"Content-Type": "application/octet-stream"}
            file = await post("/files?name=lid.png", data=PNG, headers=plain)
            reply = {"text": "Like this", "files": [file["id"]], "token": item["token"]}  # type: ignore[index]
            await post("/replies", json=reply)
        settled = t.outbox.c.state.not_in(("queued", "sending"))
        both = select(t.outbox.c.state).where(t.outbox.c.account == ACCOUNT, settled)
        assert {row.state for row in await rows_once(router, both, lambda rows: len(rows) == 2)} == {
            "accepted"
        }
        fake = world.marketplace.shops[ACCOUNT].platform.fake  # type: ignore[attr-defined]
        words, picture = fake.sent_by_shop()
    assert words.text == "Like this"
    assert (picture.kind, fake.uploads) == ("IMAGE", [PNG])
    assert "/images/1.png" in str(picture.fields)
