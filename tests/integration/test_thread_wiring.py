"""A whole router follows what a provider says of a thread, from the raw item to the due time and over a restart."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from router.bootstrap import Router, running_router
from router.clock import SystemClock
from router.config import Account
from router.storage import schema as t
from tests.integration.notes_channel import NotesSettings, item, notes_type
from tests.integration.test_start import config

THREAD = [["thread", "t1"]]
ACCOUNTS = [Account(name="notes", channel_type=notes_type(), settings=NotesSettings())]


async def work(router: Router) -> Any:
    async with router.store.reading() as connection:
        return (await connection.execute(select(t.work_item))).one()


async def told(router: Router, reason: str) -> None:
    """Wait until the desks are told of a change for this reason."""

    async def look() -> bool:
        return any(one.data.get("reason") == reason for one in router.live.after(0))

    await router.live.until(look)


async def test_thread_that_closes_makes_its_work_due_and_stays_so_after_a_restart(ready_url: str) -> None:
    settings = config(ready_url)
    now = SystemClock().now()
    closes_at = now + timedelta(hours=1)
    state = {"turn": "shop", "closes_at": closes_at.isoformat(), "status": "WAITING"}
    async with running_router(settings, accounts=ACCOUNTS) as router:
        await router.intake.accept("notes", [item(at=now, id="1", text="hello", evidence=THREAD)])
        await router.intake.accept(
            "notes",
            [item("", at=now, id="2", role="system", kind="thread_state", evidence=THREAD, state=state)],
        )
        await told(router, "prioritised")
        due_at = (await work(router)).platform_due_at
        assert now < due_at < closes_at
    async with running_router(settings, accounts=ACCOUNTS) as router:
        assert (await work(router)).platform_due_at == due_at
