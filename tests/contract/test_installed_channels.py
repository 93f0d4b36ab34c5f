"""Every channel type of every installed plugin passes the contract, if it brings a simulated provider."""

from dataclasses import replace

import pytest

from router.plugin_host import PluginHost
from router.testing.certifying import run_check, stage_for
from router.testing.register import CHECKS, Check, check_of
from router.testing.stage import NotDeclared, NotRun, Stage

STAGES = [stage_for(kind) for kind in PluginHost.load().channel_types.values() if kind.simulator is not None]


@pytest.mark.parametrize(
    "check", CHECKS, ids=lambda check: f"{check.number:02}-{check.title.replace(' ', '-')}"
)
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.channel_type.id)
def test_installed_channel_keeps_the_contract(stage: Stage, check: Check):
    _prove(stage, check)


@pytest.mark.long
@pytest.mark.timeout(1000)
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.channel_type.id)
def test_installed_channel_bears_ten_thousand_events(stage: Stage):
    _prove(replace(stage, long=True), check_of(23))


def _prove(stage: Stage, check: Check) -> None:
    try:
        run_check(check, stage)
    except NotDeclared as reason:
        pytest.skip(f"not declared: {reason}")
    except NotRun as reason:
        pytest.skip(f"NOT RUN: {reason}")
