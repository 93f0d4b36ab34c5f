"""Versions of the rules on both databases: applied, staged, taken up by a running router, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert, select, update

from router.engine.engine import Engine
from router.engine.rules import RulesError, load_ruleset
from router.engine.rules.stage import RulesInForce, Stage, StagedRules
from router.errors import NotFound, StaleVersion
from router.rerouting import Reroutes
from router.routing_setup import Proposal, apply_rules, put_in_force, switch_rules
from router.rulebook import Rulebook
from router.rules_files import RulesSource
from router.storage import schema as t
from router.storage.rules import list_changes, list_versions
from router.storage.store import Store
from router.storage.upgrade import upgrade
from router.testing import FakeClock
from tests.integration.house import Doors as HouseDoors
from tests.integration.house import InForce, house
from tests.integration.notes_channel import item
from tests.integration.test_intake import RULES

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


def source(queue: str, more: str = "") -> RulesSource:
    document = f"version: 1\nqueues: {{desk: {{}}, {queue}: {{}}{more}}}\nrules:\n"
    document += f"  - {{name: all, when: 'true', set: {{queue: {queue}}}}}\n"
    return RulesSource(source="rules.yaml", text=document, lists={})


def proposal(act: str = "applied", stage: Stage | None = None, *, is_file: bool = False) -> Proposal:
    return Proposal(act=act, author="li", note="why", stage=stage, is_file=is_file, at=NOW)


async def start(store: Store, queue: str, *, is_default: bool = False) -> RulesInForce:
    return await put_in_force(store, source(queue), "file", NOW, is_default=is_default)


async def apply(store: Store, current: RulesInForce, queue: str, stage: Stage | None = None) -> RulesInForce:
    given = source(queue)
    ruleset = load_ruleset(given.text, source=given.source, lists={})
    act = "applied" if stage is None else "staged"
    return await apply_rules(store, current, given, ruleset, proposal(act, stage))


async def acts(store: Store) -> Sequence[tuple[str, int, int | None]]:
    async with store.reading() as connection:
        return [(each.act, each.version, each.staged_version) for each in await list_changes(connection)]


async def test_unchanged_file_leaves_in_force_what_was_applied(store: Store) -> None:
    first = await start(store, "first")
    await apply(store, first, "second")
    again = await start(store, "first")
    assert (again.version, list(again.ruleset.model.queues)) == (2, ["desk", "second"])
    assert await acts(store) == [("applied", 2, None), ("applied", 1, None)]


async def test_changed_file_is_put_in_force_over_what_was_applied(store: Store) -> None:
    await apply(store, await start(store, "first"), "second", Stage(percent=50))
    third = await start(store, "third")
    assert (third.version, third.staged) == (3, None)
    assert (await start(store, "third")).number == third.number
    assert len(await acts(store)) == 3


async def test_default_rules_of_a_new_release_do_not_push_applied_ones_aside(store: Store) -> None:
    await apply(store, await start(store, "first", is_default=True), "second")
    assert (await start(store, "newer", is_default=True)).version == 2


async def test_stage_is_kept_over_a_restart_and_ends_when_promoted(store: Store) -> None:
    first = await start(store, "first")
    staged = await apply(store, first, "second", Stage(queues=("first",)))
    again = await start(store, "first")
    assert (again.version, again.staged.version, str(again.staged.stage)) == (1, 2, "the queue first")  # type: ignore[union-attr]
    await switch_rules(store, staged, 2, proposal("promoted"))
    assert await acts(store) == [("promoted", 2, None), ("staged", 1, 2), ("applied", 1, None)]


async def test_change_by_somebody_else_meanwhile_is_refused_and_leaves_nothing(store: Store) -> None:
    first = await start(store, "first")
    await apply(store, first, "second")
    with pytest.raises(StaleVersion):
        await apply(store, first, "third")
    async with store.reading() as connection:
        assert [each.version for each in await list_versions(connection)] == [2, 1]


async def test_version_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="no version 9"):
        await switch_rules(store, await start(store, "first"), 9, proposal("reverted"))


async def test_document_that_is_wrong_changes_nothing(store: Store) -> None:
    await start(store, "first")
    with pytest.raises(RulesError):
        await put_in_force(store, source("first", ", x: {share: 3}"), "file", NOW)
    assert await acts(store) == [("applied", 1, None)]


async def test_queues_of_both_versions_are_known_while_one_is_staged(store: Store) -> None:
    first = await start(store, "first")
    await apply(store, first, "second", Stage(percent=10))
    async with store.reading() as connection:
        names = (await connection.execute(select(t.queue.c.name).order_by(t.queue.c.name))).scalars().all()
    assert names == ["desk", "first", "second"]


async def test_running_router_takes_up_a_change_and_tells_dispatch_once(store: Store) -> None:
    told: list[int] = []
    first = await start(store, "first")
    book = Rulebook(store, first, (), lambda: told.append(book.rules.version))
    assert not await book.look()
    await apply(store, first, "second")
    assert await book.look()
    assert not await book.look()
    assert told == [2]


async def test_version_no_longer_readable_leaves_the_old_rules_in_use(store: Store) -> None:
    first = await start(store, "first")
    book = Rulebook(store, first, (), lambda: None)
    await apply(store, first, "second")

    def spoil(connection: Connection) -> None:
        connection.execute(update(t.ruleset).where(t.ruleset.c.version == 2).values(document="version: 9"))

    await store.write(spoil)
    assert not await book.look()
    assert book.rules.version == 1


def test_stage_by_percentage_is_stable_and_grows() -> None:
    ids = [f"{number:032x}" for number in range(2_000)]
    tenth = {id for id in ids if Stage(percent=10).takes(id, "")}
    fifth = {id for id in ids if Stage(percent=20).takes(id, "")}
    assert tenth < fifth
    assert 140 < len(tenth) < 260


def test_staged_queue_has_its_new_limits_and_everything_else_the_old_ones() -> None:
    def rules(limit: str, units: int) -> str:
        queues = f"{{a: {{max_advance: {limit}}}, b: {{max_advance: {limit}}}}}"
        return (
            f"version: 1\nqueues: {queues}\ncapacity: {{classes: {{chat: {{cost: {units}, max: 1}}}}}}\n"
            "rules: [{name: all, when: 'true', set: {queue: a}}]\n"
        )

    old, new = (load_ruleset(rules(*each), source="r", lists={}) for each in (("1h", 10), ("2h", 20)))
    staged = StagedRules(version=2, ruleset=new, stage=Stage(queues=("b",)))
    both = RulesInForce(version=1, ruleset=old, staged=staged)
    config = both.engine_config
    assert (config.queues["a"].max_advance_s, config.queues["b"].max_advance_s) == (3600, 7200)
    assert config.capacity.of("chat").cost == 10


async def test_rules_of_an_older_release_are_in_force_after_the_upgrade(database_url: str) -> None:
    def older(connection: Connection) -> None:
        upgrade(connection, "0001")
        rows = [
            {
                "version": version,
                "document": source(name).text,
                "lists": {},
                "author": "file",
                "created_at": NOW,
            }
            for version, name in ((1, "first"), (2, "second"))
        ]
        connection.execute(insert(t.ruleset), rows)
        upgrade(connection)

    async with Store.open(database_url, durable=False) as store:
        await store.write(older)
        assert (await start(store, "second")).version == 2
        assert await acts(store) == [("applied", 2, None)]


async def test_new_rules_reach_a_running_engine_and_take_nothing_away(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, built = FakeClock(NOW), asyncio.Event()
    async with house(store, clock, HouseDoors()) as rooms:
        held = await rooms.accepted("mei")
        await rooms.offers.set_presence(rooms.agents["tom"], "available")
        waiting = await rooms.conversation(sender="bob@shop.example")
        asked = await rooms.offered(waiting)
        assert asked is not None

        def told(rules: InForce) -> Engine:
            built.set()
            return Engine(rules.engine_config, 1)

        monkeypatch.setattr(InForce, "new_engine", told)
        clock.advance(seconds=10)
        running = asyncio.create_task(rooms.room.run())
        rooms.room.renew()
        await built.wait()
        assert await rooms.offered(waiting) == asked
        (row,) = await rooms.front.rows(t.offer, id=asked[0])
        assert (row.expires_at - row.offered_at).total_seconds() == 30
        assert await rooms.offers.accept(asked[0], rooms.agents[asked[1]]) == waiting
        with pytest.raises(StaleVersion):
            await rooms.offers.claim(held, rooms.agents["tom"])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_work_pinned_to_old_rules_is_offered_once_it_is_routed_by_the_new_ones(store: Store) -> None:
    clock = FakeClock(NOW)
    new = RulesInForce(version=7, ruleset=load_ruleset(RULES, source="rules.yaml", lists={}))
    async with house(store, clock, HouseDoors()) as rooms:
        (conversation,) = await rooms.front.take(item("bob@shop.example", at=NOW, id="one", text="hello"))

        def ask_too_much(connection: Connection) -> None:
            connection.execute(update(t.work_item).values(needs=[{"require": "astrology"}]))

        await store.write(ask_too_much)
        await rooms.room.restore()
        await rooms.offers.set_presence(rooms.agents["mei"], "available")
        assert await rooms.offered(conversation) is None
        reroutes = Reroutes(store, clock, rooms.room, lambda: new)
        preview = await reroutes.preview(conversation)
        assert (preview.after.needs, preview.asked) == ([], [rooms.agents["mei"]])
        assert await rooms.offered(conversation) is None
        await reroutes.reroute(conversation, agent_id=rooms.agents["tom"])
        offered = await rooms.offered(conversation)
        assert offered is not None
        assert offered[1] == "mei"
        (row,) = await rooms.front.rows(t.work_item, conversation_id=conversation)
        assert row.ruleset_version == 7
