"""A day of the rooms, recorded in the store, replayed and tried under other rules: on both databases."""

import gc
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from router.engine.roster import load_roster
from router.engine.rules import load_ruleset
from router.engine.rules.stage import Stage
from router.errors import ConfigError, NotFound
from router.routing_setup import Proposal, apply_rules, put_in_force, put_on_staff
from router.rules_files import RulesSource
from router.simulation.replay_command import ReplayAnswer, replay_recorded
from router.storage import schema as t
from router.storage.store import Store
from router.testing import FakeClock
from tests.integration.house import NOW, Doors, House, house

RULES = """
version: 1
skills: {complaints: {kind: craft}}
sla_policies: {quick: {first_response: 60s, lead: 10s}}
queues:
  complaints: {offer_timeout: 30s}
  service: {offer_timeout: 30s}
rules:
  - name: complaint
    when: message.text.contains("complain")
    set: {queue: complaints, boost: 60m, sla: quick, needs: [{require: complaints, level: 2}]}
  - {name: all, when: "true", set: {queue: service, sla: quick}}
"""
OTHER_RULES = RULES.replace("level: 2", "level: 5").replace("offer_timeout: 30s", "offer_timeout: 20s")
ROSTER = """
agents:
  mei: {skills: {complaints: 3}, max_claims: 2}
  new: {skills: {complaints: 5}, shifts: ["mon-sun 00:00-24:00"]}
"""


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[House]:
    clock = FakeClock(NOW)
    source = RulesSource(source="rules.yaml", text=RULES, lists={})
    in_force = await put_in_force(store, source, "test", clock.now())
    async with house(store, clock, Doors(), in_force.engine_config, rules=RULES) as opened:
        yield opened


async def a_day(desk: House) -> None:
    """Serve, decline, be silent, go, come back, and start anew in between."""
    first = await desk.accepted()
    desk.clock.advance(20)
    second = await desk.conversation("I complain", "bob@shop.example")
    offer = await desk.offered(second)
    assert offer is not None
    desk.clock.advance(1)
    await desk.offers.reject(offer[0], desk.agents["mei"], "lunch")
    await desk.offers.set_presence(desk.agents["tom"], "available")
    desk.clock.advance(31.123457)
    await desk.room.take_up()
    third = await desk.conversation("and this?", "cid@shop.example")
    desk.clock.advance(5)
    await desk.room.restore()
    desk.clock.advance(2)
    offer = await desk.offered(third)
    assert offer is not None
    await desk.offers.accept(offer[0], desk.agents[offer[1]])
    desk.clock.advance(40)
    await desk.room.take_up()
    await desk.offers.resolve(first, desk.agents["mei"], 1)
    desk.clock.advance(10)
    await desk.offers.resolve(third, desk.agents[offer[1]], 1)


async def replay(desk: House, tmp_path: Path, **options: object) -> ReplayAnswer:
    url = desk.front.store.url.render_as_string(hide_password=False)
    config = tmp_path / "omnirouter.yaml"
    config.write_text(f"store: {{url: {json.dumps(url)}}}\n", encoding="utf-8")
    span = {"since": NOW.isoformat(), "until": (NOW + timedelta(hours=1)).isoformat()}
    return await replay_recorded(config, **{**span, **options})  # type: ignore[arg-type]


async def test_a_recorded_day_with_a_restart_replays_to_the_same_decisions(
    desk: House, tmp_path: Path
) -> None:
    await a_day(desk)
    recorded = await desk.front.rows(t.decision_record)
    answer = await replay(desk, tmp_path)
    assert answer.lines == [f"replay equals the record: {len(recorded)} of {len(recorded)} decisions"]
    assert {"expired", "rejected", "completed", "promise_due"} <= {row.act for row in recorded}


async def test_a_record_that_was_tampered_with_is_named(desk: House, tmp_path: Path) -> None:
    await a_day(desk)
    async with desk.front.store.reading() as connection:
        row = (
            await connection.execute(select(t.decision_record).where(t.decision_record.c.act == "rejected"))
        ).one()

    def tamper(connection: object) -> None:
        changed = {**row.body, "agent": "somebody else"}
        connection.execute(
            update(t.decision_record).where(t.decision_record.c.id == row.id).values(body=changed)
        )  # type: ignore[attr-defined]

    await desk.front.store.write(tamper)
    answer = await replay(desk, tmp_path)
    assert not answer.is_equal
    assert "differs in: agent" in answer.lines
    found = json.loads((await replay(desk, tmp_path, as_json=True)).lines[0])
    assert (found["equal"], found["recorded"]["agent"]) == (False, "somebody else")


async def test_a_record_with_a_decision_missing_is_named(desk: House, tmp_path: Path) -> None:
    await a_day(desk)

    def forget(connection: object) -> None:
        connection.execute(delete(t.decision_record).where(t.decision_record.c.act == "completed"))  # type: ignore[attr-defined]

    await desk.front.store.write(forget)
    assert not (await replay(desk, tmp_path)).is_equal


async def test_other_rules_and_people_are_compared_twice_alike_and_without_the_customers_words(
    desk: House, tmp_path: Path
) -> None:
    await a_day(desk)
    (tmp_path / "other.yaml").write_text(OTHER_RULES, encoding="utf-8")
    (tmp_path / "roster.yaml").write_text(ROSTER, encoding="utf-8")
    options = {"rules": tmp_path / "other.yaml", "roster": tmp_path / "roster.yaml"}
    once = await replay(desk, tmp_path, as_json=True, **options)
    twice = await replay(desk, tmp_path, as_json=True, **options)
    assert once.lines == twice.lines
    found = json.loads(once.lines[0])
    assert found["items"] == 3
    assert found["candidate"]["never_served"] == 0
    # Only `new` has the level the complaint asks for now.
    (complaint,) = [each for each in found["changed"] if each["candidate"]["queue"] == "complaints"]
    assert complaint["candidate"]["agents"] == ["new"]
    everything = json.dumps(found) + "\n".join((await replay(desk, tmp_path, **options)).lines)
    assert "shop.example" not in everything
    assert "I complain" not in everything


async def test_the_same_rules_as_candidate_change_nothing(desk: House, tmp_path: Path) -> None:
    await a_day(desk)
    (tmp_path / "same.yaml").write_text(RULES, encoding="utf-8")
    found = json.loads((await replay(desk, tmp_path, as_json=True, rules=tmp_path / "same.yaml")).lines[0])
    assert found["recorded"] == found["candidate"]
    assert found["changed"] == []
    assert gc.isenabled(), "a run that looks for no cycles leaves that to itself"


async def test_a_span_without_a_record_and_wrong_times_are_refused(desk: House, tmp_path: Path) -> None:
    later = {"since": "2026-03-04T10:00:00Z", "until": "2026-03-04T09:00:00Z"}
    with pytest.raises(ConfigError, match="not after --from"):
        await replay(desk, tmp_path, **later)
    with pytest.raises(ConfigError, match="no time with an offset"):
        await replay(desk, tmp_path, since="yesterday")
    with pytest.raises(ConfigError, match="--seed"):
        await replay(desk, tmp_path, seed=3)
    with pytest.raises(NotFound, match="nothing was recorded"):
        await replay(desk, tmp_path, since="2020-01-01T00:00:00Z", until="2020-01-02T00:00:00Z")


async def test_rules_that_were_tried_on_one_queue_are_part_of_the_record(
    store: Store, tmp_path: Path
) -> None:
    clock = FakeClock(NOW)
    first = await put_in_force(store, RulesSource(source="rules.yaml", text=RULES, lists={}), "test", NOW)
    second = RulesSource(source="rules.yaml", text=RULES.replace("30s", "5s"), lists={})
    ruleset = load_ruleset(second.text, source="second", lists={})
    stage = Stage(queues=("service",), percent=0)
    proposal = Proposal(act="staged", author="test", stage=stage, at=NOW)
    staged = await apply_rules(store, first, second, ruleset, proposal)
    assert staged.engine_config.queue("service").offer_timeout_s == 5
    async with house(store, clock, Doors(), staged.engine_config, rules=RULES) as desk:
        desk.room._in_force = staged  # the house knows one version of the rules only
        await desk.room.restore()
        await desk.offers.set_presence(desk.agents["mei"], "available")
        await desk.conversation()
        clock.advance(6)
        await desk.room.take_up()
        answer = await replay(desk, tmp_path)
        assert "expired" in {row.act for row in await desk.front.rows(t.decision_record)}
    assert answer.is_equal, answer.lines


async def test_shift_that_never_came_is_told_by_name_and_replays_the_same_after_the_roster_changed(
    store: Store, tmp_path: Path
) -> None:
    clock = FakeClock(NOW)
    rules = await put_in_force(store, RulesSource(source="rules.yaml", text=RULES, lists={}), "test", NOW)
    roster = await put_on_staff(store, load_roster(ROSTER, source="roster.yaml"), NOW)
    async with house(store, clock, Doors(), rules=RULES) as desk:
        desk.room._in_force = replace(rules, roster=roster)  # the house knows no rosters
        await desk.room.restore()
        clock.advance(121)
        await desk.room.take_up()
        nobody = load_roster(ROSTER.replace("mon-sun 00:00-24:00", "sun 01:00-02:00"), source="roster.yaml")
        await put_on_staff(store, nobody, clock.now())
        answer = await replay(desk, tmp_path)
        alarms = [row.body for row in await desk.front.rows(t.decision_record) if row.act == "reachability"]
    assert [alarm["missing"] for alarm in alarms] == [list(roster.agents)] * len(alarms) != []
    assert answer.is_equal, answer.lines
