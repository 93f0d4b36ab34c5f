"""Take what is wrong out of a rules document, so that the rest can be looked at.

In: plain values of a document and the paths of its faults. Out: values without those places, or with
stand-ins where something has to stand; None when nothing would be left to look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy

from router.documents.places import Located, Path, Plain

_NEVER = "false"
_CALENDAR: Mapping[str, Plain] = {"zone": "UTC", "week": {"mon": ["09:00-10:00"]}}


def mended(value: Plain, faults: Sequence[Path]) -> Plain:
    """Leave out the keys that lead to the faults; whole lists, so that no other place moves."""
    result = deepcopy(value)
    if not isinstance(result, dict):
        return None
    for fault in faults:
        if fault[:1] == ("rules",):
            if not _mend_rule(result, fault):
                return None
        elif fault[:1] == ("version",):
            result["version"] = 1
        elif fault[:1] == ("calendars",) and len(fault) > 2 and _mend_calendar(result, fault):
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
        rule["name"] = f"rule {index + 1}, {rule.get('name')}"[:100]
    elif key == "when":
        rule["when"] = _NEVER
    elif key:
        _take_out(rule, _cut(fault[2:]))
    else:
        rules[index] = {"name": f"rule {index + 1}", "when": _NEVER}
    return True


def _mend_calendar(result: dict[str, Plain], fault: Path) -> bool:
    """Give a calendar some zone or some hours, so that its name stays known."""
    calendars = result["calendars"]
    calendar = calendars.get(str(fault[1])) if isinstance(calendars, dict) else None
    if not isinstance(calendar, dict) or fault[2] not in _CALENDAR:
        return False
    calendar[str(fault[2])] = deepcopy(_CALENDAR[str(fault[2])])
    return True


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
