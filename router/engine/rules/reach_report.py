"""What nobody can serve, as sentences for people and as JSON for programs. In: what was proven. Out: text, JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from router.engine.calendars import WEEKDAYS
from router.engine.needs import Need, NeedKind, needs_to_json
from router.engine.reachability import Cause
from router.engine.rules.reach import Gap, Reach
from router.engine.times import to_iso
from router.messages import JsonObject

SHOWN = 12
"""Lines about wishes; the JSON has all of them."""

_CUT = (
    "The rules have too many combinations to try all; those of the most rules were left out. "
    "Each rule alone and the combinations of few rules were tried."
)


def reach_text(reach: Reach) -> str:
    """Give a line for each gap: when and why; then what is given up at once, and when."""
    lines = [f"never: {_why(gap, 'on the roster')}{_from(gap)}" for gap in reach.never]
    lines += [f"{_when(gap.ranges, reach)}: {_closed(gap)}" for gap in sorted(reach.gaps, key=_first)]
    wishes = [f"{_when(gap.ranges, reach)}: {_served(gap)}" for gap in sorted(reach.wishes, key=_simplest)]
    if wishes:
        lines += ["", "Served without what nobody there offers:", *wishes[:SHOWN]]
    if len(wishes) > SHOWN:
        lines.append(f"… and {len(wishes) - SHOWN} lines more; --json has them all")
    last = reach.first + timedelta(days=reach.days - 1)
    gaps = len(reach.never) + len(reach.gaps)
    lines += [""] if lines else []
    lines.append(
        f"{gaps or 'no'} {'gap' if gaps == 1 else 'gaps'}, {reach.first} to {last}, {reach.zone.key}: "
        f"{reach.works} kinds of work the rules can produce"
    )
    if reach.without_shifts:
        lines.append(f"Without shifts, and so never counted on: {', '.join(reach.without_shifts)}.")
    if any(gap.cause.is_empty for gap in reach.gaps):
        lines.append("A queue with a `calendar` is only looked at while it is open.")
    return "\n".join([*lines, _CUT] if reach.is_cut else lines)


def reach_json(reach: Reach) -> JsonObject:
    """Give everything with exact times."""
    return {
        "from": reach.first.isoformat(),
        "days": reach.days,
        "zone": reach.zone.key,
        "works": reach.works,
        "is_cut": reach.is_cut,
        "without_shifts": list(reach.without_shifts),
        "never": [_gap_json(gap) for gap in reach.never],
        "gaps": [_gap_json(gap) for gap in sorted(reach.gaps, key=_first)],
        "wishes": [_gap_json(gap) for gap in sorted(reach.wishes, key=_first)],
    }


def say_needs(needs: Iterable[Need]) -> str:
    """Name skills with their levels."""
    named = [f"{need.skill} (level {need.level})" if need.level > 1 else need.skill for need in needs]
    return " and ".join([", ".join(named[:-1]), named[-1]] if named[1:] else named)


def _first(gap: Gap) -> tuple[datetime, tuple[str, ...], tuple[str, ...]]:
    return gap.ranges[0][0], gap.queues, gap.rules


def _simplest(gap: Gap) -> tuple[int, datetime, tuple[str, ...], tuple[str, ...]]:
    return len(gap.rules), *_first(gap)


def _closed(gap: Gap) -> str:
    why = _why(gap, "on shift")
    return f"{why} ({_kinds(gap)})" if gap.cause.is_empty else f"{why}{_from(gap)}"


def _why(gap: Gap, where: str) -> str:
    cause, queues = gap.cause, ", ".join(gap.queues)
    if cause.is_empty:
        return f"nobody is {where}"
    if cause.is_barred:
        return f"nobody {where} may serve {queues}"
    asked = [need for need in cause.needs if need.kind is not NeedKind.FORBID]
    barred = [need for need in cause.needs if need.kind is NeedKind.FORBID]
    if not asked:
        return f"everybody {where} for {queues} is kept out for holding {say_needs(barred)}"
    both = "both " if len(asked) == 2 else "all of " if asked[2:] else ""
    without = f" without {say_needs(barred)}" if barred else ""
    return f"nobody {where} for {queues} holds {both}{say_needs(asked)}{without}"


def _served(gap: Gap) -> str:
    given_up = say_needs(gap.given_up)
    count = str(gap.fewest) if gap.fewest == len(gap.able) else f"{gap.fewest} to {len(gap.able)}"
    people = "1 person can" if not gap.able[1:] else f"{count} people can"
    verb = "is" if len(gap.given_up) == 1 else "are"
    drops = f"{given_up} {verb} given up at once and {people}: {', '.join(gap.able)}"
    return f"{_why(gap, 'on shift')}; {drops}{_from(gap)}"


def _from(gap: Gap) -> str:
    rules = " + ".join(gap.rules)
    if not rules:
        return f" ({_kinds(gap)})"
    return f" (rules: {rules})" if gap.kinds == 1 else f" (rules: {rules}, and {gap.kinds - 1} more)"


def _kinds(gap: Gap) -> str:
    return "1 kind of work" if gap.kinds == 1 else f"{gap.kinds} kinds of work"


def _when(ranges: Sequence[tuple[datetime, datetime]], reach: Reach) -> str:
    """Name stretches by day, days with equal hours together."""
    by_day: dict[str, list[str]] = {}
    for start, end in ranges:
        for day, hours in _days(start, end, reach):
            by_day.setdefault(day, []).append(hours)
    days = list(by_day)
    parts: list[str] = []
    at = 0
    while at < len(days):
        last = at
        while last + 1 < len(days) and _follows(days[last], days[last + 1], reach, by_day):
            last += 1
        name = days[at] if last == at else f"{days[at]}-{days[last]}"
        parts.append(f"{name} {', '.join(by_day[days[at]])}")
        at = last + 1
    return "; ".join(parts)


def _follows(day: str, following: str, reach: Reach, by_day: dict[str, list[str]]) -> bool:
    names = [_day_name(reach, offset) for offset in range(reach.days)]
    return names.index(following) == names.index(day) + 1 and by_day[day] == by_day[following]


def _days(start: datetime, end: datetime, reach: Reach) -> Iterable[tuple[str, str]]:
    at, last = _local(start, reach.zone), _local(end, reach.zone)
    while at < last:
        midnight = datetime.combine(at.date() + timedelta(days=1), datetime.min.time())
        until = min(last, midnight)
        closes = "24:00" if until == midnight else f"{until:%H:%M}"
        yield _day_name(reach, (at.date() - reach.first).days), f"{at:%H:%M}-{closes}"
        at = until


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _day_name(reach: Reach, offset: int) -> str:
    day = reach.first + timedelta(days=offset)
    name = WEEKDAYS[day.weekday()].capitalize()
    return name if reach.days <= len(WEEKDAYS) else f"{name} {day.isoformat()}"


def _gap_json(gap: Gap) -> JsonObject:
    return {
        "queues": list(gap.queues) or None,
        "cause": _cause_json(gap.cause),
        "given_up": needs_to_json(gap.given_up),
        "able": list(gap.able),
        "fewest": gap.fewest,
        "ranges": [{"start": to_iso(start), "end": to_iso(end)} for start, end in gap.ranges],
        "rules": list(gap.rules),
        "kinds": gap.kinds,
    }


def _cause_json(cause: Cause) -> JsonObject:
    kind = "nobody_there" if cause.is_empty else "no_permission" if cause.is_barred else "needs"
    return {"kind": kind, "needs": needs_to_json(cause.needs)}
