"""The story of a conversation, told from the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.engine.story import is_routine, story_json, story_text
from router.errors import ConfigError, NotFound
from router.explaining import explain_stored, explained
from router.messages import JsonObject, JsonValue
from router.routing_setup import Proposal, put_in_force, switch_rules
from router.rules_files import RulesSource
from router.storage import schema as t
from router.storage.store import Store
from router.strategy import Strategy
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house

RULES = """
version: 1
skills: {complaints: {}, lang-zh: {kind: language}}
calendars: {shop: {zone: Asia/Shanghai, week: {mon-fri: ["09:00-18:00"]}}}
queues: {service: {}}
rules: [{name: everything, when: "true", set: {queue: service}}]
"""


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    async with house(store, FakeClock(NOW), Doors()) as opened:
        await put_in_force(store, RulesSource(source="rules.yaml", text=RULES, lists={}), "test", NOW)
        yield opened


async def told(desk: House, conversation: str, lang: str = "en") -> list[str]:
    async with desk.front.store.reading() as connection:
        found = await explain_stored(connection, conversation, lang, {"notes": "email"}, desk.clock.now())
    return story_text(found.story, lang, found.zone).splitlines()


async def test_story_of_a_refused_and_then_accepted_conversation(desk: House) -> None:
    await desk.offers.set_presence(desk.agents["mei"], "available")
    conversation = await desk.conversation("Where is my order?")
    await desk.offers.set_presence(desk.agents["tom"], "available")
    offer = await desk.offered(conversation)
    assert offer is not None
    desk.clock.advance(5)
    await desk.offers.reject(offer[0], desk.agents["mei"], "lunch")
    offer = await desk.offered(conversation)
    assert offer is not None
    await desk.offers.accept(offer[0], desk.agents["tom"])
    lines = await told(desk, conversation)
    assert "wrote by email on 2026-03-04 17:00" in lines[0]  # 09:00 in London is 17:00 in Shanghai
    text = "\n".join(lines)
    assert "17:00:00  Offered to Mei" in text
    assert "17:00:05  Mei declined after 5 s (lunch)" in text
    assert "17:00:05  Tom accepted" in text
    assert lines[-1].startswith("  Now: Tom has it")
    assert not any(agent in text for agent in desk.agents.values())


async def test_waiting_conversation_says_what_it_waits_for_now(desk: House) -> None:
    conversation = await desk.conversation("hello")
    desk.clock.advance(180)
    english, chinese = await told(desk, conversation), await told(desk, conversation, "zh")
    assert english[-1].startswith("  Now: Waits in ")
    assert english[-1].endswith("Waited 3 min.")
    assert chinese[-1].startswith("  目前: ")


async def test_story_follows_the_rules_in_force_after_a_return_to_older_ones(desk: House) -> None:
    store, newer = desk.front.store, RULES.replace("Asia/Shanghai", "America/New_York")
    first = await put_in_force(store, RulesSource(source="rules.yaml", text=RULES, lists={}), "test", NOW)
    second = await put_in_force(store, RulesSource(source="rules.yaml", text=newer, lists={}), "test", NOW)
    assert second.version > first.version
    conversation = await desk.conversation("hello")
    assert "2026-03-04 04:00" in (await told(desk, conversation))[0]
    await switch_rules(store, second, first.version, Proposal(act="reverted", author="test", at=NOW))
    assert "2026-03-04 17:00" in (await told(desk, conversation))[0]


async def test_story_is_told_where_a_queue_names_the_strategy_of_a_plugin(desk: House) -> None:
    draw = Strategy(name="draw", rank_fit=lambda fit: (), rank_person=lambda person: ())
    text = RULES.replace("{service: {}}", "{service: {strategy: draw}}")
    source = RulesSource(source="rules.yaml", text=text, lists={})
    await put_in_force(desk.front.store, source, "test", NOW, strategies=(draw,))
    conversation = await desk.conversation("hello")
    async with desk.front.store.reading() as connection:
        found = await explain_stored(connection, conversation, "en", {}, desk.clock.now(), (draw,))
    assert "Now: Waits in" in story_text(found.story, "en", found.zone)


async def test_looking_at_a_story_decides_nothing(desk: House) -> None:
    conversation = await desk.conversation("hello")
    before = await told(desk, conversation)
    records = await desk.front.rows(t.decision_record)
    assert await told(desk, conversation) == before
    assert await desk.front.rows(t.decision_record) == records


async def test_id_may_be_cut_short_while_it_stays_unique(desk: House) -> None:
    first, second = await desk.conversation("one"), await desk.conversation("two", "bob@shop.example")
    shared = next(at for at in range(len(first)) if first[at] != second[at])
    assert (await told(desk, first[: shared + 1]))[0] == (await told(desk, first))[0]
    with pytest.raises(NotFound, match=f"several conversations begin with .*{first}"):
        await told(desk, first[:shared])
    with pytest.raises(NotFound, match="there is no conversation 'nobody'"):
        await told(desk, "nobody")
    with pytest.raises(NotFound, match="there is no conversation '%'"):
        await told(desk, "%")


async def test_json_has_the_records_behind_the_words(desk: House) -> None:
    conversation = await desk.accepted()
    async with desk.front.store.reading() as connection:
        found = await explain_stored(connection, conversation, "en", {}, desk.clock.now())
    (item,) = story_json(found.story)["items"]
    assert [one["act"] for one in item["decisions"]] == ["offered", "accepted"]
    assert item["decisions"][0]["record"]["agent"] == desk.agents["mei"]
    assert item["now"]["record"]["state"] == "claimed"


async def test_command_reads_a_database_no_router_runs_on(tmp_path: Path, ready_url: str) -> None:
    config = tmp_path / "omnirouter.yaml"
    config.write_text(f"store: {{url: '{ready_url}'}}\n", encoding="utf-8")
    with pytest.raises(NotFound):
        await explained(config, "0", "en")
    with pytest.raises(ConfigError, match="fr"):
        await explained(config, "0", "fr")


def test_story_leaves_out_promises_that_go_as_they_should() -> None:
    def clock(**said: JsonValue) -> JsonObject:
        return {"act": "clock", "change": "stopped", "state": "kept", "paused_by": [], "reason": "", **said}

    routine = [
        clock(),
        clock(change="paused", state="paused", paused_by=["customer"]),
        clock(change="started"),
    ]
    told = [clock(state="late"), clock(change="paused", paused_by=["declared"], reason="the warehouse looks")]
    assert [is_routine(record) for record in routine] == [True] * 3
    assert [is_routine(record) for record in told] == [False] * 2
    assert [is_routine({"act": "promise_due", "step": step}) for step in (50, 75, 100)] == [True, True, False]
