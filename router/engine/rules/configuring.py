"""From a rules document to what the engine is told. In: a checked `RulesModel`. Out: an `EngineConfig`."""

from __future__ import annotations

from collections.abc import Mapping

from router.engine.calendars import Calendar
from router.engine.config import (
    DEFAULT_CLASSES,
    DEFAULT_LEASES,
    CapacityConfig,
    ClassConfig,
    EngineConfig,
    IncidentConfig,
    LeaseConfig,
    Metric,
    OfferConfig,
    Overflow,
    Protection,
    QueueConfig,
    QueueMode,
    Ramp,
    Reserve,
    Share,
    SlaPolicy,
    SlowStart,
    Watched,
)
from router.engine.needs import Need, NeedKind
from router.engine.reachability import firm_needs
from router.engine.rules.schema import (
    LASTING_KINDS,
    CapacityModel,
    QueueModel,
    RulesModel,
    SlaPolicyModel,
    TargetsModel,
)
from router.engine.rules.works import firm_work


def engine_config(model: RulesModel, calendars: Mapping[str, Calendar]) -> EngineConfig:
    """Translate everything but the conditions of a rules document; `calendars` are its compiled ones."""
    offers = model.offers
    return EngineConfig(
        queues={name: _queue(name, queue, model) for name, queue in model.queues.items()},
        capacity=_capacity(model.capacity),
        offers=OfferConfig(
            accepting_s=offers.accepting_s,
            reject_s=offers.reject_s,
            busy_s=offers.busy_s,
            no_answer_s=offers.no_answer_s,
            ask_again_s=offers.ask_again_s,
            max_unanswered=offers.max_unanswered,
        ),
        leases={**DEFAULT_LEASES, **_leases(model)},
        sla={name: _policy(policy, calendars) for name, policy in model.sla_policies.items()},
        incidents={
            name: IncidentConfig(
                overflow=frozenset(incident.overflow),
                relax=frozenset(incident.relax),
                reserve=incident.reserve,
                lasts_s=incident.lasts_s,
            )
            for name, incident in model.incidents.items()
        },
        lasting=frozenset(name for name, skill in model.skills.items() if skill.kind in LASTING_KINDS),
        watched=tuple(
            Watched(
                queue=work.queue,
                needs=firm_needs(work.needs),
                rules=work.rules,
                hours=tuple(calendars[name] for name in work.hours),
            )
            for work in firm_work(model)
        ),
    )


def share_of(queue: QueueModel) -> Share | None:
    """Give the share of the picks a queue asks for, such as 4 of 5."""
    part, _, whole = (queue.share or "").partition("/")
    return Share(part=int(part), whole=int(whole)) if queue.share else None


def _queue(name: str, queue: QueueModel, model: RulesModel) -> QueueConfig:
    overflow, protect = queue.overflow, queue.protect
    return QueueConfig(
        offer_timeout_s=queue.offer_timeout_s,
        max_advance_s=queue.max_advance_s,
        mode=QueueMode(queue.mode),
        strategy=queue.strategy,
        share=share_of(queue),
        overflow=Overflow(to=overflow.to, when_waiting=overflow.when_waiting, back_at=overflow.back_at)
        if overflow
        else None,
        protect=Protection(skill=protect.skill, level=protect.level, for_s=protect.for_s)
        if protect
        else None,
        reserve=_reserve(name, queue, model),
        affinity_s=queue.affinity_s,
        thin_staff=queue.thin_staff,
        wrap_up_s=queue.wrap_up_s,
    )


def _reserve(name: str, queue: QueueModel, model: RulesModel) -> Reserve | None:
    """Say who keeps how much free for a queue: always, or 0 until an incident adds to it."""
    by_incident = any(name in incident.reserve for incident in model.incidents.values())
    if not queue.reserve and not by_incident:
        return None
    return Reserve(units=queue.reserve, needs=_needs_of(name, model))


def _needs_of(queue: str, model: RulesModel) -> tuple[Need, ...]:
    """Give what every rule that fills a queue requires: who satisfies it can serve the queue."""
    filling = [rule.settings for rule in model.rules if rule.settings.queue == queue]
    asked = [{(need.require, need.level) for need in settings.needs if need.require} for settings in filling]
    common = sorted(set.intersection(*asked)) if asked else []
    return tuple(Need(kind=NeedKind.REQUIRE, skill=skill, level=level) for skill, level in common)


def _capacity(model: CapacityModel) -> CapacityConfig:
    named = {
        name: ClassConfig(
            cost=each.cost,
            max=each.max,
            interruptible_by=frozenset(each.interruptible_by),
            wrap_up_s=each.wrap_up_s,
        )
        for name, each in model.classes.items()
    }
    ramp, slow = model.ramp, model.slow_start
    return CapacityConfig(
        classes={**DEFAULT_CLASSES, **named},
        dormant=model.dormant,
        ramp=Ramp(items=ramp.items, per_s=ramp.per_s) if ramp else None,
        slow_start=SlowStart(for_s=slow.for_s, items=slow.items, per_s=slow.per_s) if slow else None,
    )


def _leases(model: RulesModel) -> Mapping[str, LeaseConfig]:
    return {
        name: LeaseConfig(
            nudge_s=lease.nudge_s,
            supervisor_s=lease.supervisor_s,
            hand_back_s=lease.hand_back_s,
            absent_s=lease.absent_s,
        )
        for name, lease in model.leases.items()
    }


def _policy(model: SlaPolicyModel, calendars: Mapping[str, Calendar]) -> SlaPolicy:
    return SlaPolicy(
        calendar=calendars[model.calendar] if model.calendar else None,
        targets_s=_targets(model),
        by_class={name: _targets(targets) for name, targets in model.by_class.items()},
        lead_s=model.lead_s,
        pauses=frozenset(model.pauses),
        steps=tuple(sorted(set(model.steps))),
    )


def _targets(model: TargetsModel) -> Mapping[Metric, float]:
    given = {
        Metric.FIRST_RESPONSE: model.first_response_s,
        Metric.NEXT_RESPONSE: model.next_response_s,
        Metric.RESOLUTION: model.resolution_s,
    }
    return {metric: target_s for metric, target_s in given.items() if target_s is not None}
