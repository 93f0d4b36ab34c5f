"""Take what is wrong out of a rules document, so that the rest can be looked at.

In: plain values of a document and the paths of its faults. Out: values without those places, or with
stand-ins where something has to stand; None when nothing would be left to look at.

As little as possible goes: what stands beside a fault is looked at too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy

from router.documents.places import Located, Path, Plain

_NEVER = "false"
_CALENDAR: Mapping[str, Plain] = {"zone": "UTC", "week": {"mon": ["09:00-10:00"]}}
_FILLED: Mapping[str, Mapping[str, Plain]] = {
    "overflow": {"when_waiting": 2, "back_at": 1},
    "protect": {"for": "0s"},
    "classes": {"cost": 1, "max": 1},
}
"""What has to stand beside a name, by what it stands in."""

_VERBS = ("require", "prefer", "forbid")
STAND_IN = "\ue000"
"""The skill of a need that stands for one that cannot be read: a private letter nobody writes."""


def mended(value: Plain, faults: Sequence[Path]) -> Plain:
    """Leave out what is at fault; no other entry of a list moves."""
    result = deepcopy(value)
    if not isinstance(result, dict):
        return None
    for fault in faults:
        if fault[:1] == ("rules",):
            if not _mend_rule(result, fault):
                return None
        elif fault[:1] == ("version",):
            result["version"] = 1
        elif _mend_calendar(result, fault) or _fill(result, fault):
            continue
        elif not fault or not _take_out(result, _cut(fault)):
            return None
    return result


def left_out(document: Located, fault: Path) -> Iterator[str]:
    """Give the lines that are not looked at because of a fault."""
    if fault[:1] == ("rules",) and len(fault) > 1:
        if fault[2:3] == ("name",) or fault[2:3] == ("examples",):
            return
        start = document.place(("rules", int(fault[1]))).line
        following: Path = ("rules", int(fault[1]) + 1)
        end = document.place(following).line if following in document.values else len(document.lines) + 1
        yield from document.lines[start - 1 : end - 1]
    elif len(fault) == 2:
        yield str(fault[1])


def undefined(document: Located, fault: Path) -> Iterator[str]:
    """Give what a fault keeps from being defined: names of an entry, or of a section, that is left out."""
    if fault[:1] != ("rules",) and len(fault) in (1, 2):
        yield " ".join(map(str, [*fault, _at(document.value, fault)]))


def _mend_rule(result: dict[str, Plain], fault: Path) -> bool:
    rules = result.get("rules")
    if len(fault) < 2 or not isinstance(rules, list):
        return False
    index = int(fault[1])
    rule = rules[index]
    key = fault[2] if len(fault) > 2 else ""
    if not isinstance(rule, dict):
        rules[index] = {"name": f"rule {index + 1}", "when": _NEVER}
    elif key == "name":
        rule["name"] = ", ".join([f"rule {index + 1}", *([str(rule["name"])] if "name" in rule else [])])[
            :100
        ]
    elif key == "when":
        rule["when"] = _NEVER
    elif key:
        _mend_settings(rule, fault[2:])
    else:
        rules[index] = {"name": f"rule {index + 1}", "when": _NEVER}
    return True


def _mend_settings(rule: dict[str, Plain], fault: Path) -> None:
    """Mend a need or an example in its place; anything else of a rule is left out."""
    for length in range(len(fault) - 1, 0, -1):
        entries = _at(rule, fault[:length])
        if isinstance(entries, list) and fault[length - 1] in ("needs", "examples"):
            mend = _mended_need if fault[length - 1] == "needs" else _mended_example
            number = int(fault[length])
            entries[number] = mend(entries[number], fault[length + 1 :])
            return
    _take_out(rule, _cut(fault))


def _mended_need(need: Plain, fault: Path) -> Plain:
    """Keep of a need what can be read."""
    if not isinstance(need, dict):
        return {"require": STAND_IN}
    if fault:
        kept = {key: value for key, value in need.items() if key != fault[0]}
    else:
        kept = dict([(verb, need[verb]) for verb in _VERBS if isinstance(need.get(verb), str)][:1])
    # one that has nothing wrong in it but contradicts another goes as a whole
    is_of_use = kept != need and any(verb in kept for verb in _VERBS)
    return kept if is_of_use else {"require": STAND_IN}


def _mended_example(example: Plain, fault: Path) -> Plain:
    """Keep of an example what can be read."""
    if not isinstance(example, dict) or not fault:
        return {"expect": {}}
    _take_out(example, _cut(fault))
    return {"expect": {}, **example}


def _mend_calendar(result: dict[str, Plain], fault: Path) -> bool:
    """Give a calendar some zone or some hours, so that its name stays known."""
    calendar = _at(result, fault[:2])
    if fault[:1] != ("calendars",) or not isinstance(calendar, dict) or fault[2:3] not in _IN_CALENDAR:
        return False
    calendar[str(fault[2])] = deepcopy(_CALENDAR[str(fault[2])])
    return True


_IN_CALENDAR = [(key,) for key in _CALENDAR]


def _fill(result: dict[str, Plain], fault: Path) -> bool:
    """Put in what is needed beside a name that can still be looked at."""
    depth = next((number for number, step in enumerate(fault) if number in (1, 2) and step in _FILLED), None)
    if depth is None:
        return False
    place = fault[: depth + (2 if fault[depth] == "classes" else 1)]
    holder, wrong = _at(result, place), fault[len(place) : len(place) + 1]
    needed = _FILLED[str(fault[depth])]
    if not isinstance(holder, dict) or (wrong and wrong[0] not in needed):
        return False
    before = dict(holder)
    holder.update(needed)
    return holder != before


def _at(node: Plain, path: Path) -> Plain:
    """Give what stands at a path, None where nothing does."""
    for step in path:
        if isinstance(node, dict):
            node = node.get(str(step))
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node


def _cut(path: Path) -> Path:
    """End a path before the first step into a list."""
    lists = [number for number, step in enumerate(path) if isinstance(step, int)]
    return path[: lists[0]] if lists else path


def _take_out(node: Plain, path: Path) -> bool:
    """Remove what stands at a path; where nothing stands there, what should have held it."""
    ways: list[dict[str, Plain]] = []
    for step in path:
        if not isinstance(node, dict):
            break
        ways.append(node)
        node = node.get(str(step))
    for depth in range(len(ways) - 1, -1, -1):
        if str(path[depth]) in ways[depth]:
            del ways[depth][str(path[depth])]
            return True
    return False
