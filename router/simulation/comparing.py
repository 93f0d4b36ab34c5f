"""Two runs side by side. In: two `Side`s of a what-if. Out: one JSON object, and the same in words.

Nothing personal is in it: ids, queues, classes, logins and seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from router.engine.times import to_iso
from router.messages import JsonObject, JsonValue
from router.simulation.figures import ItemFigures, channel_class_of
from router.simulation.play import Followed
from router.simulation.recording import Customs, Recording
from router.simulation.what_if import Side

MOST_CHANGED = 20
STARVED_LISTED = 20

_NEVER = ItemFigures()


def compare(recording: Recording, customs: Customs, before: Side, after: Side, seed: int) -> JsonObject:
    """Give both sides, the difference, and the conversations that changed most."""
    names = {each.agent_id: each.login for each in customs.people}
    recorded, candidate = _side(before, names), _side(after, names)
    return {
        "from": to_iso(recording.since),
        "to": to_iso(recording.until),
        "items": len(before.counted),
        "seed": seed,
        "recorded": recorded,
        "candidate": candidate,
        "difference": _difference(recorded, candidate),
        "changed": _most_changed(before, after, names),
    }


def _side(side: Side, names: Mapping[str, str]) -> JsonObject:
    figures, play = side.figures, side.play
    limits = {queue: limit.max_advance_s for queue, limit in side.config.queues.items()}
    starved = [] if play.last_at is None else figures.starved(play, side.counted, play.last_at, limits)
    load = dict(figures.load(side.counted, ()))
    claims = load.pop("claims")
    if isinstance(claims, Mapping):
        load["claims"] = {names.get(agent, agent): count for agent, count in sorted(claims.items())}
    return {
        "waits_by_class_s": figures.waits(channel_class_of, side.counted),
        "breaches": figures.breaches(side.counted),
        "reassignments": figures.reassignments(side.counted),
        "load": load,
        "starved": len(starved),
        "starved_items": starved[:STARVED_LISTED],
        "never_served": sum(_of(side, name).served_s is None for name in side.counted),
    }


def _difference(before: JsonObject, after: JsonObject) -> JsonObject:
    """Subtract what was from what would be, wherever both are numbers; a side without one has 0."""
    changes: dict[str, JsonValue] = {}
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) or isinstance(new, Mapping):
            changes[key] = _difference(_mapping(old), _mapping(new))
        elif isinstance(old or new or 0, int | float):
            changes[key] = round(_number(new) - _number(old), 3)
    return changes


def _most_changed(before: Side, after: Side, names: Mapping[str, str]) -> list[JsonObject]:
    """Put the conversations first whose wait changed most, then those who got somebody else."""
    changes = []
    for number, name in enumerate(before.counted):
        old, new = _of(before, name), _of(after, name)
        changed_s = abs(_wait(after, name) - _wait(before, name))
        other = old.queue != new.queue or old.holders != new.holders
        if changed_s or other:
            changes.append((-changed_s, number, name))
    return [_pair(name, before, after, names) for _, _, name in sorted(changes)[:MOST_CHANGED]]


def _pair(name: str, before: Side, after: Side, names: Mapping[str, str]) -> JsonObject:
    followed = before.play.items[name]
    return {
        "conversation": followed.item.conversation_id,
        "item": name,
        "channel_class": followed.item.channel_class,
        "recorded": _attributes(before, name, names),
        "candidate": _attributes(after, name, names),
    }


def _attributes(side: Side, name: str, names: Mapping[str, str]) -> JsonObject:
    figures, followed = _of(side, name), side.play.items[name]
    return {
        "queue": figures.queue or followed.queue,
        "wait_s": figures.served_s,
        "agents": [names.get(agent, agent) for agent in figures.holders],
        "offers": figures.offers,
        "broken": [metric for metric, _ in figures.broken],
    }


def _wait(side: Side, name: str) -> float:
    """Give the wait of an item; one that never found anybody waited to the end."""
    served_s = _of(side, name).served_s
    return _so_far(side, side.play.items[name]) if served_s is None else served_s


def _so_far(side: Side, followed: Followed) -> float:
    ended_at = side.play.last_at or followed.item.eligible_since
    return (ended_at - followed.item.eligible_since).total_seconds()


def _of(side: Side, name: str) -> ItemFigures:
    return side.figures.items.get(name, _NEVER)


def _mapping(value: JsonValue) -> JsonObject:
    return value if isinstance(value, Mapping) else {}


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


# --- in words -------------------------------------------------------------------------------------


def comparison_lines(found: JsonObject) -> Iterator[str]:
    """Say a comparison in a table and the conversations that changed most."""
    before, after = _mapping(found["recorded"]), _mapping(found["candidate"])
    yield f"{found['items']} items from {found['from']} to {found['to']}, seed {found['seed']}"
    yield f"{'':<34}{'recorded':>12}{'candidate':>12}{'change':>12}"
    for title, path in _rows(before, after):
        old, new = _at(before, path), _at(after, path)
        yield f"{title:<34}{old:>12g}{new:>12g}{new - old:>+12g}"
    changed = found["changed"]
    if isinstance(changed, Sequence) and changed:
        yield f"changed most ({len(changed)}):"
        for each in changed:
            pair = _mapping(each)
            yield f"  {pair['conversation']}  {_say(pair['recorded'])}  ->  {_say(pair['candidate'])}"


def _rows(before: JsonObject, after: JsonObject) -> Iterator[tuple[str, tuple[str, ...]]]:
    for part, title in (("waits_by_class_s", "wait"), ("breaches", "broken")):
        for name in sorted({*_mapping(before[part]), *_mapping(after[part])}):
            if part == "breaches":
                yield f"{title}: {name}", (part, name)
                continue
            for figure in ("p50", "p95", "max"):
                yield f"{title} of {name}, {figure} (s)", (part, name, figure)
    yield "reassignments", ("reassignments",)
    yield "starved", ("starved",)
    yield "never served", ("never_served",)
    yield "work each, deviation", ("load", "deviation")


def _at(side: JsonObject, path: Sequence[str]) -> float:
    value: JsonValue = side
    for step in path:
        value = _mapping(value).get(step)
    return _number(value)


def _say(value: JsonValue) -> str:
    side = _mapping(value)
    wait_s = side["wait_s"]
    waited = "never served" if wait_s is None else f"{_number(wait_s):g} s"
    agents = side["agents"]
    people = ", ".join(map(str, agents)) if isinstance(agents, Sequence) else ""
    return f"{side['queue']}, {waited}{f', {people}' if people else ''}"
