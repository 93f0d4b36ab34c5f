"""Decision records in words a customer-service lead understands. In: a record, names. Out: a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from router.engine.change_words import CHANGES, say_change, say_kept, say_need, say_preferred
from router.engine.phrases import PHRASES, Phrases
from router.engine.times import from_iso
from router.messages import JsonObject, JsonValue

Names = Mapping[str, str]
"""Ids of people, items, skills, queues and classes to what they are called; others stand as they are."""


def say(record: JsonObject, lang: str, names: Names) -> str:
    """Say a decision record in `en` or `zh-CN`; another language gets English."""
    phrases = PHRASES["zh" if lang.lower().startswith("zh") else "en"]
    act = str(record.get("act", ""))
    if act in ("queued", "blocked"):
        return _waiting(record, phrases, names, act)
    if act == "offered":
        return _offered(record, phrases, names)
    if act == "explained":
        return phrases.sentences(_explained(record, phrases, names), _failed(record, phrases))
    if act in ("clock", "promise_due"):
        return _promise(record, phrases, names)
    if act == "reachability":
        return _reachability(record, phrases, names)
    if act in CHANGES:
        return say_change(record, phrases, names)
    variant = f"{act}_{record.get('reason')}"
    known = variant if variant in phrases.acts else act if act in phrases.acts else "other"
    if act == "claimed" and record.get("before"):
        known = "handed_over"
    return phrases.acts[known].format(
        act=act,
        agent=_name(record.get("agent"), names),
        before=_name(record.get("before"), names),
        reason=_because(record, phrases),
        silent=phrases.span(_number(record.get("silent_s"))),
        open=phrases.span(_number(record.get("open_s"))),
        span=phrases.span(_number(record.get("wrap_up_s"))),
        unanswered=_whole(record.get("unanswered")),
        load=_whole(record.get("load")),
        of=_whole(record.get("of")),
        people=phrases.join(_name(id, names) for id in _list(record.get("forgotten"))),
    )


def _waiting(record: JsonObject, phrases: Phrases, names: Names, act: str) -> str:
    blocked = record.get("blocked_by")
    where = phrases.acts[act].format(
        queue=_name(record.get("queue"), names),
        place=_whole(record.get("place")),
        needs=_needs(record, phrases, names),
    )
    why = say_kept(record, phrases, names)
    if not why and isinstance(blocked, Mapping):
        why = _blocked(blocked, phrases)
    return phrases.sentences(where, why, _ahead(record, phrases))


def _offered(record: JsonObject, phrases: Phrases, names: Names) -> str:
    winner = cast(JsonObject, record["winner"])
    skills = cast("Mapping[str, int]", winner.get("skills") or {})
    facts = [phrases.has.format(skill=_name(skill, names), level=level) for skill, level in skills.items()]
    facts.append(phrases.load.format(load=_whole(winner.get("load")), of=_whole(winner.get("of"))))
    asked = phrases.acts["offered"].format(agent=_name(record.get("agent"), names), facts=phrases.join(facts))
    waited = phrases.waited.format(span=phrases.span(_number(record.get("waited_s"))))
    return phrases.sentences(
        asked,
        say_preferred(record, phrases, names),
        _next_person(record, phrases, names),
        waited,
        _tier(record, phrases, names),
        _ahead(record, phrases),
    )


def _explained(record: JsonObject, phrases: Phrases, names: Names) -> str:
    state = str(record.get("state"))
    if state == "waiting":
        waited = phrases.waited.format(span=phrases.span(_number(record.get("waited_s"))))
        return phrases.sentences(_waiting(record, phrases, names, "blocked"), waited)
    span = phrases.span(_number(record.get("wrap_up_s")))
    where = phrases.states[state].format(agent=_name(record.get("agent"), names), span=span)
    return phrases.sentences(where, _owed(record.get("lease"), phrases))


def _owed(lease: JsonValue, phrases: Phrases) -> str:
    if not isinstance(lease, Mapping):
        return ""
    if lease.get("is_dormant"):
        return phrases.resting
    return phrases.owed.format(span=phrases.span(_number(lease.get("silent_s"))))


def _promise(record: JsonObject, phrases: Phrases, names: Names) -> str:
    state, late_s = str(record.get("state")), -_until_due(record, record)
    if record.get("act") == "promise_due":
        known = "promise_due" if late_s < 0 else "promise_over" if late_s >= 1 else "promise_now"
    else:
        change = str(record.get("change"))
        known = f"clock_{state if change == 'stopped' else change}"
    return phrases.acts[known if known in phrases.acts else "clock"].format(
        metric=phrases.metrics.get(str(record.get("metric")), ""),
        policy=_name(record.get("policy"), names),
        step=_whole(record.get("step")),
        target=phrases.span(_number(record.get("target_s"))),
        left=phrases.span(_number(record.get("left_s"))),
        late=phrases.span(late_s),
        pauses=phrases.join(phrases.pauses.get(str(why), str(why)) for why in _list(record.get("paused_by"))),
        reason=_because(record, phrases),
    )


def _failed(record: JsonObject, phrases: Phrases) -> str:
    """Name the rules that failed on the message, with the reason of each."""
    errors = [str(error) for error in _list(record.get("rule_errors"))]
    return phrases.failed.format(errors=phrases.join(errors)) if errors else ""


def _reachability(record: JsonObject, phrases: Phrases, names: Names) -> str:
    state = str(record.get("state"))
    gone = _list(record.get("left"))
    left = phrases.join(_name(id, names) for id in gone)
    missing = phrases.join(_name(id, names) for id in _list(record.get("missing")) if id not in gone)
    asked = phrases.join(
        say_need(need, phrases, names) for need in _list(record.get("needs")) if isinstance(need, Mapping)
    )
    return phrases.acts["reachability" if state == "lost" else f"reachability_{state}"].format(
        queue=_name(record.get("queue"), names),
        needs=phrases.that_needs.format(needs=asked) if asked else "",
        left=phrases.left.format(people=left) if left else "",
        missing=phrases.missing.format(people=missing) if missing else "",
        waiting=_whole(record.get("waiting")),
        able=phrases.join(_name(id, names) for id in _list(record.get("able"))),
    )


def _next_person(record: JsonObject, phrases: Phrases, names: Names) -> str:
    """Name who would have been next, or else the first one stopped and by what."""
    runner_up = record.get("runner_up")
    if isinstance(runner_up, Mapping):
        return phrases.runner_up.format(agent=_name(runner_up.get("agent"), names))
    for candidate in _list(record.get("candidates")):
        if isinstance(candidate, Mapping) and candidate.get("gate") not in (None, "presence"):
            lack = _lack(record, candidate, phrases, names)
            return phrases.next_but.format(agent=_name(candidate.get("agent"), names), lack=lack)
    return ""


def _lack(record: JsonObject, candidate: JsonObject, phrases: Phrases, names: Names) -> str:
    """Say what stops a person; by words of their own for a reason or a limit that has them."""
    told = {key: _name(value, names) for key, value in candidate.items()}
    told["per"] = phrases.span(_number(candidate.get("per_s")))
    gate = str(candidate["gate"])
    why = candidate.get("reason") or candidate.get("limit")
    lack = phrases.lacks.get(f"{gate}_{why}", phrases.lacks[gate]).format_map(told)
    until = candidate.get("wrapping_until")
    if not isinstance(until, str):
        return lack
    left_s = (from_iso(until) - from_iso(str(record["at"]))).total_seconds()
    return phrases.lacks["wrapping"].format(lack=lack, span=phrases.span(left_s))


def _tier(record: JsonObject, phrases: Phrases, names: Names) -> str:
    """Say that the item went first for its share of the picks, or because a full tier gave way."""
    tier = record.get("tier")
    if not isinstance(tier, Mapping):
        return ""
    phrase = phrases.tier if tier.get("queue") == record.get("queue") else phrases.held_back
    told = {key: _whole(value) for key, value in tier.items() if key != "queue"}
    return phrase.format_map({**told, "queue": _name(tier.get("queue"), names)})


def _blocked(blocked: JsonObject, phrases: Phrases) -> str:
    return phrases.blocked[str(blocked["gate"])].format(people=_whole(blocked.get("people")))


def _needs(record: JsonObject, phrases: Phrases, names: Names) -> str:
    asked = [
        say_need(need, phrases, names)
        for need in _list(record.get("needs"))
        if isinstance(need, Mapping) and ("require" in need or ("prefer" in need and "drop_after_s" in need))
    ]
    return phrases.needs.format(needs=phrases.join(asked)) if asked else ""


def _ahead(record: JsonObject, phrases: Phrases) -> str:
    passed = _whole(record.get("passed"))
    if not passed:
        return ""
    promise = record.get("promise")
    if record.get("advanced_by") != "due":
        return phrases.boosted.format(passed=passed, span=phrases.span(_number(record.get("advance_s"))))
    if not isinstance(promise, Mapping):
        return phrases.due.format(passed=passed)
    left_s = _until_due(record, promise)
    return (phrases.due_in if left_s > 0 else phrases.due_ago).format(
        passed=passed, metric=phrases.metrics[str(promise["metric"])], span=phrases.span(abs(left_s))
    )


def _until_due(record: JsonObject, promise: JsonObject) -> float:
    """Give the seconds by the clock from a record until its promise is due; 0 for one that stands still."""
    due_at = promise.get("due_at")
    if not isinstance(due_at, str):
        return 0.0
    return (from_iso(due_at) - from_iso(str(record["at"]))).total_seconds()


def _because(record: JsonObject, phrases: Phrases) -> str:
    reason = str(record.get("reason") or "")
    return phrases.because.format(reason=reason) if reason and reason != "no_answer" else ""


def _name(value: JsonValue, names: Names) -> str:
    return names.get(value, value) if isinstance(value, str) else "" if value is None else str(value)


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _whole(value: JsonValue) -> int:
    return int(_number(value))
