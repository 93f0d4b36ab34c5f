"""What is asked again and again is found by an index, however long the history has grown."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from router.engine.config import EngineConfig
from router.storage.live_work import read_open_offers
from router.storage.staff import restoring_events
from router.storage.store import Store
from router.storage.threads import _UNMET
from router.storage.views.routing import list_alarms, list_offers
from router.storage.views.scope import Scope

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
SCOPE = Scope(agent_id="a", sees_all_tokens=False, channel_of={})


async def alarms(connection: AsyncConnection) -> None:
    await list_alarms(connection, NOW)


async def offers_of_one(connection: AsyncConnection) -> None:
    await list_offers(connection, SCOPE, NOW)


async def open_offers(connection: AsyncConnection) -> None:
    await read_open_offers(connection, NOW)


async def after_a_start(connection: AsyncConnection) -> None:
    await restoring_events(connection, NOW, EngineConfig())


async def changes_that_wait(connection: AsyncConnection) -> None:
    await connection.run_sync(lambda sync: list(_UNMET.rows(sync, [("one",), ("other",)])))


@pytest.mark.parametrize(
    ("ask", "indexes"),
    [
        (alarms, ["ix_decision_record_alarm", "ix_claim_work_item_id"]),
        (offers_of_one, ["ix_offer_open"]),
        (open_offers, ["ix_offer_open"]),
        (changes_that_wait, ["ix_message_unmet"]),
        (after_a_start, ["ix_decision_record_alarm", "ix_work_item_live"]),
    ],
)
async def test_query_over_a_long_history_uses_the_indexes_made_for_it(
    ready_url: str, ask: Any, indexes: list[str]
) -> None:
    asked: list[tuple[str, Any]] = []
    async with Store.open(ready_url) as store, store.reading() as connection, store.reading() as explained:

        def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            asked.append((statement, values))

        event.listen(connection.sync_connection, "before_cursor_execute", note)
        await ask(connection)
        plans = [
            await explained.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            for statement, values in asked
        ]
        steps = [row[-1] for plan in plans for row in plan]
    for index in indexes:
        assert any(f"USING INDEX {index}" in step for step in steps), steps
    assert "SCAN decision_record" not in steps
