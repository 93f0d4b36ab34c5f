"""Find and load plugins; in: installed entry points, out: channel types, strategies, who failed and why.

The only module that touches `pm.hook`. Entry points are loaded one by one, because pluggy's own loader
lets one failing import stop all others; a plugin that fails is listed with its distribution and cause.
"""

from __future__ import annotations

import inspect
import logging
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

import pluggy
from pydantic import BaseModel

from router.capabilities import Capabilities
from router.channel import API_VERSION, ChannelRoute, ChannelType, PluginDescriptor
from router.errors import ConfigError, PluginContractError, PluginError, PluginLoadError
from router.hookspecs import ENTRY_POINT_GROUP, RouterHooks
from router.strategy import Fit, PersonSnapshot, Strategy

_log = logging.getLogger(__name__)
_TYPE_ID = re.compile(r"[a-z][a-z0-9_]{0,31}")
_STRATEGY_NAME = re.compile(r"[a-z][a-z_]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugin:
    """One entry point and what became of it.

    `name` is the entry point's name, which is what `plugins.disabled` takes. `error` is the cause in
    plain words when it failed; then `descriptor` is None and it registers nothing. A plugin switched off in
    the configuration is never imported.
    """

    name: str
    distribution: str
    version: str
    descriptor: PluginDescriptor | None = None
    channel_types: Sequence[ChannelType] = ()
    strategies: Sequence[Strategy] = ()
    package: str = ""
    disabled: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginHost:
    """Every installed plugin, and the kinds of channels and the strategies they brought."""

    plugins: Sequence[LoadedPlugin]
    channel_types: Mapping[str, ChannelType] = field(default_factory=dict)
    strategies: Sequence[Strategy] = ()

    @classmethod
    def load(cls, disabled: Collection[str] = ()) -> PluginHost:
        """Load every installed entry point except the disabled ones.

        Raises ConfigError when two plugins declare the same channel type id; every other fault stays
        with the plugin that has it.
        """
        loader = _Loader()
        points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: (point.name, _owner(point)))
        plugins = [
            _described(point, disabled=True) if point.name in disabled else loader.load(point)
            for point in points
        ]
        for name in sorted(set(disabled) - {point.name for point in points}):
            _log.warning("plugins.disabled names a plugin that is not installed", extra={"plugin": name})
        return cls(
            plugins=tuple(plugins),
            channel_types=MappingProxyType(_by_id(plugins)),
            strategies=tuple(strategy for plugin in plugins for strategy in plugin.strategies),
        )

    def owner(self, channel_type_id: str) -> LoadedPlugin | None:
        """Name the plugin that declares this kind of channel.

        A plugin that failed or is disabled could not say what it declares; its entry point's name stands
        in for the id.
        """
        for plugin in self.plugins:
            if any(kind.id == channel_type_id for kind in plugin.channel_types):
                return plugin
        silent = (plugin for plugin in self.plugins if plugin.error or plugin.disabled)
        return next((plugin for plugin in silent if plugin.name == channel_type_id), None)


class _Loader:
    """Registers plugins with pluggy and asks each one on its own."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("router")
        self._manager.add_hookspecs(RouterHooks)

    def load(self, point: EntryPoint) -> LoadedPlugin:
        try:
            plugin = self._register(point)
        # A plugin that calls sys.exit while being imported must not end the router.
        except (Exception, SystemExit) as error:
            known = isinstance(error, PluginError)
            cause = str(error) if known else f"{type(error).__name__}: {error}"
            _log.error(
                "plugin failed to load",
                exc_info=None if known else error,
                extra={"plugin": point.name, "distribution": _owner(point), "cause": cause},
            )
            return _described(point, error=cause)
        return plugin

    def _register(self, point: EntryPoint) -> LoadedPlugin:
        module = point.load()
        name = f"{_owner(point)}:{point.name}"
        try:
            if self._manager.register(module, name=name) is None:
                raise PluginLoadError("pluggy refused to register it", plugin=point.name)
            self._refuse_coroutines(module, point)
            self._manager.check_pending()
            descriptor = self._descriptor(module, point)
            kinds = self._channel_types(module, point)
            strategies = self._strategies(module, point)
        except BaseException:
            self._manager.unregister(name=name)
            raise
        return _described(point, descriptor=descriptor, channel_types=kinds, strategies=strategies)

    def _refuse_coroutines(self, module: object, point: EntryPoint) -> None:
        for caller in self._manager.get_hookcallers(module) or ():
            for impl in caller.get_hookimpls():
                function = impl.function
                if impl.plugin is module and (
                    inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
                ):
                    raise PluginContractError(
                        f"{caller.name} is an `async def`; hooks are plain functions that register objects,"
                        " the objects do the asynchronous work",
                        plugin=point.name,
                        distribution=_owner(point),
                    )

    def _ask(self, module: object, hook: str) -> list[Any]:
        others = [plugin for plugin in self._manager.get_plugins() if plugin is not module]
        answers: list[Any] = self._manager.subset_hook_caller(hook, others)()
        return answers

    def _descriptor(self, module: object, point: EntryPoint) -> PluginDescriptor:
        answers = self._ask(module, "router_plugin")
        if not answers:
            raise _broken(point, "it does not implement router_plugin, so its api version is not known")
        descriptor = answers[0]
        if not isinstance(descriptor, PluginDescriptor):
            raise _broken(point, f"router_plugin returned {descriptor!r:.80}, not a PluginDescriptor")
        if descriptor.api != API_VERSION:
            raise _broken(
                point,
                f"it was written for api {descriptor.api}, this router has api {API_VERSION};"
                " install a version of the plugin that fits",
            )
        return descriptor

    def _channel_types(self, module: object, point: EntryPoint) -> tuple[ChannelType, ...]:
        kinds: list[ChannelType] = []
        for answer in self._ask(module, "router_channel_types"):
            if not isinstance(answer, Sequence):
                raise _broken(point, f"router_channel_types returned {answer!r:.80}, not a sequence")
            for kind in answer:
                problem = _problem(kind)
                if problem is None and any(other.id == kind.id for other in kinds):
                    problem = f"it declares the channel type {kind.id!r} twice"
                if problem is not None:
                    raise _broken(point, problem)
                kinds.append(kind)
        return tuple(kinds)

    def _strategies(self, module: object, point: EntryPoint) -> tuple[Strategy, ...]:
        found: list[Strategy] = []
        for answer in self._ask(module, "router_strategies"):
            if not isinstance(answer, Sequence):
                raise _broken(point, f"router_strategies returned {answer!r:.80}, not a sequence")
            for strategy in answer:
                problem = _strategy_problem(strategy)
                if problem is not None:
                    raise _broken(point, problem)
                found.append(strategy)
        return tuple(found)


def _strategy_problem(strategy: object) -> str | None:
    """Say what is wrong with a strategy, or None; it is tried once, because it runs inside the engine."""
    if not isinstance(strategy, Strategy):
        return f"router_strategies gave {strategy!r:.80}, not a Strategy"
    if not _STRATEGY_NAME.fullmatch(strategy.name):
        return f"strategy name {strategy.name!r:.80} has to match {_STRATEGY_NAME.pattern}"
    never = PersonSnapshot(load_ratio=0.0, spare_units=100.0, last_offer_s=-math.inf, unanswered=0)
    for rank in (strategy.rank_fit(Fit(missed=(), surplus=0)), strategy.rank_person(never)):
        if not isinstance(rank, tuple) or not all(isinstance(part, int | float) for part in rank):
            return f"strategy {strategy.name!r} ranks by {rank!r:.80}, not by a tuple of numbers"
    return None


def _problem(kind: object) -> str | None:
    """Say what is wrong with a channel type, or None."""
    if not isinstance(kind, ChannelType):
        return f"router_channel_types gave {kind!r:.80}, not a ChannelType"
    if not _TYPE_ID.fullmatch(kind.id):
        return f"channel type id {kind.id!r:.80} has to match {_TYPE_ID.pattern}"
    if not (isinstance(kind.settings, type) and issubclass(kind.settings, BaseModel)):
        return f"settings of channel type {kind.id!r} is no pydantic model class"
    if not isinstance(kind.capabilities, Capabilities) or not callable(kind.factory):
        return f"channel type {kind.id!r} lacks capabilities or a callable factory"
    return _route_problem(kind)


def _route_problem(kind: ChannelType) -> str | None:
    if kind.routes and not kind.shares_loop:
        return (
            f"channel type {kind.id!r} has web routes, which run on the router's loop: set shares_loop=True"
        )
    for route in kind.routes:
        if not isinstance(route, ChannelRoute) or not route.path.startswith(tuple(kind.route_prefixes)):
            return f"a route of channel type {kind.id!r} does not start with one of its route_prefixes"
    return None


def _by_id(plugins: Sequence[LoadedPlugin]) -> dict[str, ChannelType]:
    owners: dict[str, LoadedPlugin] = {}
    kinds: dict[str, ChannelType] = {}
    for plugin in plugins:
        for kind in plugin.channel_types:
            if kind.id in owners:
                first = owners[kind.id]
                raise ConfigError(
                    f"the channel type {kind.id!r} is declared by two installed distributions,"
                    f" {first.distribution} and {plugin.distribution}.",
                    hint=f"Uninstall one, or list its plugin ({first.name} or {plugin.name})"
                    " under plugins.disabled.",
                )
            owners[kind.id], kinds[kind.id] = plugin, kind
    return kinds


def _described(
    point: EntryPoint,
    *,
    descriptor: PluginDescriptor | None = None,
    channel_types: Sequence[ChannelType] = (),
    strategies: Sequence[Strategy] = (),
    disabled: bool = False,
    error: str | None = None,
) -> LoadedPlugin:
    return LoadedPlugin(
        name=point.name,
        distribution=_owner(point),
        version=point.dist.version if point.dist else "",
        descriptor=descriptor,
        channel_types=tuple(channel_types),
        strategies=tuple(strategies),
        package=point.module.partition(".")[0],
        disabled=disabled,
        error=error,
    )


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "unknown distribution"


def _broken(point: EntryPoint, problem: str) -> PluginContractError:
    return PluginContractError(problem, plugin=point.name, distribution=_owner(point))
