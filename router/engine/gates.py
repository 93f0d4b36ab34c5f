"""The gates a person must pass to serve an item, in fixed order, and how well he fits once through.

channel_class to forbid look at the person's profile, the others at the moment. In: needs and skills. Out: the
first failing gate of the profile with its numbers, and the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from router.engine.needs import Need, NeedKind, needs_to_json
from router.messages import JsonObject
from router.strategy import Fit


class Gate(IntEnum):
    """Gates in the order they are tried; a higher one means the person came further."""

    PRESENCE = 0
    CHANNEL_CLASS = 1
    PERMISSION = 2
    SKILL = 3
    LEVEL = 4
    FORBID = 5
    DECLINED = 6
    COOLDOWN = 7
    CAPACITY = 8
    RESERVE = 9
    RAMP = 10
    PASSED = 11

    @property
    def word(self) -> str:
        """Give the name used in records."""
        return self.name.lower()


PROFILE_GATES = (Gate.CHANNEL_CLASS, Gate.PERMISSION, Gate.SKILL, Gate.LEVEL, Gate.FORBID)
"""Gates that everybody with the same profile passes or fails together."""

MOMENT_GATES = (Gate.COOLDOWN, Gate.CAPACITY, Gate.RESERVE, Gate.RAMP)
"""Gates that depend on what a person has and when he was asked."""


class Requirement:
    """What an item asks of a profile: needs, channel class and queue, taken apart once for all that share them."""

    __slots__ = (
        "_grades",
        "as_json",
        "asked",
        "channel_class",
        "forbidden",
        "preferred",
        "queue",
        "required",
    )

    def __init__(self, channel_class: str, needs: tuple[Need, ...], queue: str = "") -> None:
        self.channel_class = channel_class
        self.queue = queue
        self.as_json = needs_to_json(needs)
        self.asked = tuple(dict.fromkeys(need.skill for need in needs if need.kind is not NeedKind.FORBID))
        self.required = tuple((need.skill, need.level) for need in needs if need.is_demanded)
        self.forbidden = tuple((need.skill, need.level) for need in needs if need.kind is NeedKind.FORBID)
        self.preferred = tuple(
            need for need in needs if need.kind is NeedKind.PREFER and not need.is_demanded
        )
        self._grades = sorted({need.grade for need in self.preferred})

    def first_failing(
        self,
        skills: Mapping[str, int],
        classes: frozenset[str] | None,
        queues: frozenset[str] | None = None,
    ) -> Gate:
        """Give the first gate this profile fails, or PASSED."""
        if classes is not None and self.channel_class not in classes:
            return Gate.CHANNEL_CLASS
        if queues is not None and self.queue not in queues:
            return Gate.PERMISSION
        too_low = False
        for skill, level in self.required:
            held = skills.get(skill)
            if held is None:
                return Gate.SKILL
            too_low = too_low or held < level
        if too_low:
            return Gate.LEVEL
        for skill, level in self.forbidden:
            if skills.get(skill, -1) >= level:
                return Gate.FORBID
        return Gate.PASSED

    def fit(self, skills: Mapping[str, int]) -> Fit:
        """Rank a profile that passes: grade 1 preferences weigh more than grade 2, then small surplus."""
        missed = dict.fromkeys(self._grades, 0)
        surplus = sum(skills[skill] - level for skill, level in self.required)
        for need in self.preferred:
            held = skills.get(need.skill, -1)
            if held < need.level:
                missed[need.grade] += 1
            else:
                surplus += held - need.level
        return Fit(tuple(missed.values()), surplus)

    def numbers(
        self,
        gate: Gate,
        skills: Mapping[str, int],
        classes: frozenset[str] | None,
        queues: frozenset[str] | None = None,
    ) -> JsonObject:
        """Give the numbers with which a profile fails one of its gates."""
        if gate is Gate.CHANNEL_CLASS:
            return {"class": self.channel_class, "takes": sorted(classes or ())}
        if gate is Gate.PERMISSION:
            return {"queue": self.queue, "serves": sorted(queues or ())}
        if gate is Gate.SKILL:
            skill, level = next(pair for pair in self.required if pair[0] not in skills)
            return {"skill": skill, "needs": level}
        if gate is Gate.LEVEL:
            skill, level = next(pair for pair in self.required if skills[pair[0]] < pair[1])
            return {"skill": skill, "needs": level, "has": skills[skill]}
        if gate is Gate.FORBID:
            skill = next(skill for skill, level in self.forbidden if skills.get(skill, -1) >= level)
            return {"skill": skill, "has": skills[skill]}
        return {}
