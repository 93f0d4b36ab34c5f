"""`omnirouter rules diff | apply | revert | list`, on both databases and beside a running router."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from router.bootstrap import running_router
from router.cli import app
from router.config import load_config
from router.engine_room import EngineRoom
from router.errors import ConfigError
from router.routing_setup import rules_in_force
from router.rules_commands import Answer, Wish, apply, diff, listed, revert
from router.storage.store import Store

RULES = """version: 1
skills: {vip: {}}
sla_policies: {chat: {first_response: 60s}}
queues: {desk: {max_advance: 1h}, returns: {}}
rules:
  - name: back
    when: order.stage == "after_sale"
    set: {queue: returns}
    examples: [{given: {order: {stage: after_sale}}, expect: {queue: returns}}]
  - name: vip
    when: customer.tier == "vip"
    set: {needs: [{require: vip}], sla: chat}
  - name: rest
    when: "true"
    set: {queue: desk}
"""
CHANGED = (
    RULES.replace("max_advance: 1h", "max_advance: 2h")
    .replace("set: {queue: returns}\n", "set: {queue: desk, boost: 10m}\n")
    .replace("expect: {queue: returns}", "expect: {queue: desk}")
    .replace("queues: {", "queues: {other: {}, ")
)


@pytest.fixture
def shop(tmp_path: Path, upgraded_url: str) -> Path:
    """Write a configuration with rules; give the configuration's path."""
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "new.yaml").write_text(CHANGED.replace("other: {}, ", ""))
    config = tmp_path / "omnirouter.yaml"
    config.write_text(f"store: {{url: '{upgraded_url}'}}\nrules: rules.yaml\nweb: {{port: 0}}\n")
    return config


async def put(shop: Path, name: str, **wish: object) -> Answer:
    return await apply(shop, shop.parent / name, Wish(author="li", **wish))  # type: ignore[arg-type]


async def in_force(shop: Path) -> tuple[int, int | None]:
    async with Store.open(load_config(shop).store.url) as store, store.reading() as connection:
        rules = await rules_in_force(connection)
    assert rules is not None
    return rules.version, rules.staged.version if rules.staged else None


async def test_versions_are_applied_staged_widened_promoted_and_taken_back(shop: Path) -> None:
    assert (await put(shop, "rules.yaml")).fields["version"] == 1
    assert (await put(shop, "rules.yaml")).text == "version 1 is in force already"
    staged = await put(shop, "new.yaml", queues=("returns",))
    assert "version 2 is in force for the queue returns, version 1 else" in staged.text
    wider = await apply(shop, None, Wish(percent=30))
    assert wider.fields["stage"] == {"percent": 30}
    await apply(shop, None, Wish(all_work=True))
    assert await in_force(shop) == (2, None)
    back = await revert(shop, None, "li", "too slow")
    assert back.text == "version 1 is in force (before: version 2 is in force)"
    history = (await listed(shop)).fields
    assert [each["act"] for each in history["changes"]] == [  # type: ignore[index, union-attr]
        "reverted", "promoted", "staged", "staged", "applied",
    ]  # fmt: skip
    assert [(each["version"], each["state"]) for each in history["versions"]] == [  # type: ignore[index, union-attr]
        (2, "was in force"), (1, "in force"),
    ]  # fmt: skip


async def test_revert_ends_a_stage_and_names_a_version(shop: Path) -> None:
    await put(shop, "rules.yaml")
    await put(shop, "new.yaml", percent=10)
    told = (await listed(shop)).text
    assert "staged version 2 for 10 % of the conversations, version 1 else" in told
    await revert(shop, None, "li", "")
    assert await in_force(shop) == (1, None)
    await revert(shop, 2, "li", "")
    assert await in_force(shop) == (2, None)


async def test_file_with_errors_is_reported_and_nothing_is_stored(shop: Path) -> None:
    await put(shop, "rules.yaml")
    (shop.parent / "new.yaml").write_text(CHANGED.replace("require: vip", "require: vpi"))
    refused = await put(shop, "new.yaml")
    assert (refused.exit_code, refused.fields["applied"]) == (1, False)
    assert "unknown skill `vpi`" in refused.text
    assert await in_force(shop) == (1, None)
    assert "   2  " not in (await listed(shop)).text


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"queues": ("retruns",)}, "have no queue `retruns`.*Did you mean `returns`"),
        ({"queues": ("desk",), "percent": 10}, "exclude each other"),
    ],
)
async def test_stage_that_cannot_be_meant_is_refused(
    sqlite_shop: Path, wish: dict[str, object], message: str
) -> None:
    await put(sqlite_shop, "rules.yaml")
    with pytest.raises(ConfigError, match=message):
        await put(sqlite_shop, "new.yaml", **wish)


@pytest.fixture
def sqlite_shop(tmp_path: Path, ready_url: str) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "new.yaml").write_text(CHANGED)
    config = tmp_path / "omnirouter.yaml"
    config.write_text(f"store: {{url: '{ready_url}'}}\nrules: rules.yaml\nweb: {{port: 0}}\n")
    return config


async def test_difference_is_told_by_meaning_with_the_examples_that_end_elsewhere(sqlite_shop: Path) -> None:
    folder = sqlite_shop.parent
    found = await diff(sqlite_shop, str(folder / "rules.yaml"), str(folder / "new.yaml"))
    old, new = folder / "rules.yaml", folder / "new.yaml"
    assert found.exit_code == 1
    assert found.text.splitlines() == [
        "queues.desk changed: max_advance 1h → 2h",
        "queues.other added",
        "rules.back changed: set.queue returns → desk",
        "rules.back changed: set.boost none → 10m",
        "Examples that end elsewhere:",
        f"  {old}, back, example 1: queue returns → desk",
        f"  {old}, back, example 1: boost 0s → 10m",
        f"  {new}, back, example 1: queue returns → desk",
        f"  {new}, back, example 1: boost 0s → 10m",
    ]


async def test_other_spelling_of_the_same_rules_is_no_difference(sqlite_shop: Path) -> None:
    folder = sqlite_shop.parent
    same = RULES.replace('order.stage == "after_sale"', 'order.stage    ==  "after_sale"  // sold')
    same = same.replace("max_advance: 1h", "max_advance: 60m, offer_timeout: 30s")
    (folder / "same.yaml").write_text("# the same\n" + same)
    assert (await diff(sqlite_shop, str(folder / "rules.yaml"), str(folder / "same.yaml"))).exit_code == 0


async def test_rules_added_removed_and_moved_are_told_so(sqlite_shop: Path) -> None:
    folder = sqlite_shop.parent
    head, back, vip, rest = (
        RULES.split("  - name:")[0],
        *(f"  - name:{one}" for one in RULES.split("  - name:")[1:]),
    )
    (folder / "moved.yaml").write_text(head + vip + back + rest)
    (folder / "less.yaml").write_text(head + back + rest)
    old = str(folder / "rules.yaml")
    moved = (await diff(sqlite_shop, old, str(folder / "moved.yaml"))).fields["differences"]
    assert [(each["kind"], each["section"]) for each in moved] == [("moved", "rules")]  # type: ignore[index, union-attr]
    less = (await diff(sqlite_shop, old, str(folder / "less.yaml"))).text
    assert less.splitlines()[0] == "rules.vip removed"
    more = (await diff(sqlite_shop, str(folder / "less.yaml"), old)).text
    assert more.splitlines()[0] == "rules.vip added (after back)"


async def test_stored_versions_are_compared_by_number_and_as_current(sqlite_shop: Path) -> None:
    await put(sqlite_shop, "rules.yaml")
    await put(sqlite_shop, "new.yaml")
    assert (await diff(sqlite_shop, "2", "current")).exit_code == 0
    assert (await diff(sqlite_shop, "1", "current")).exit_code == 1


def test_commands_answer_with_their_exit_codes_and_as_json(sqlite_shop: Path) -> None:
    folder = sqlite_shop.parent
    runner = CliRunner()

    def run(*words: str) -> tuple[int, str]:
        result = runner.invoke(app, ["rules", *words, "-c", str(sqlite_shop)])
        return result.exit_code, result.stdout

    assert run("apply", str(folder / "rules.yaml"), "--author", "li")[0] == 0
    code, out = run("apply", str(folder / "new.yaml"), "--queue", "desk", "--note", "trial", "--json")
    assert (code, json.loads(out)["stage"]) == (0, {"queues": ["desk"]})
    assert run("diff", "1", "2")[0] == 1
    assert run("diff", "1", "current")[0] == 0
    assert run("revert", "--json")[0] == 0
    code, out = run("list", "--json")
    assert [each["note"] for each in json.loads(out)["changes"]] == ["", "trial", ""]


async def test_running_router_uses_applied_rules_while_it_runs_and_after_a_restart(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(shop)
    renewed = asyncio.Event()
    renew = EngineRoom.renew

    def told(room: EngineRoom) -> None:
        renew(room)
        renewed.set()

    monkeypatch.setattr(EngineRoom, "renew", told)
    async with running_router(config) as router:
        assert router.rulebook.rules.version == 1
        await put(shop, "new.yaml", percent=50)
        async with asyncio.timeout(60):
            await renewed.wait()
        assert router.rulebook.rules.staged is not None
    renewed.clear()
    async with running_router(config) as router:
        assert router.rulebook.rules.staged is not None
        await revert(shop, None, "li", "")
        async with asyncio.timeout(60):
            await renewed.wait()
        assert router.rulebook.rules.staged is None
