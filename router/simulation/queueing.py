"""From a written piece of work to an item of the engine: by the rules where the list leaves things out.

In: the fields of an `item_enqueued` or `item_changed` line. Out: an `Item`, or a ConfigError that names the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from router.documents.models import parse_duration
from router.documents.suggestions import did_you_mean
from router.engine.events import Item
from router.engine.needs import Need, needs_from_json
from router.engine.rules import Facts, RuleSet, Triage
from router.errors import ConfigError
from router.messages import JsonObject, JsonValue
from router.simulation.event_list import read_time
from router.simulation.given import facts_given

DEFAULT_CLASS = "chat"

_CLASS_KEYS = ("channel_class", "channel class", "channel-class", "class")
_LONGEST_S = 10 * 366 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an item from before: how often the customer wrote, who served him last."""

    arrival: int
    returning: bool = False
    last_agent: str | None = None


class Queueing:
    """Makes items by a rule set; `class_of(channel)` names the class of a channel, None if nobody knows."""

    def __init__(self, ruleset: RuleSet, class_of: Callable[[str], str | None]) -> None:
        self._ruleset = ruleset
        self._class_of = class_of

    def item(self, entry: JsonObject, at: datetime, known: Known) -> Item:
        """Make the item a line tells of; raises ConfigError."""
        facts = self._facts(entry, at, known)
        needs = self._needs(entry)
        triage = None
        if "facts" in entry or "queue" not in entry:
            triage = self._ruleset.triage(facts)
        queue = self._queue(entry, triage)
        if needs is None:
            needs = () if triage is None else needs_from_json(list(triage.needs))
        name = str(entry["item"])
        return Item(
            id=name,
            conversation_id=_text(entry, "conversation") or name,
            queue=queue,
            channel_class=facts.channel_class,
            needs=needs,
            boost_s=_duration(entry, "boost", float(triage.boost_s) if triage else 0.0),
            due_at=_time(entry, "due_at"),
            lead_s=_duration(entry, "lead", float(triage.lead_s) if triage else 0.0),
            max_advance_s=_duration(
                entry, "max_advance", self._ruleset.engine_config.queue(queue).max_advance_s
            ),
            eligible_since=_time(entry, "eligible_since") or at,
            entered_queue_at=_time(entry, "entered_queue_at"),
            arrival=_whole(entry, "arrival", known.arrival),
            sla=self._sla(entry, triage),
            preferred_agent_id=_text(entry, "preferred_agent") or known.last_agent,
            offers_made=_whole(entry, "offers_made", 0),
            declined=_declined(entry),
            declined_at=_time(entry, "declined_at"),
        )

    def class_given(self, entry: JsonObject, channel: str) -> str:
        """Name the channel class of a line: as given, else that of the channel, else chat."""
        for key in _CLASS_KEYS:
            if found := _text(entry, key):
                return found
        channel = _text(entry, "channel") or channel
        if not channel:
            return DEFAULT_CLASS
        is_class = channel in self._ruleset.engine_config.capacity.classes
        return channel if is_class else self._class_of(channel) or channel

    def known_skill(self, skill: str) -> None:
        """Refuse a skill the rules do not declare, where they declare any."""
        declared = self._ruleset.model.skills
        if declared and skill not in declared:
            raise ConfigError(f"unknown skill `{skill[:60]}`", hint=did_you_mean(skill, list(declared)))

    def known_queue(self, queue: str) -> None:
        """Refuse a queue the rules do not declare."""
        declared = self._ruleset.model.queues
        if queue not in declared:
            raise ConfigError(f"unknown queue `{queue[:60]}`", hint=did_you_mean(queue, list(declared)))

    def _facts(self, entry: JsonObject, at: datetime, known: Known) -> Facts:
        facts = facts_given(entry.get("facts"), at, self._ruleset.model.facts)
        channel = _text(entry, "channel") or facts.channel
        return replace(
            facts,
            channel=channel,
            channel_class=self.class_given(entry, channel),
            customer_id=facts.customer_id or customer_of(entry),
            customer_returning=facts.customer_returning or known.returning,
        )

    def _queue(self, entry: JsonObject, triage: Triage | None) -> str:
        queue = _text(entry, "queue") or (triage.queue if triage else "")
        self.known_queue(queue)
        return queue

    def _needs(self, entry: JsonObject) -> tuple[Need, ...] | None:
        given = entry.get("needs")
        if given is None:
            return None
        needs = needs_from_json(_plain_needs(given))
        for need in needs:
            self.known_skill(need.skill)
        return needs

    def _sla(self, entry: JsonObject, triage: Triage | None) -> tuple[str, ...]:
        given = entry.get("sla")
        names = (given,) if isinstance(given, str) else given
        if names is None:
            return triage.sla_policies if triage else ()
        if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
            raise ConfigError("`sla` names policies", hint='Write "sla": "chat".')
        declared = self._ruleset.model.sla_policies
        for name in names:
            if name not in declared:
                hint = did_you_mean(str(name), list(declared))
                raise ConfigError(f"unknown policy `{str(name)[:60]}`", hint=hint)
        return tuple(str(name) for name in names)


def customer_of(entry: JsonObject) -> str:
    """Name the customer of a line; empty when it does not say."""
    facts = entry.get("facts")
    group = facts.get("customer") if isinstance(facts, Mapping) else None
    given = group.get("id") if isinstance(group, Mapping) else None
    return _text(entry, "customer") or (given if isinstance(given, str) else "")


def _plain_needs(given: JsonValue) -> JsonValue:
    """Let `drop_after` be a duration, as in rules files."""
    if not isinstance(given, Sequence) or isinstance(given, str):
        return given
    return [_plain_need(need) for need in given]


def _plain_need(need: JsonValue) -> JsonValue:
    if not isinstance(need, Mapping) or "drop_after" not in need:
        return need
    plain = {key: value for key, value in need.items() if key != "drop_after"}
    return {**plain, "drop_after_s": seconds(need["drop_after"], "drop_after")}


def seconds(value: JsonValue, key: str) -> float:
    """Read a number of seconds or a duration such as 90s; raises ConfigError."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST_S:
        return float(value)
    try:
        found = parse_duration(value)
    except ValueError as error:
        raise ConfigError(f"`{key}`: {error}", hint="Write 90s, 15m, 8h or 2d.") from None
    return float(str(found))


def _duration(entry: JsonObject, key: str, default: float) -> float:
    for name in (key, f"{key}_s"):
        if entry.get(name) is not None:
            return seconds(entry[name], name)
    return default


def _time(entry: JsonObject, key: str) -> datetime | None:
    value = entry.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ConfigError(f"`{key}` is no time", hint="Write 2026-01-05T09:00:00Z.")
    return read_time(value)


def _text(entry: JsonObject, key: str) -> str:
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConfigError(f"`{key}` has to be a text", hint="Put it in quotes.")
    return value


def _whole(entry: JsonObject, key: str, default: int) -> int:
    value = entry.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(f"`{key}` has to be a whole number", hint="Write it without quotes.")
    return value


def _declined(entry: JsonObject) -> Mapping[str, str]:
    value = entry.get("declined")
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(reason, str) for reason in value.values()):
        raise ConfigError("`declined` has to be an object", hint='Write {"mei": "rejected"}.')
    return {str(agent): str(reason) for agent, reason in value.items()}
