"""What is promised: the strictest of several policies, counted in their working time.

In: policies, a metric, a channel class and the moment a wait began. Out: a `Promise` with its due time.
Pure arithmetic, so that the rooms before the engine can name the same due time to the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from router.engine.calendars import Calendar
from router.engine.config import Metric, SlaPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`target_s` working seconds from `started_at` on, by the policy of that name."""

    metric: Metric
    policy: str
    terms: SlaPolicy
    started_at: datetime
    target_s: float
    due_at: datetime


def due_after(calendar: Calendar | None, start: datetime, seconds: float) -> datetime | None:
    """Give when so many working seconds have passed; without a calendar every second is worked."""
    if calendar is None:
        return start + timedelta(seconds=seconds)
    return calendar.due_after(start, seconds)


def working_s(calendar: Calendar | None, start: datetime, end: datetime) -> float:
    """Give the working seconds between two moments, 0 when the second is not later."""
    if calendar is None:
        return max((end - start).total_seconds(), 0.0)
    return calendar.working_s(start, end)


def strictest(
    policies: Mapping[str, SlaPolicy],
    names: Iterable[str],
    metric: Metric,
    channel_class: str,
    since: datetime,
) -> Promise | None:
    """Give the promise that is due first; of equal ones the policy named first; None if none is made.

    A wait that begins outside hours counts from opening. Names that no policy has any more are passed over.
    """
    found = [
        promise
        for name in names
        if name in policies and (promise := _promise(name, policies[name], metric, channel_class, since))
    ]
    return min(found, key=lambda promise: promise.due_at, default=None)


def first_due(
    policies: Mapping[str, SlaPolicy], names: Iterable[str], channel_class: str, since: datetime
) -> Promise | None:
    """Give the promise of a first answer to a customer who has waited since then."""
    return strictest(policies, names, Metric.FIRST_RESPONSE, channel_class, since)


def _promise(
    name: str, policy: SlaPolicy, metric: Metric, channel_class: str, since: datetime
) -> Promise | None:
    usual_s = policy.targets_s.get(metric)
    target_s = policy.by_class.get(channel_class, {}).get(metric, usual_s)
    started_at = since if policy.calendar is None else policy.calendar.next_open(since)
    if target_s is None or started_at is None:
        return None
    due_at = due_after(policy.calendar, started_at, target_s)
    if due_at is None:
        return None
    return Promise(
        metric=metric, policy=name, terms=policy, started_at=started_at, target_s=target_s, due_at=due_at
    )
