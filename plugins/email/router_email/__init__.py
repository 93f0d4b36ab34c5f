"""The email channel."""

from collections.abc import Sequence

from router import ChannelType, PluginDescriptor, hookimpl
from router_email.channel import CAPABILITIES, EmailChannel
from router_email.settings import EmailSettings
from router_email.simulator import EmailSimulator


@hookimpl
def router_plugin() -> PluginDescriptor:
    """Say who this is."""
    return PluginDescriptor(name="email", version="1.0", licence="Apache-2.0")


@hookimpl
def router_channel_types() -> Sequence[ChannelType]:
    """Register the e-mail channel."""
    return (
        ChannelType(
            id="email",
            title="E-mail",
            settings=EmailSettings,
            capabilities=CAPABILITIES,
            factory=EmailChannel,
            shares_loop=True,
            simulator=EmailSimulator,
        ),
    )
