"""The telnet plugin: says who it is and which kind of channel it brings."""

from router import Capabilities, ChannelType, PluginDescriptor, TextLimits, hookimpl
from router_telnet.channel import TelnetChannel, TelnetSettings
from router_telnet.simulator import TelnetCustomers


@hookimpl
def router_plugin() -> PluginDescriptor:
    """Say who the plugin is."""
    return PluginDescriptor(name="telnet", version="1.0.0", api=1, licence="Apache-2.0")


@hookimpl
def router_channel_types() -> list[ChannelType]:
    """Register the one kind of channel."""
    return [
        ChannelType(
            id="telnet",
            title="Telnet",
            settings=TelnetSettings,
            capabilities=Capabilities(channel_class="chat", text=TextLimits(max=2000), marks_sending=True),
            factory=TelnetChannel,
            simulator=TelnetCustomers,
        )
    ]
