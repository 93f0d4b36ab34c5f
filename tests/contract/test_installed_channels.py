"""Every channel type of every installed plugin passes the contract, if it brings a simulated provider."""

import pytest

from router.plugin_host import PluginHost
from router.testing.certifying import run_check, stage_for
from router.testing.register import CHECKS, Check
from router.testing.stage import NotDeclared, NotRun, Stage

STAGES = [stage_for(kind) for kind in PluginHost.load().channel_types.values() if kind.simulator is not None]


@pytest.mark.parametrize(
    "check", CHECKS, ids=lambda check: f"{check.number:02}-{check.title.replace(' ', '-')}"
)
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.channel_type.id)
def test_installed_channel_keeps_the_contract(stage: Stage, check: Check):
    try:
        run_check(check, stage)
    except NotDeclared as reason:
        pytest.skip(f"not declared: {reason}")
    except NotRun as reason:
        pytest.skip(f"NOT RUN: {reason}")
