from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.engine.config import Protection
from router.engine.ladder import Crowd, Why, climb, droppable, in_force, with_protection
from router.engine.needs import Need, NeedKind
from tests.unit.needs_desk import forbid, prefer, require

CHINESE, SKILLS = require("zh"), ("refunds", "gold", "calm")
NOBODY_LASTS: frozenset[str] = frozenset()


def crowd(*skills: str, on_shift: int = 1, present: int = 1, needs: tuple[Need, ...] = ()) -> Crowd:
    levels = dict.fromkeys(skills, 3)
    firm = [need for need in needs if not need.is_droppable]
    return Crowd(
        on_shift=on_shift,
        present=present,
        is_able=all(need.is_met_by(levels) for need in firm if need.kind is not NeedKind.PREFER),
        meets=[need for need in needs if need.is_droppable and need.is_met_by(levels)],
    )


def left(
    needs: tuple[Need, ...], people: list[tuple[str, ...]], waited_s: float, **terms: object
) -> list[str]:
    """Name the droppable needs still in force after some seconds."""
    weakest_first = droppable(needs, NOBODY_LASTS)
    ladder = climb(weakest_first, [crowd(*skills, needs=needs) for skills in people], **terms)
    dropped = ladder.dropped(timedelta(seconds=waited_s))
    return [need.skill for need in needs if need.is_droppable and need not in dropped]


EVERYTHING = [("zh", *SKILLS)]
BY_GRADE = (
    CHINESE,
    prefer("refunds", 300, grade=1),
    prefer("gold", 120, grade=5),
    prefer("calm", 60, grade=9),
)


@pytest.mark.parametrize(
    ("waited_s", "in_force_then"),
    [
        (0, ["refunds", "gold", "calm"]),
        (59, ["refunds", "gold", "calm"]),
        (60, ["refunds", "gold"]),
        (119, ["refunds", "gold"]),
        (120, ["refunds"]),
        (299, ["refunds"]),
        (300, []),
        (86_400, []),
    ],
)
def test_preferences_go_at_their_second_weakest_grade_first(
    waited_s: float, in_force_then: list[str]
) -> None:
    assert left(BY_GRADE, EVERYTHING, waited_s) == in_force_then


@pytest.mark.parametrize(("waited_s", "in_force_then"), [(60, 2), (119, 2), (120, 0)])
def test_a_stronger_grade_never_goes_before_a_weaker_one(waited_s: float, in_force_then: int) -> None:
    needs = (prefer("refunds", 60, grade=1), prefer("gold", 120, grade=9))
    assert len(left(needs, EVERYTHING, waited_s)) == in_force_then


def test_a_weaker_one_that_nobody_has_holds_no_stronger_one_back() -> None:
    needs = (prefer("refunds", 60, grade=1), prefer("gold", 600, grade=9))
    assert left(needs, [("refunds",)], 59) == ["refunds"]
    assert left(needs, [("refunds",)], 60) == []


def test_equal_grades_go_by_their_own_clocks() -> None:
    needs = (prefer("refunds", 90), prefer("gold", 30), prefer("calm", 60))
    assert left(needs, EVERYTHING, 30) == ["refunds", "calm"]
    assert left(needs, EVERYTHING, 60) == ["refunds"]


def test_an_exclusion_runs_by_its_own_clock_beside_the_grades() -> None:
    needs = (forbid("gold", 30), prefer("refunds", 600, grade=9))
    assert left(needs, [("refunds",)], 29) == ["gold", "refunds"]
    assert left(needs, [("refunds",)], 30) == ["refunds"]


@pytest.mark.parametrize(
    ("people", "kept"),
    [
        ([("zh", "refunds", "gold", "calm")], ["refunds", "gold", "calm"]),
        ([("zh", "refunds", "calm"), ("zh",)], ["refunds", "calm"]),
        ([("zh", "refunds"), ("zh", "gold"), ("zh", "calm")], ["refunds"]),
        ([("zh", "refunds", "gold"), ("zh", "calm")], ["refunds", "gold"]),
        ([("refunds", "gold", "calm"), ("zh",)], []),
        ([], []),
    ],
    ids=["all", "nobody has gold", "each has one", "weakest apart", "only without Chinese", "nobody"],
)
def test_what_nobody_on_shift_can_do_is_given_up_at_once(
    people: list[tuple[str, ...]], kept: list[str]
) -> None:
    assert left(BY_GRADE, people, 0) == kept


def test_below_the_thin_line_all_preferences_are_ignored_but_no_exclusion() -> None:
    needs = (CHINESE, prefer("refunds"), forbid("gold", 600))
    people = [("zh", "refunds"), ("zh", "refunds"), ("refunds",)]
    assert left(needs, people, 0, thin_staff=2) == ["refunds", "gold"]
    assert left(needs, people, 0, thin_staff=3) == ["gold"]


def test_people_on_shift_who_are_not_available_hold_needs_but_do_not_make_staff_less_thin() -> None:
    needs = (prefer("refunds"),)
    busy = crowd("refunds", on_shift=5, present=0, needs=needs)
    assert climb(needs, [busy]).given_up == {}
    assert climb(needs, [busy], thin_staff=1).given_up == {needs[0]: Why.THIN_STAFF}


def test_an_incident_gives_up_the_named_skills_only() -> None:
    assert left(BY_GRADE, EVERYTHING, 0, relaxed=frozenset({"gold", "zh"})) == ["refunds", "calm"]


def test_lasting_skills_and_requirements_are_never_on_the_ladder() -> None:
    needs = (require("refunds"), prefer("zh", 10), prefer("gold", 10), prefer("calm", None))
    assert droppable(needs, frozenset({"zh"})) == (needs[2],)


def test_a_preference_given_up_still_ranks_and_an_exclusion_given_up_is_gone() -> None:
    needs = (CHINESE, prefer("refunds", 60, grade=2, level=3), forbid("gold", 30))
    assert in_force(needs, needs[1:]) == (CHINESE, prefer("refunds", None, grade=2, level=3))


def test_work_that_names_the_protected_skill_is_not_kept_from_it() -> None:
    protect = Protection(skill="legal", level=3, for_s=60)
    assert with_protection((CHINESE,), protect) == (CHINESE, forbid("legal", 60, level=3))
    for own in (require("legal"), prefer("legal"), forbid("legal")):
        assert with_protection((own,), protect) == (own,)


needs_lists = st.lists(
    st.one_of(
        st.builds(prefer, st.sampled_from(SKILLS), st.integers(0, 9), grade=st.integers(1, 3)),
        st.builds(forbid, st.sampled_from(SKILLS), st.integers(0, 9)),
        st.builds(require, st.sampled_from(SKILLS)),
    ),
    max_size=5,
    unique_by=lambda need: need.skill,
).map(tuple)
people_lists = st.lists(st.lists(st.sampled_from(SKILLS), max_size=3).map(tuple), max_size=4)


@given(needs_lists, people_lists, st.integers(0, 3), st.integers(0, 9), st.integers(0, 9))
def test_for_the_same_people_needs_in_force_only_shrink(
    needs: tuple[Need, ...], people: list[tuple[str, ...]], thin_staff: int, first_s: int, more_s: int
) -> None:
    earlier = left(needs, people, first_s, thin_staff=thin_staff)
    later = left(needs, people, first_s + more_s, thin_staff=thin_staff)
    assert set(later) <= set(earlier)


@given(needs_lists, people_lists, st.integers(0, 9))
def test_whenever_something_droppable_binds_somebody_on_shift_satisfies_everything(
    needs: tuple[Need, ...], people: list[tuple[str, ...]], waited_s: int
) -> None:
    kept = left(needs, people, waited_s)
    crowds = [crowd(*skills, needs=needs) for skills in people]
    bound = [need for need in needs if need.is_droppable and need.skill in kept]
    assert not bound or any(one.is_able and all(need in one.meets for need in bound) for one in crowds)


@given(needs_lists, people_lists, st.integers(0, 9))
def test_no_stronger_preference_is_given_up_by_time_while_a_weaker_one_binds(
    needs: tuple[Need, ...], people: list[tuple[str, ...]], waited_s: int
) -> None:
    weakest_first = droppable(needs, NOBODY_LASTS)
    ladder = climb(weakest_first, [crowd(*skills, needs=needs) for skills in people])
    dropped = ladder.dropped(timedelta(seconds=waited_s))
    preferred = [need for need in weakest_first if need.kind is NeedKind.PREFER]
    by_time = [need.grade for need in preferred if dropped.get(need) is Why.TIME]
    binding = [need.grade for need in preferred if need not in dropped]
    assert not by_time or not binding or min(by_time) >= max(binding)
