"""What a rules document can decide: every combination of its rules that can hold together.

In: a checked document. Out: the different outcomes, each with the fewest rules that lead to it. Conditions
that are not understood are taken as independent, so that an outcome may be listed that no message has; none
is left out unless `is_cut` says that there were too many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from router.engine.needs import Need, NeedKind
from router.engine.rules.implications import Condition, Known, assume, read_condition
from router.engine.rules.schema import LASTING_KINDS, NeedModel, RulesModel

MOST_OUTCOMES = 1_500
"""Combinations kept after each rule; those of fewest rules stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What some message gets; `rules` are those that made it so, in order.

    `sla` names its promises; `need_outcomes` gives the calendars of the promises in their place.
    """

    queue: str
    boost_s: int = 0
    sla: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """All outcomes; `is_cut` when combinations of many rules had to be left out."""

    found: tuple[Outcome, ...]
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Effect:
    """What one rule does, as far as it is looked at."""

    name: str
    condition: Condition
    queue: str | None = None
    boost_s: int | None = None
    sla: tuple[str, ...] | None = None
    needs: tuple[Need, ...] = ()
    is_final: bool = False

    @property
    def matters(self) -> bool:
        return self.is_final or bool(self.needs) or (self.queue, self.boost_s, self.sla) != (None, None, None)


class _State(NamedTuple):
    """What is decided after some rules; a tuple, because there are many."""

    queue: str | None = None
    boost_s: int | None = None
    sla: tuple[str, ...] | None = None
    needs: tuple[Need, ...] = ()
    known: tuple[tuple[str, tuple[bool, frozenset[str]]], ...] = ()
    is_ended: bool = False


_States = dict[_State, tuple[str, ...]]


def ordering_outcomes(model: RulesModel, most: int = MOST_OUTCOMES) -> Outcomes:
    """List the outcomes that differ in queue, boost or promise, whatever they need."""
    effects = [replace(effect, needs=()) for effect in _effects(model)]
    return _follow(model, effects, most)


def need_outcomes(model: RulesModel, most: int = MOST_OUTCOMES) -> Outcomes:
    """List the outcomes that differ in queue, opening hours or binding needs, whatever their boost."""
    return _follow(model, _open_effects(model), most)


def firm_outcomes(model: RulesModel, most: int = MOST_OUTCOMES) -> Outcomes:
    """List the outcomes that differ in queue, opening hours or needs that nothing drops."""
    effects = [
        replace(effect, needs=tuple(need for need in effect.needs if not need.is_droppable))
        for effect in _open_effects(model)
    ]
    return _follow(model, effects, most)


def _open_effects(model: RulesModel) -> list[_Effect]:
    """Read the rules with the calendars of promises in the place of the promises."""
    calendar = {name: policy.calendar or "" for name, policy in model.sla_policies.items()}
    return [
        replace(effect, boost_s=None, sla=None if effect.sla is None else _calendars(effect.sla, calendar))
        for effect in _effects(model)
    ]


def binding(need: Need) -> bool:
    """Tell whether a need can keep somebody from the work; a preference without an end only ranks."""
    return need.is_demanded or need.kind is NeedKind.FORBID


def _calendars(sla: tuple[str, ...], calendar: Mapping[str, str]) -> tuple[str, ...]:
    """Name the calendars of some promises; one without a calendar is kept at all hours."""
    return tuple(sorted({calendar[name] for name in sla}))


def _effects(model: RulesModel) -> Iterator[_Effect]:
    for rule in model.rules:
        settings = rule.settings
        yield _Effect(
            name=rule.name,
            condition=read_condition(rule.when),
            queue=settings.queue,
            boost_s=settings.boost_s,
            sla=None if settings.sla is None else tuple(settings.sla),
            needs=tuple(filter(binding, (_need(model, need) for need in settings.needs))),
            is_final=rule.final,
        )


def _need(model: RulesModel, need: NeedModel) -> Need:
    skill = model.skills.get(need.skill)
    lasts = skill is not None and skill.kind in LASTING_KINDS
    return Need(
        kind=NeedKind(need.verb),
        skill=need.skill,
        level=need.level,
        grade=(need.grade or 1) if need.verb == "prefer" else 0,
        drop_after_s=None if need.drop_after_s is None or lasts else float(need.drop_after_s),
    )


def _follow(model: RulesModel, effects: Sequence[_Effect], most: int) -> Outcomes:
    """Go through the rules once with every state they can leave behind."""
    effects = [effect for effect in effects if effect.matters]
    last_use = {name: at for at, effect in enumerate(effects) for name in effect.condition.variables()}
    states: _States = {_State(): ()}
    is_cut = False
    for at, effect in enumerate(effects):
        later: _States = {}
        for state, rules in states.items():
            for after, by in _after(state, rules, effect):
                if any(last_use.get(name, -1) <= at for name, _ in after.known):
                    kept = tuple(pair for pair in after.known if last_use.get(pair[0], -1) > at)
                    after = after._replace(known=kept)
                if after not in later or len(by) < len(later[after]):
                    later[after] = by
        if len(later) > most:
            is_cut = True
            later = dict(sorted(later.items(), key=lambda pair: len(pair[1]))[:most])
        states = later
    return Outcomes(found=_distinct(model, states), is_cut=is_cut)


def _after(
    state: _State, rules: tuple[str, ...], effect: _Effect
) -> Iterator[tuple[_State, tuple[str, ...]]]:
    """Give the states after a rule: it did not match, and it did."""
    if state.is_ended:
        yield state, rules
        return
    known = dict(state.known)
    failed = assume(effect.condition, False, known)
    if failed is not None:
        yield state if failed is known else state._replace(known=_sorted(failed)), rules
    held = assume(effect.condition, True, known)
    if held is None:
        return
    after = _State(
        effect.queue if state.queue is None else state.queue,
        effect.boost_s if state.boost_s is None else state.boost_s,
        effect.sla if state.sla is None else state.sla,
        add_needs(state.needs, effect.needs),
        state.known if held is known else _sorted(held),
        effect.is_final,
    )
    did_something = after[:4] != state[:4] or effect.is_final
    yield after, (*rules, effect.name) if did_something else rules


def add_needs(needs: tuple[Need, ...], more: tuple[Need, ...]) -> tuple[Need, ...]:
    """Add needs up as triage does: of two for the same verb and skill the higher level stays."""
    if not more:
        return needs
    strongest = {(need.kind.value, need.skill): need for need in needs}
    for need in more:
        kept = strongest.get((need.kind.value, need.skill))
        if kept is None or need.level > kept.level:
            strongest[need.kind.value, need.skill] = need
    return tuple(need for _, need in sorted(strongest.items()))


def _sorted(known: Known) -> tuple[tuple[str, tuple[bool, frozenset[str]]], ...]:
    return tuple(sorted(known.items(), key=lambda pair: pair[0]))


def _distinct(model: RulesModel, states: Mapping[_State, tuple[str, ...]]) -> tuple[Outcome, ...]:
    """Forget what only mattered on the way; the outcome with the fewest rules names the others."""
    fallback = model.rules[-1].settings.queue or next(iter(model.queues))
    best: dict[tuple[object, ...], Outcome] = {}
    for state, rules in states.items():
        found = Outcome(
            queue=state.queue or fallback,
            boost_s=state.boost_s or 0,
            sla=state.sla or (),
            needs=state.needs,
            rules=rules,
        )
        key = (found.queue, found.boost_s, found.sla, found.needs)
        if key not in best or len(rules) < len(best[key].rules):
            best[key] = found
    return tuple(best.values())
