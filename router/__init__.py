"""Omnirouter: one queue for every customer message, each reply out by the door it came in.

This is the public surface for plugins; nothing else in the package is promised.
"""

from router.capabilities import Capabilities, Health, HealthState, TextLimits, TextUnit
from router.channel import (
    API_VERSION,
    Channel,
    ChannelContext,
    ChannelRoute,
    ChannelType,
    Confirms,
    FollowsThread,
    HttpReply,
    HttpRequest,
    ManualSource,
    PluginDescriptor,
    Pulled,
    PullSource,
    PushSource,
    Signal,
    StreamSource,
)
from router.hookspecs import hookimpl
from router.strategy import Fit, PersonSnapshot, Strategy

__all__ = [
    "API_VERSION",
    "Capabilities",
    "Channel",
    "ChannelContext",
    "ChannelRoute",
    "ChannelType",
    "Confirms",
    "Fit",
    "FollowsThread",
    "Health",
    "HealthState",
    "HttpReply",
    "HttpRequest",
    "ManualSource",
    "PersonSnapshot",
    "PluginDescriptor",
    "PullSource",
    "Pulled",
    "PushSource",
    "Signal",
    "Strategy",
    "StreamSource",
    "TextLimits",
    "TextUnit",
    "hookimpl",
]
