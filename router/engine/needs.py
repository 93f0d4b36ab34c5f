"""What an item asks of the person who serves it. In: `needs` of rules and rows. Out: `Need` values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from router.errors import ConfigError
from router.messages import JsonObject, JsonValue

_KEYS = frozenset({"require", "prefer", "forbid", "level", "grade", "drop_after_s"})


class NeedKind(StrEnum):
    """How binding a need is."""

    REQUIRE = "require"
    PREFER = "prefer"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One skill a person must have, should have or must not have.

    `level` is the lowest that satisfies the need. `grade` orders preferences: 1 weighs more than 2.
    `drop_after_s` is when a preference or an exclusion is given up, counted from entering the queue; until
    then a preference binds like a requirement.
    """

    kind: NeedKind
    skill: str
    level: int = 1
    grade: int = 0
    drop_after_s: float | None = None

    @property
    def is_droppable(self) -> bool:
        """Tell whether waiting may give the need up."""
        return self.kind is not NeedKind.REQUIRE and self.drop_after_s is not None

    @property
    def is_demanded(self) -> bool:
        """Tell whether a person must have the skill: required, or preferred and not given up yet."""
        return self.kind is NeedKind.REQUIRE or (self.kind is NeedKind.PREFER and self.is_droppable)

    def is_met_by(self, skills: Mapping[str, int]) -> bool:
        """Tell whether somebody with these skills is what the need asks for."""
        holds = skills.get(self.skill, -1) >= self.level
        return holds is not (self.kind is NeedKind.FORBID)


def needs_from_json(value: JsonValue) -> tuple[Need, ...]:
    """Read a list of `{require|prefer|forbid: skill, level?, grade?, drop_after_s?}`.

    Raises ConfigError that names the entry and the remedy.
    """
    if value is None:
        return ()
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise ConfigError("needs must be a list.", path="needs", hint="Write [{require: SKILL}].")
    return tuple(_need_from_json(entry, f"needs[{index}]") for index, entry in enumerate(value))


def needs_to_json(needs: Iterable[Need]) -> list[JsonObject]:
    """Write needs the way `needs_from_json` reads them, without the defaults."""
    return [_need_to_json(need) for need in needs]


def _need_from_json(entry: JsonValue, path: str) -> Need:
    if not isinstance(entry, Mapping):
        raise ConfigError("a need must be an object.", path=path, hint="Write {require: SKILL, level: 2}.")
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise ConfigError(f"unknown key {unknown[0]!r}.", path=path, hint=f"Use {', '.join(sorted(_KEYS))}.")
    kinds = [kind for kind in NeedKind if kind in entry]
    skill = entry[kinds[0]] if len(kinds) == 1 else None
    if not isinstance(skill, str) or not skill:
        raise ConfigError("exactly one of require, prefer and forbid must name a skill.", path=path)
    drop_after_s = entry.get("drop_after_s")
    return Need(
        kind=kinds[0],
        skill=skill,
        level=_whole(entry.get("level"), 1, f"{path}.level"),
        grade=_whole(entry.get("grade"), 0, f"{path}.grade"),
        drop_after_s=None if drop_after_s is None else _seconds(drop_after_s, f"{path}.drop_after_s"),
    )


def _whole(value: JsonValue, default: int, path: str) -> int:
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigError(f"{value!r} is not a whole number from 0.", path=path)
    return value


def _seconds(value: JsonValue, path: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise ConfigError(f"{value!r} is not a number of seconds.", path=path)
    return float(value)


def _need_to_json(need: Need) -> JsonObject:
    entry: dict[str, JsonValue] = {need.kind.value: need.skill}
    if need.level != 1:
        entry["level"] = need.level
    if need.grade:
        entry["grade"] = need.grade
    if need.drop_after_s is not None:
        entry["drop_after_s"] = need.drop_after_s
    return entry
