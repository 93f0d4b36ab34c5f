"""The flood plugin: says who it is and which kind of channel it brings."""

from router import Capabilities, ChannelType, PluginDescriptor, TextLimits, hookimpl
from router_flood.channel import CUSTOMER, FloodChannel, FloodSettings
from router_flood.simulator import FloodSimulator


@hookimpl
def router_plugin() -> PluginDescriptor:
    """Say who the plugin is."""
    return PluginDescriptor(name="flood", version="1.0.0", api=1, licence="Apache-2.0")


@hookimpl
def router_channel_types() -> list[ChannelType]:
    """Register the one kind of channel."""
    return [
        ChannelType(
            id="flood",
            title="Flood",
            settings=FloodSettings,
            capabilities=Capabilities(
                channel_class="chat", text=TextLimits(max=4000), identity_kinds=frozenset({CUSTOMER})
            ),
            factory=FloodChannel,
            simulator=FloodSimulator,
        )
    ]
