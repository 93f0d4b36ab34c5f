"""The store on both engines: grouped commits, failures alone, losses told."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import create_async_engine

from router.errors import ConfigError, StaleVersion, StoreUnavailable
from router.storage import schema as t
from router.storage.columns import UtcTime
from router.storage.schema import channel_account, ruleset
from router.storage.sole import sole_router
from router.storage.store import Store
from router.storage.upgrade import _config, downgrade, upgrade, upgrade_database

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def add(connection: Connection, name: str) -> str:
    connection.execute(insert(channel_account).values(account=name, cursor={"n": 1}, cursor_at=NOW))
    return name


async def count(store: Store) -> int:
    async with store.reading() as connection:
        return int((await connection.execute(select(func.count()).select_from(channel_account))).scalar_one())


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_time_that_is_none_in_utc_is_refused_before_nobody_can_read_it_back(time: str) -> None:
    with pytest.raises(ValueError, match="none in UTC"):
        UtcTime().process_bind_param(datetime.fromisoformat(time), sqlite.dialect())


async def test_many_writers_each_get_their_own_result_after_the_commit(store: Store) -> None:
    names = await asyncio.gather(*(store.write(add, f"a{n}") for n in range(300)))
    assert names == [f"a{n}" for n in range(300)]
    assert await count(store) == 300


async def test_a_unit_that_raises_is_rolled_back_alone(store: Store) -> None:
    def fails(connection: Connection) -> None:
        add(connection, "half")
        raise StaleVersion

    results = await asyncio.gather(
        store.write(add, "before"), store.write(fails), store.write(add, "after"), return_exceptions=True
    )
    assert results[0] == "before"
    assert isinstance(results[1], StaleVersion)
    assert results[2] == "after"
    assert await count(store) == 2


async def test_items_that_wait_together_are_written_by_one_call(store: Store) -> None:
    calls = []

    def add_all(connection: Connection, names: list[str]) -> list[int]:
        calls.append(len(names))
        connection.execute(
            insert(channel_account), [{"account": n, "cursor": None, "cursor_at": None} for n in names]
        )
        return [len(n) for n in names]

    results = await asyncio.gather(*(store.write_each(add_all, "x" * n) for n in range(1, 51)))
    assert results == list(range(1, 51))
    assert len(calls) < 50


async def test_of_items_given_together_the_one_that_raises_is_left_out_alone(store: Store) -> None:
    def add_all(connection: Connection, names: list[str]) -> list[str]:
        for name in names:
            add(connection, name)
            if name == "bad":
                raise StaleVersion
        return names

    first, second = await asyncio.gather(
        store.write_all(add_all, ["a", "bad", "b"]), store.write_all(add_all, ["c"])
    )
    assert [first[0], first[2], second] == ["a", "b", ["c"]]
    assert isinstance(first[1], StaleVersion)
    assert await count(store) == 3
    assert await store.write_all(add_all, []) == []


async def test_times_and_json_come_back_as_they_went_in(store: Store) -> None:
    await store.write(add, "a")
    async with store.reading() as connection:
        row = (await connection.execute(select(channel_account))).one()
    assert row.cursor == {"n": 1}
    assert row.cursor_at == NOW


async def test_a_time_without_zone_is_refused(store: Store) -> None:
    def naive(connection: Connection) -> None:
        connection.execute(insert(channel_account).values(account="a", cursor_at=NOW.replace(tzinfo=None)))

    with pytest.raises(Exception, match="without a zone"):
        await store.write(naive)


async def test_a_reader_cannot_write(store: Store) -> None:
    async with store.reading() as connection:
        with pytest.raises(Exception, match=r"read-?only|readonly"):
            await connection.execute(insert(channel_account).values(account="a"))


async def test_a_locked_database_says_try_again_and_recovers(ready_url: str, monkeypatch) -> None:
    monkeypatch.setattr("router.storage.store.BUSY_TIMEOUT_MS", 50)
    async with Store.open(ready_url) as store:
        intruder = sqlite3.connect(ready_url.removeprefix("sqlite:///"), isolation_level=None)
        intruder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable):
            await store.write(add, "refused")
        intruder.execute("ROLLBACK")
        intruder.close()
        assert await store.write(add, "taken") == "taken"
        assert await count(store) == 1


async def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ConfigError, match="keeps nothing"):
        async with Store.open("sqlite://"):
            pass


async def test_commits_are_synced_on_sqlite(ready_url: str) -> None:
    async with Store.open(ready_url) as store:
        level = await store.write(lambda c: c.exec_driver_sql("PRAGMA synchronous").scalar_one())
        assert level == 2


async def test_the_schema_goes_down_and_up_and_matches_the_tables(database_url: str) -> None:
    def round_trip(connection: Connection) -> None:
        upgrade(connection)
        downgrade(connection, "base")
        upgrade(connection)
        command.check(_config(connection))

        assert connection.execute(select(func.count()).select_from(ruleset)).scalar_one() == 0

    await _run_on(database_url, round_trip)


async def _run_on(database_url: str, what: Callable[[Connection], None]) -> None:
    driver = "sqlite+aiosqlite" if database_url.startswith("sqlite") else "postgresql+asyncpg"
    engine = create_async_engine(database_url.replace(database_url.split(":")[0], driver, 1))
    async with engine.begin() as connection:
        await connection.run_sync(what)
    await engine.dispose()


ITEM_OF_THE_FIRST_SCHEMA = """
INSERT INTO work_item (id, conversation_id, episode_id, state, queue, channel_class, needs, boost_s, sla_policy,
  lead_s, max_advance_s, eligible_since, entered_queue_at, entered_system_at, token, offers_made, declined, triage,
  ruleset_version)
VALUES ('w', 'v', 'e', 'waiting', 'desk', 'chat', '[]', 0, 'quick', 0, 0, 0, 0, 0, 0, 0, '{}', '{}', 1)
"""


async def test_work_and_people_of_the_first_schema_keep_their_promises_and_limits(database_url: str) -> None:
    def there_and_back(connection: Connection) -> None:
        upgrade(connection, "0002")
        _add_a_waiting_customer(connection)
        connection.exec_driver_sql(
            "UPDATE contact_point SET kind = 'buyer', address = 'übs1', display = 'Übs1'"
        )
        connection.exec_driver_sql(ITEM_OF_THE_FIRST_SCHEMA)
        connection.exec_driver_sql("INSERT INTO agent VALUES ('m', 'mei', 'Mei', '', 'agent', 'en', 3, true)")
        upgrade(connection)
        assert connection.execute(select(t.contact_point.c.address)).scalars().all() == ["Übs1"]
        (mei,) = connection.execute(select(t.agent)).all()
        assert (mei.max_claims, mei.units, mei.queues, mei.shifts) == (3, 100, None, [])
        (work,) = connection.execute(select(t.work_item)).all()
        assert (work.sla, work.pause, work.preferred_agent_id) == (["quick"], None, None)
        connection.execute(update(t.agent).values(max_claims=None))
        downgrade(connection, "0002")
        assert connection.exec_driver_sql("SELECT address FROM contact_point").scalar_one() == "übs1"
        assert connection.exec_driver_sql("SELECT max_claims FROM agent").scalar_one() == 10
        assert connection.exec_driver_sql("SELECT sla_policy FROM work_item").scalar_one() == "quick"

    await _run_on(database_url, there_and_back)


def _add_a_waiting_customer(connection: Connection) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    point = {"account": "notes", "kind": "note", "address": "a", "display": "a", "proof": "unverified"}
    place = {"account": "notes", "subject": "", "subject_key": "", "state": "open", "last_seq": 0}
    connection.execute(insert(t.contact).values(id="c", display_name="Ann", created_at=at))
    connection.execute(insert(t.contact_point).values(id="p", contact_id="c", created_at=at, **point))
    connection.execute(
        insert(t.conversation).values(
            id="v",
            contact_id="c",
            contact_point_id="p",
            episode_id="e",
            created_at=at,
            last_message_at=at,
            **place,
        )
    )
    connection.execute(insert(t.episode).values(id="e", conversation_id="v", number=1, opened_at=at))


async def test_a_file_that_is_no_database_is_named_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "router.db").write_bytes(b"not a database, only words" * 9)
    for using in (upgrade_database, opened_once):
        with pytest.raises(ConfigError, match=r"router\.db cannot be opened: file is not.*put a backup"):
            await using(f"sqlite:///{tmp_path}/router.db")


async def test_a_folder_in_place_of_the_database_is_named(tmp_path: Path) -> None:
    for using in (upgrade_database, opened_once):
        with pytest.raises(ConfigError, match="cannot be opened: unable to open database file"):
            await using(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("query", ["", "?password=secret"])
async def test_a_server_that_is_away_is_named_without_its_password(query: str) -> None:
    for using in (upgrade_database, opened_once, held_once):
        with pytest.raises(ConfigError, match="cannot be opened.*Check that the server runs") as caught:
            await using(f"postgresql://anna:secret@127.0.0.1:1/shop{query}")
        assert "secret" not in str(caught.value)


async def test_a_database_of_a_newer_version_is_named(ready_url: str) -> None:
    with sqlite3.connect(ready_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(ConfigError, match="written by another version"):
        await upgrade_database(ready_url)


async def opened_once(url: str) -> None:
    async with Store.open(url):
        pass


async def held_once(url: str) -> None:
    async with sole_router(url):
        pass


def test_reader_cancelled_while_it_connects_leaves_no_thread_that_outlives_the_loop(
    ready_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)

    async def cancelled_while_connecting() -> None:
        async def read() -> None:
            async with store.reading():
                pass

        async with Store.open(ready_url) as store:
            began, loop, connect = asyncio.Event(), asyncio.get_running_loop(), sqlite3.connect

            def connect_slowly(*arguments: Any, **more: Any) -> sqlite3.Connection:
                loop.call_soon_threadsafe(began.set)
                threading.Event().wait(0.2)
                return connect(*arguments, **more)

            monkeypatch.setattr(sqlite3, "connect", connect_slowly)
            reading = asyncio.create_task(read())
            await began.wait()
            reading.cancel()
            await asyncio.wait([reading])

    before = set(threading.enumerate())
    asyncio.run(cancelled_while_connecting())
    for thread in set(threading.enumerate()) - before:
        thread.join()
    assert failed == []
