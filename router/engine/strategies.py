"""The orders in which people are asked. In: names from the queues, strategies of plugins. Out: strategies by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from router.engine.config import BALANCED, EngineConfig
from router.errors import ConfigError
from router.strategy import Fit, PersonSnapshot, Rank, Strategy


def _best_fit(fit: Fit) -> Rank:
    return (*fit.missed, fit.surplus)


def _preferences_only(fit: Fit) -> Rank:
    return fit.missed


def _everybody_alike(_: Fit) -> Rank:
    return ()


def _least_loaded(person: PersonSnapshot) -> Rank:
    return person.load_ratio, person.last_offer_s


def _most_spare(person: PersonSnapshot) -> Rank:
    return -person.spare_units, person.last_offer_s


def _longest_since_an_offer(person: PersonSnapshot) -> Rank:
    return (person.last_offer_s,)


BUILT_IN = (
    Strategy(name=BALANCED, rank_fit=_best_fit, rank_person=_least_loaded),
    Strategy(name="spare_capacity", rank_fit=_preferences_only, rank_person=_most_spare),
    Strategy(name="round_robin", rank_fit=_everybody_alike, rank_person=_longest_since_an_offer),
)


def strategies_by_name(config: EngineConfig, more: Iterable[Strategy]) -> Mapping[str, Strategy]:
    """Put the strategies an engine may use together; raises ConfigError for a name nobody brought."""
    found: dict[str, Strategy] = {}
    for strategy in (*BUILT_IN, *more):
        if strategy.name in found:
            raise ConfigError(
                f"two strategies are called {strategy.name!r}.", hint="Rename one, or take its plugin out."
            )
        found[strategy.name] = strategy
    for name, queue in {**config.queues, "default": config.default}.items():
        if queue.strategy not in found:
            raise ConfigError(
                f"unknown strategy {queue.strategy!r}.",
                path=f"queues.{name}.strategy",
                hint=f"Use {', '.join(sorted(found))}, or install the plugin that brings it.",
            )
    return found
