"""Merging conversations under promises: the one due first stays, in the store and in the engine."""

from sqlalchemy import select

from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, house
from tests.integration.test_duty import CONFIG, RULES
from tests.integration.test_identities import Desk


async def test_of_two_running_promises_the_earlier_one_stays_also_after_a_restart(store: Store) -> None:
    async with house(store, FakeClock(NOW), Doors(), CONFIG, rules=RULES) as home:
        desk = Desk(home)
        older = await desk.writes("ann@shop.example", "one")
        (first,) = await home.front.rows(t.work_item, conversation_id=older)
        (promised,) = await home.front.rows(t.sla_clock, work_item_id=first.id, metric="first_response")
        home.clock.advance(100)
        newer = await desk.writes("visitor-1", "two", account="other")
        await desk.identities.merge(older, newer, agent_id=desk.mei, reason="")
        (kept,) = await home.front.rows(t.work_item, conversation_id=newer)
        query = select(t.sla_clock).where(
            t.sla_clock.c.work_item_id == kept.id, t.sla_clock.c.metric == "first_response"
        )
        async with store.reading() as connection:
            clock = (await connection.execute(query)).one()
        assert (clock.state, clock.due_at) == ("running", promised.due_at)
        token = await desk.claims(newer)
        await home.room.restore()
        home.clock.advance(150)
        await home.replies.reply(newer, desk.mei, token, "at last")
        await home.room.take_up()
        async with store.reading() as connection:
            clock = (await connection.execute(query)).one()
        assert clock.state == "late", "the older customer's message had waited longer than promised"
