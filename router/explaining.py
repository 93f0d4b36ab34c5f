"""`omnirouter explain`: why a conversation is where it is, from the store, beside a running router or without.

In: a configuration and the id of a conversation, or how it begins. Out: its story. Where it waits now is
worked out by an engine rebuilt from the store; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from router.clock import SystemClock
from router.config import load_config
from router.engine.engine import Engine
from router.engine.events import ClockTick
from router.engine.rules import RuleSet
from router.engine.rules.decisive import decisive_rules
from router.engine.rules.stage import RulesInForce
from router.engine.story import Chapter, Story, Told, sort_sentences, tell
from router.engine.words import Names
from router.errors import ConfigError
from router.messages import JsonObject
from router.plugin_host import PluginHost
from router.routing_setup import rules_in_force, stored_rules
from router.storage.looking import looking_into
from router.storage.staff import restoring_events
from router.storage.views.people import read_names
from router.storage.views.stories import KeptItem, find_conversation, read_story
from router.strategy import Strategy

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A story and the zone its times are told in."""

    story: Story
    zone: ZoneInfo


async def explained(config: Path, conversation: str, lang: str) -> Explanation:
    """Tell the story of a conversation. Raises NotFound for an id that is not there or not unique."""
    if lang not in LANGUAGES:
        raise ConfigError(f"{lang!r} is not a language here", path="--lang", hint="Use en or zh.")
    loaded = load_config(config)
    channels = {name: account.channel for name, account in loaded.accounts.items()}
    strategies = PluginHost.load(loaded.plugins.disabled).strategies
    async with looking_into(loaded.store.url) as connection:
        return await explain_stored(connection, conversation, lang, channels, SystemClock().now(), strategies)


async def explain_stored(
    connection: AsyncConnection,
    conversation: str,
    lang: str,
    channels: Mapping[str, str],
    now: datetime,
    strategies: Sequence[Strategy] = (),
) -> Explanation:
    """Tell the story of a conversation of an open store.

    `channels` says of which kind an account is, `strategies` are those of plugins.
    """
    kept = await read_story(connection, await find_conversation(connection, conversation))
    names = await read_names(connection)
    in_force = await rules_in_force(connection)
    zone = ZoneInfo("UTC") if in_force is None else in_force.ruleset.zone
    is_live = in_force is not None and not all(item.is_done for item in kept.items)
    engine = await _rebuilt(connection, in_force, strategies, now) if in_force and is_live else None
    versions = sorted({item.ruleset_version for item in kept.items})
    rules = {version: await stored_rules(connection, version) for version in versions}
    teller = _Teller(rules=rules, engine=engine, lang=lang, names=names, zone=zone, now=now)
    story = Story(
        conversation=kept.conversation_id,
        customer=kept.customer,
        subject=kept.subject,
        channel=channels.get(kept.account, kept.account),
        began_at=kept.created_at,
        chapters=[teller.chapter(item) for item in kept.items],
    )
    return Explanation(story=story, zone=zone)


async def _rebuilt(
    connection: AsyncConnection, in_force: RulesInForce, strategies: Sequence[Strategy], now: datetime
) -> Engine:
    """Build an engine that knows what the store knows; without the tick that would let it act on it."""
    engine = in_force.new_engine(strategies)
    for event in await restoring_events(connection, now, in_force.engine_config):
        if not isinstance(event, ClockTick):
            engine.apply(event)
    return engine


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """What it takes to tell about one piece of work."""

    rules: Mapping[int, RuleSet]
    engine: Engine | None
    lang: str
    names: Names
    zone: ZoneInfo
    now: datetime

    def chapter(self, item: KeptItem) -> Chapter:
        """Tell about one piece of work."""
        first: JsonObject = next((one for one in item.records if one.get("act") == "queued"), {})
        current: Told | None = None
        if self.engine is not None and not item.is_done:
            current = tell([self.engine.explain(item.id, self.now)], self.lang, self.names)[0]
        return Chapter(
            item=item.id,
            sorted=self._sorted(item, first) if first else [],
            told=tell([one for one in item.records if one is not first], self.lang, self.names),
            now=current,
        )

    def _sorted(self, item: KeptItem, first: JsonObject) -> list[str]:
        matched = [str(rule) for rule in item.triage.get("matched", [])]
        rules = decisive_rules(self.rules[item.ruleset_version].model, matched)
        errors = [str(error) for error in item.triage.get("errors", [])]
        return sort_sentences(rules, errors, first, self.lang, self.names, self.zone)
