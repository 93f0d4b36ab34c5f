"""Every channel type of every installed plugin passes the contract, if it brings a simulated provider."""

from dataclasses import replace

import pytest

from router.plugin_host import PluginHost
from router.testing.certifying import run_check, stage_for
from router.testing.register import CHECKS, Check, check_of
from router.testing.stage import NotDeclared, NotRun, Stage

HOST = PluginHost.load()
STAGES = [stage_for(kind) for kind in HOST.channel_types.values() if kind.simulator is not None]
# Listing is done by a plugin, for all of its types at once, in a process of its own: once for each is enough.
LISTED_WITH_ANOTHER = {kind.id for plugin in HOST.plugins for kind in plugin.registered.channel_types[1:]}
PROOFS = [
    pytest.param(
        stage, check, id=f"{stage.channel_type.id}-{check.number:02}-{check.title.replace(' ', '-')}"
    )
    for stage in STAGES
    for check in CHECKS
    if check.number > 1 or stage.channel_type.id not in LISTED_WITH_ANOTHER
]


@pytest.mark.parametrize(("stage", "check"), PROOFS)
def test_installed_channel_keeps_the_contract(stage: Stage, check: Check):
    _prove(stage, check)


@pytest.mark.soak
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
