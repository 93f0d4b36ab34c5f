"""A strategy of a plugin reaches the engine of a running router."""

from pathlib import Path

import pytest

from router.bootstrap import running_router
from router.config import Config, parse_config
from router.errors import ConfigError
from tests.conftest import Install

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
