"""The phone plugin: calls as work. Registers the channel kinds `phone_log` and `phone_line`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from router import hookimpl
from router.channel import ChannelType, PluginDescriptor
from router_phone_log.channel import CAPABILITIES, PhoneLogChannel
from router_phone_log.lines.channel import LINE_CAPABILITIES, PhoneLineChannel
from router_phone_log.lines.simulator import PhoneLineSimulator
from router_phone_log.settings import PhoneLineSettings, PhoneLogSettings
from router_phone_log.simulator import PhoneLogSimulator


@hookimpl
def router_plugin() -> PluginDescriptor:
    """Say who the plugin is."""
    return PluginDescriptor(name="phone_log", version=version("omnirouter"), licence="Apache-2.0")


@hookimpl
def router_channel_types() -> Sequence[ChannelType]:
    """Register the channel kinds of phone systems."""
    return (
        ChannelType(
            id="phone_log",
            title="Phone records",
            settings=PhoneLogSettings,
            capabilities=CAPABILITIES,
            factory=PhoneLogChannel,
            simulator=PhoneLogSimulator,
        ),
        ChannelType(
            id="phone_line",
            title="Live phone line",
            settings=PhoneLineSettings,
            capabilities=LINE_CAPABILITIES,
            factory=PhoneLineChannel,
            simulator=PhoneLineSimulator,
        ),
    )
