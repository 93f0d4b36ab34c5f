"""Every channel type of every installed plugin passes the contract, if it brings a simulated provider."""

import pytest

from router.channel import ChannelType
from router.plugin_host import PluginHost
from router.testing.certificate import CHECKS, Check, run_check, stage_for
from router.testing.stage import NotDeclared

KINDS = [kind for kind in PluginHost.load().channel_types.values() if kind.simulator is not None]


@pytest.mark.parametrize(
    "check", CHECKS, ids=lambda check: f"{check.number:02}-{check.title.replace(' ', '-')}"
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_installed_channel_keeps_the_contract(kind: ChannelType, check: Check):
    try:
        run_check(check, stage_for(kind))
    except NotDeclared as reason:
        pytest.skip(f"not declared: {reason}")
