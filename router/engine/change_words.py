"""Records of needs, affinity, overflow, incidents and changed items in words. In: a record. Out: sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from router.engine.phrases import Phrases
from router.engine.times import from_iso
from router.messages import JsonObject, JsonValue

CHANGES = frozenset({"need_dropped", "need_restored", "moved", "reprioritised", "overflow", "incident"})
"""The acts said here."""

_SHOWN = ("queue", "place", "boost_s", "due_at", "needs", "sla", "channel_class")


def say_change(record: JsonObject, phrases: Phrases, names: Mapping[str, str]) -> str:
    """Say what became of an item, a queue or the desk otherwise than by an offer."""
    act = str(record["act"])
    told: dict[str, str] = {
        key: names.get(value, value) for key, value in record.items() if isinstance(value, str)
    }
    told["waiting"] = str(record.get("waiting"))
    told["reason"] = _reason(record, phrases)
    variant = act
    if act.startswith("need_"):
        variant = f"{act}_{record.get('why')}"
        told["span"] = phrases.span(_number(record.get("in_queue_s")))
        told["needs"] = phrases.join(say_need(need, phrases, names) for need in _objects(record["changed"]))
    elif act == "reprioritised":
        told["changes"] = phrases.join(_changed(record, phrases, names))
    elif act == "overflow":
        variant = "overflow_open" if record.get("open") else act
    elif act == "incident":
        variant = f"{act}_{record.get('state')}"
        told["span"] = _left(record, str(record["until"]), phrases)
        told["changes"] = phrases.join(_effects(record, phrases, names))
    return phrases.acts.get(variant, phrases.acts[act]).format_map(told)


def say_need(need: JsonObject, phrases: Phrases, names: Mapping[str, str]) -> str:
    """Say what a need asks for."""
    verb = next(verb for verb in ("require", "prefer", "forbid") if verb in need)
    skill = str(need[verb])
    phrase = phrases.without if verb == "forbid" else phrases.has
    return phrase.format(skill=names.get(skill, skill), level=need.get("level", 1))


def say_kept(record: JsonObject, phrases: Phrases, names: Mapping[str, str]) -> str:
    """Say whom a waiting item is kept for and how much longer; nothing for one that is not."""
    kept = record.get("kept_for")
    if not isinstance(kept, Mapping):
        return ""
    agent = str(kept["agent"])
    return phrases.kept.format(agent=names.get(agent, agent), span=_left(record, str(kept["until"]), phrases))


def say_preferred(record: JsonObject, phrases: Phrases, names: Mapping[str, str]) -> str:
    """Say that a person is asked because he should have the item if he can."""
    agent = str(record.get("agent"))
    return phrases.preferred.format(agent=names.get(agent, agent)) if record.get("preferred") else ""


def _changed(record: JsonObject, phrases: Phrases, names: Mapping[str, str]) -> Iterator[str]:
    before, after = record["before"], record["after"]
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    fields = [name for name in _SHOWN if before.get(name) != after.get(name)]
    for name in fields or ["nothing"]:
        yield phrases.changes[name].format(
            before=_value(name, before.get(name), phrases, names),
            after=_value(name, after.get(name), phrases, names),
        )


def _effects(record: JsonObject, phrases: Phrases, names: Mapping[str, str]) -> Iterator[str]:
    for field, word in (("overflow", "queues"), ("relax", "skills")):
        named = [names.get(str(name), str(name)) for name in _list(record.get(field))]
        if named:
            yield phrases.changes[field].format_map({word: phrases.join(named)})
    reserve = record.get("reserve")
    for queue, units in reserve.items() if isinstance(reserve, Mapping) else ():
        yield phrases.changes["reserve"].format(queue=names.get(queue, queue), units=units)
    if not any(record.get(field) for field in ("overflow", "relax", "reserve")):
        yield phrases.changes["no_effect"]


def _reason(record: JsonObject, phrases: Phrases) -> str:
    reason = str(record.get("reason") or "")
    if record["act"] == "incident":
        return phrases.changes["time"] if reason == "time" else ""
    return phrases.because.format(reason=reason) if reason else ""


def _value(name: str, value: JsonValue, phrases: Phrases, names: Mapping[str, str]) -> str:
    if name == "boost_s":
        return phrases.span(_number(value))
    return names.get(str(value), str(value))


def _left(record: JsonObject, until: str, phrases: Phrases) -> str:
    return phrases.span((from_iso(until) - from_iso(str(record["at"]))).total_seconds())


def _objects(value: JsonValue) -> Iterator[JsonObject]:
    return (each for each in _list(value) if isinstance(each, Mapping))


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
