"""Rows by many keys, on both engines."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert, select

from router.storage import filing, inbound
from router.storage.lookups import KEYS_AT_ONCE, Lookup, _prepared
from router.storage.schema import channel_account, raw_inbound
from router.storage.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

BY_NAME = Lookup(select(channel_account.c.account, channel_account.c.cursor_at), (channel_account.c.account,))
BY_KEY = Lookup(
    select(raw_inbound.c.id, raw_inbound.c.received_at), (raw_inbound.c.account, raw_inbound.c.dedupe_digest)
)


def digest(number: int) -> bytes:
    return number.to_bytes(16, "big")


def fill(connection: Connection, rows: int) -> None:
    accounts = [{"account": f"a{n}", "cursor": None, "cursor_at": NOW} for n in range(rows)]
    connection.execute(insert(channel_account), accounts)
    connection.execute(
        insert(raw_inbound),
        [
            {
                "id": f"{n:032x}",
                "account": f"a{n}",
                "dedupe_digest": digest(n),
                "dedupe_key": str(n),
                "envelope": {},
                "size_bytes": 1,
                "received_at": NOW,
                "state": "filed",
            }
            for n in range(rows)
        ],
    )


@pytest.mark.parametrize("keys", [0, 1, 3, KEYS_AT_ONCE + 1])
async def test_each_key_finds_its_own_row(store: Store, keys: int) -> None:
    await store.write(fill, KEYS_AT_ONCE + 10)
    named = await store.write(lambda c: list(BY_NAME.rows(c, [(f"a{n}",) for n in range(keys)])))
    assert sorted(named) == sorted([f"a{n}", NOW] for n in range(keys))
    keyed = await store.write(lambda c: list(BY_KEY.rows(c, [(f"a{n}", digest(n)) for n in range(keys)])))
    assert sorted(keyed) == [[f"{n:032x}", NOW] for n in range(keys)]


async def test_columns_of_different_keys_are_not_mixed(store: Store) -> None:
    await store.write(fill, 2)
    crossed = [("a0", digest(1)), ("a1", digest(0))]
    assert await store.write(lambda c: list(BY_KEY.rows(c, crossed))) == []


@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize(
    "lookup",
    [filing._POINTS, filing._POINTERS, filing._PARTICIPANTS, filing._OPEN_CONVERSATIONS, inbound._FIRST],
)
async def test_no_table_is_read_from_end_to_end_for_a_message(store: Store, lookup: Lookup) -> None:
    def plan(connection: Connection) -> list[str]:
        statement, _ = _prepared(lookup, connection.dialect, 2)
        nothing = (None,) * (2 * len(lookup.keyed))
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", nothing)]

    steps = await store.write(plan)
    scanned = [step for step in steps if step.startswith("SCAN")]
    assert [step for step in scanned if step not in ("SCAN wanted", "SCAN 2 CONSTANT ROWS")] == []
    assert any(step.startswith("SEARCH") for step in steps)
