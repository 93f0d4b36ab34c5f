"""Find and load plugins; in: installed entry points, out: what they registered, who failed and why.

The only module that touches `pm.hook`. Entry points are loaded one by one, because pluggy's own loader
lets one failing import stop all others; a plugin that fails is listed with its distribution and cause.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import pluggy

from router.channel import API_VERSION, ChannelType, PluginDescriptor
from router.errors import ConfigError, PluginContractError, PluginError, PluginLoadError
from router.hookspecs import ENTRY_POINT_GROUP, RouterHooks
from router.orders import ContextProviderType, NoteTargetType
from router.plugin_checks import (
    channel_type_problem,
    context_provider_problem,
    note_target_problem,
    strategy_problem,
)
from router.strategy import Strategy

_log = logging.getLogger(__name__)


class _Kind(Protocol):
    """A kind of anything that accounts, context sources or note targets are configured of."""

    @property
    def id(self) -> str: ...


KindT = TypeVar("KindT", bound=_Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What one plugin's hooks returned."""

    channel_types: Sequence[ChannelType] = ()
    strategies: Sequence[Strategy] = ()
    context_providers: Sequence[ContextProviderType] = ()
    note_targets: Sequence[NoteTargetType] = ()


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
    registered: Registered = field(default_factory=Registered)
    package: str = ""
    disabled: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginHost:
    """Every installed plugin, and what they brought: kinds of channels, sources and targets, strategies."""

    plugins: Sequence[LoadedPlugin]
    channel_types: Mapping[str, ChannelType] = field(default_factory=dict)
    strategies: Sequence[Strategy] = ()
    context_providers: Mapping[str, ContextProviderType] = field(default_factory=dict)
    note_targets: Mapping[str, NoteTargetType] = field(default_factory=dict)

    @classmethod
    def load(cls, disabled: Collection[str] = ()) -> PluginHost:
        """Load every installed entry point except the disabled ones.

        Raises ConfigError when two plugins declare the same id for a kind of one sort; every other fault
        stays with the plugin that has it.
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
            channel_types=_by_id(plugins, "channel type", lambda brought: brought.channel_types),
            strategies=tuple(each for plugin in plugins for each in plugin.registered.strategies),
            context_providers=_by_id(plugins, "context provider", lambda brought: brought.context_providers),
            note_targets=_by_id(plugins, "note target", lambda brought: brought.note_targets),
        )

    def owner(self, channel_type_id: str) -> LoadedPlugin | None:
        """Name the plugin that declares this kind of channel.

        A plugin that failed or is disabled could not say what it declares; its entry point's name stands
        in for the id.
        """
        for plugin in self.plugins:
            if any(kind.id == channel_type_id for kind in plugin.registered.channel_types):
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
            registered = self._registered(module, point)
        except BaseException:
            self._manager.unregister(name=name)
            raise
        return _described(point, descriptor=descriptor, registered=registered)

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

    def _registered(self, module: object, point: EntryPoint) -> Registered:
        def ask(hook: str, problem_of: Callable[[object], str | None]) -> tuple[Any, ...]:
            return tuple(self._checked(module, point, hook, problem_of))

        return Registered(
            channel_types=ask("router_channel_types", channel_type_problem),
            strategies=ask("router_strategies", strategy_problem),
            context_providers=ask("router_context_providers", context_provider_problem),
            note_targets=ask("router_note_targets", note_target_problem),
        )

    def _checked(
        self, module: object, point: EntryPoint, hook: str, problem_of: Callable[[object], str | None]
    ) -> list[object]:
        found: list[object] = []
        for answer in self._ask(module, hook):
            if not isinstance(answer, Sequence):
                raise _broken(point, f"{hook} returned {answer!r:.80}, not a sequence")
            for each in answer:
                problem = problem_of(each)
                if problem is not None:
                    raise _broken(point, problem)
                found.append(each)
        return found


def _by_id(
    plugins: Sequence[LoadedPlugin], words: str, brought: Callable[[Registered], Sequence[KindT]]
) -> Mapping[str, KindT]:
    owners: dict[str, LoadedPlugin] = {}
    kinds: dict[str, KindT] = {}
    for plugin in plugins:
        for kind in brought(plugin.registered):
            if kind.id in owners:
                first = owners[kind.id]
                raise ConfigError(
                    f"the {words} {kind.id!r} is declared by two installed distributions,"
                    f" {first.distribution} and {plugin.distribution}.",
                    hint=f"Uninstall one, or list its plugin ({first.name} or {plugin.name})"
                    " under plugins.disabled.",
                )
            owners[kind.id], kinds[kind.id] = plugin, kind
    return MappingProxyType(kinds)


def _described(
    point: EntryPoint,
    *,
    descriptor: PluginDescriptor | None = None,
    registered: Registered | None = None,
    disabled: bool = False,
    error: str | None = None,
) -> LoadedPlugin:
    return LoadedPlugin(
        name=point.name,
        distribution=_owner(point),
        version=point.dist.version if point.dist else "",
        descriptor=descriptor,
        registered=registered or Registered(),
        package=point.module.partition(".")[0],
        disabled=disabled,
        error=error,
    )


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "unknown distribution"


def _broken(point: EntryPoint, problem: str) -> PluginContractError:
    return PluginContractError(problem, plugin=point.name, distribution=_owner(point))
