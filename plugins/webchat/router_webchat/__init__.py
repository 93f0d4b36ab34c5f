"""The webchat plugin: chat on a shop's own pages. Registers the channel kind `webchat`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from router import hookimpl
from router.channel import ChannelType, PluginDescriptor
from router_webchat.channel import CAPABILITIES, WebchatChannel
from router_webchat.routes import ROUTE_PREFIXES, ROUTES
from router_webchat.settings import WebchatSettings
from router_webchat.simulator import WebchatSimulator


@hookimpl
def router_plugin() -> PluginDescriptor:
    """Say who the plugin is."""
    return PluginDescriptor(name="webchat", version=version("omnirouter"), licence="Apache-2.0")


@hookimpl
def router_channel_types() -> Sequence[ChannelType]:
    """Register the channel kind `webchat`."""
    return (
        ChannelType(
            id="webchat",
            title="Web chat",
            settings=WebchatSettings,
            capabilities=CAPABILITIES,
            factory=WebchatChannel,
            routes=ROUTES,
            route_prefixes=ROUTE_PREFIXES,
            simulator=WebchatSimulator,
            shares_loop=True,
        ),
    )
