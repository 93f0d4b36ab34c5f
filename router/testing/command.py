"""`omnirouter channels certify NAME`; in: a channel type or a plugin, out: a certificate for each type meant."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from router.channel import ChannelType
from router.errors import ConfigError
from router.plugin_host import LoadedPlugin, PluginHost
from router.testing.certificate import Certificate
from router.testing.certifying import certify


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """The certificates of one call, and the types that cannot have one."""

    certificates: Sequence[Certificate]
    unproven: Sequence[str]

    @property
    def ok(self) -> bool:
        """Say whether every type meant is certified."""
        return not self.unproven and all(each.passed for each in self.certificates)

    def text(self) -> str:
        """Write it for people."""
        without = [
            f"{name}: NOT certified\nit gives no simulator, so nothing can be proven; set ChannelType.simulator\n"
            for name in self.unproven
        ]
        return "\n".join([*(each.render() for each in self.certificates), *without])

    def as_json(self) -> dict[str, Any]:
        """Give it for programs."""
        return {
            "ok": self.ok,
            "certificates": [each.to_json() for each in self.certificates],
            "without_simulator": list(self.unproven),
        }


def certify_named(name: str, *, long: bool = False) -> Certified:
    """Certify a channel type, or every type of a plugin; raises ConfigError for a name nobody has."""
    found = _found(name, PluginHost.load().plugins)
    # What channels and libraries log while they are provoked is for the tests that look at it, not for people.
    quiet = logging.NullHandler()
    logging.getLogger().addHandler(quiet)
    try:
        certificates = [
            certify(kind, plugin=f"{plugin.name} {plugin.version} ({plugin.distribution})", long=long)
            for plugin, kind in found
            if kind.simulator is not None
        ]
    finally:
        logging.getLogger().removeHandler(quiet)
    unproven = [kind.id for _, kind in found if kind.simulator is None]
    return Certified(certificates=certificates, unproven=unproven)


def _found(name: str, plugins: Sequence[LoadedPlugin]) -> list[tuple[LoadedPlugin, ChannelType]]:
    every = [(plugin, kind) for plugin in plugins for kind in plugin.registered.channel_types]
    named = [(plugin, kind) for plugin, kind in every if kind.id == name]
    named = named or [(plugin, kind) for plugin, kind in every if plugin.name == name]
    if named:
        return named
    failed = next((plugin for plugin in plugins if plugin.name == name and plugin.error), None)
    if failed is not None:
        raise ConfigError(f"the plugin {name!r} failed to load: {failed.error}")
    known = sorted({kind.id for _, kind in every})
    raise ConfigError(
        f"no channel type and no plugin is called {name!r}",
        hint=f"Installed are {', '.join(known) or 'none'}; after adding a plugin run `pip install -e .` again.",
    )
