"""The hooks a plugin may implement: few, synchronous, and only to register objects.

An `async def` implementation is refused at load. See `docs/hooks.md`.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from router.channel import ChannelType, PluginDescriptor
from router.orders import ContextProviderType, NoteTargetType
from router.strategy import Strategy

ENTRY_POINT_GROUP = "router.plugins"

hookspec = pluggy.HookspecMarker("router")
hookimpl = pluggy.HookimplMarker("router")


class RouterHooks:
    """Every hook of the router."""

    @hookspec
    def router_plugin(self) -> PluginDescriptor:  # type: ignore[empty-body]
        """Say who the plugin is and for which contract version it was written. Required."""

    @hookspec
    def router_channel_types(self) -> Sequence[ChannelType]:  # type: ignore[empty-body]
        """Register kinds of channels."""

    @hookspec
    def router_strategies(self) -> Sequence[Strategy]:  # type: ignore[empty-body]
        """Register orders in which people are asked, for queues that name one."""

    @hookspec
    def router_context_providers(self) -> Sequence[ContextProviderType]:  # type: ignore[empty-body]
        """Register kinds of sources that know orders, logistics, refunds, stock or customers."""

    @hookspec
    def router_note_targets(self) -> Sequence[NoteTargetType]:  # type: ignore[empty-body]
        """Register kinds of shops whose order notes can be read and written."""
