"""The WhatsApp plugin: says who it is and which kind of channel it brings."""

from router import ChannelType, PluginDescriptor, hookimpl
from router_whatsapp.channel import CAPABILITIES, WhatsAppChannel
from router_whatsapp.settings import WhatsAppSettings
from router_whatsapp.shared_hook import PREFIX, ROUTES
from router_whatsapp.simulator import WhatsAppSimulator


@hookimpl
def router_plugin() -> PluginDescriptor:
    """Say who the plugin is."""
    return PluginDescriptor(name="whatsapp", version="1.0.0", api=1, licence="Apache-2.0")


@hookimpl
def router_channel_types() -> list[ChannelType]:
    """Register the one kind of channel."""
    return [
        ChannelType(
            id="whatsapp",
            title="WhatsApp",
            settings=WhatsAppSettings,
            capabilities=CAPABILITIES,
            factory=WhatsAppChannel,
            routes=ROUTES,
            route_prefixes=(PREFIX,),
            simulator=WhatsAppSimulator,
            shares_loop=True,
        )
    ]
