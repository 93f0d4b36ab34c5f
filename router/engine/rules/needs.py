"""What work asks of its agent: needs of several rules added up into one list.

In: the needs of each matching rule, in order. Out: plain JSON objects, one for each verb and skill.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from router.engine.rules.schema import NeedModel
from router.messages import JsonObject


def plain_need(need: NeedModel) -> JsonObject:
    """Write one need as the work item keeps it; a preference without a grade has grade 1."""
    grade = 0 if need.verb != "prefer" else need.grade or 1
    drop_after_s = None if need.drop_after_s is None else float(need.drop_after_s)
    return {need.verb: need.skill, "level": need.level, "grade": grade, "drop_after_s": drop_after_s}


def add_up(needs: Iterable[NeedModel]) -> tuple[JsonObject, ...]:
    """Merge needs: of two for the same verb and skill the one with the higher level stays."""
    strongest: dict[tuple[str, str], NeedModel] = {}
    for need in needs:
        key = (need.verb, need.skill)
        kept = strongest.get(key)
        if kept is None or need.level > kept.level:
            strongest[key] = need
    return tuple(plain_need(need) for need in strongest.values())


def contradictions(needs: Sequence[NeedModel]) -> list[tuple[int, str]]:
    """Find needs that cannot all hold: the place of the later one, and what is wrong."""
    found = []
    for later, need in enumerate(needs):
        for other in needs[:later]:
            if need.skill == other.skill and need.verb != other.verb:
                found.append((later, f"`{need.skill}` stands here as {other.verb} and as {need.verb}"))
            elif need.skill == other.skill:
                found.append((later, f"`{need.skill}` stands here twice"))
    return found
