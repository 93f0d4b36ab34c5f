"""A strategy of a plugin reaches the engine of a running router, and does not take it along when it fails."""

import asyncio
from pathlib import Path

import pytest

from router.bootstrap import running_router
from router.config import Config, parse_config
from router.engine.config import EngineConfig, QueueConfig
from router.errors import ConfigError
from router.storage.store import Store
from router.strategy import PersonSnapshot, Rank, Strategy
from router.testing import FakeClock
from tests.conftest import Install
from tests.integration.house import NOW, Doors, house

RULES = """
version: 1
queues:
  general: {strategy: patient}
rules:
  - name: everything
    when: "true"
    set: {queue: general}
    examples: [{given: {}, expect: {queue: general}}]
"""
PLUGIN = """
    from router import PluginDescriptor, Strategy, hookimpl

    @hookimpl
    def router_plugin():
        return PluginDescriptor(name="patience", version="1.0")

    @hookimpl
    def router_strategies():
        return [Strategy(name="patient", rank_fit=lambda fit: fit.missed,
                         rank_person=lambda person: (person.unanswered,))]
"""


def config(folder: Path) -> Config:
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    text = f"store: {{url: 'sqlite:///{folder}/router.db'}}\nweb: {{port: 0}}\nrules: {folder}/rules.yaml\n"
    return parse_config(text, "omnirouter.yaml")


async def test_queue_may_name_a_strategy_an_installed_plugin_brings(install: Install, tmp_path: Path) -> None:
    install("fake-patience", "patience", PLUGIN)
    async with running_router(config(tmp_path)) as router:
        assert router.url.startswith("http://127.0.0.1:")


async def test_router_does_not_start_with_a_strategy_nobody_brings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown strategy 'patient'"):
        async with running_router(config(tmp_path)):
            pass


async def test_engine_whose_strategy_failed_once_is_rebuilt_and_offers_what_waits(store: Store) -> None:
    moods, is_well = ["bad"], asyncio.Event()

    def rank(person: PersonSnapshot) -> Rank:
        if moods:
            raise ZeroDivisionError(moods.pop())
        is_well.set()
        return (person.load_ratio,)

    moody = Strategy(name="moody", rank_fit=lambda fit: fit.missed, rank_person=rank)
    config = EngineConfig(default=QueueConfig(strategy="moody"))
    async with house(store, FakeClock(NOW), Doors(), config, strategies=[moody]) as desk:
        conversation = await desk.conversation()
        with pytest.raises(ZeroDivisionError):
            await desk.offers.set_presence(desk.agents["mei"], "available")
        running = asyncio.ensure_future(desk.room.run())
        async with asyncio.timeout(60):
            await is_well.wait()
        await desk.room.take_up()
        running.cancel()
        assert (await desk.offered(conversation) or ("", ""))[1] == "mei"
