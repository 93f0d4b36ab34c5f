"""What the engine is told once: queues, capacity, offers, leases, promises and incidents as the rules have them.

`router.engine.rules.configuring` makes it from a rules document; tests and tools build it by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from router.engine.calendars import Calendar
from router.engine.needs import Need

BALANCED = "balanced"
"""The strategy used where none is named: fit, load ratio, longest since the last offer."""


class QueueMode(StrEnum):
    """Which item of a queue goes first; the order against other queues is the waiting key in both modes."""

    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A strict tier: its items go before all others, in at most `part` of `whole` consecutive picks."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """New items go to queue `to` from `when_waiting` waiting items on, until only `back_at` wait."""

    to: str
    when_waiting: int
    back_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Items of the queue reach holders of a scarce skill only after they have waited `for_s`."""

    skill: str
    level: int = 1
    for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Units that everybody who satisfies `needs` keeps free for the queue."""

    units: int
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """Limits and manners of one queue.

    `max_advance_s` caps how much older a boost or a due time can make an item of this queue; items carry
    the value they were queued with, so that a changed rule does not move work that already waits.
    `affinity_s`: how long an item waits for its preferred person; at 0 he only goes first if he is free.
    `thin_staff`: with fewer people present than this who satisfy what is required, preferences are ignored.
    `wrap_up_s`: how long solved work still takes its room; None: as its channel class says.
    """

    offer_timeout_s: float = 30.0
    max_advance_s: float = 4 * 3600.0
    mode: QueueMode = QueueMode.OLDEST
    strategy: str = BALANCED
    share: Share | None = None
    overflow: Overflow | None = None
    protect: Protection | None = None
    reserve: Reserve | None = None
    affinity_s: float = 0.0
    thin_staff: int = 0
    wrap_up_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassConfig:
    """What one item of a channel class costs in units, and how many of it a person may have.

    Work of this class does not stand in the way of the classes in `interruptible_by`. For `wrap_up_s` after it
    is solved it still takes its room.
    """

    cost: int = 20
    max: int = 5
    interruptible_by: frozenset[str] = frozenset()
    wrap_up_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """At most `items` new items for one person within `per_s`."""

    items: int
    per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowStart:
    """For `for_s` after a person becomes available, at most `items` new items within `per_s`."""

    for_s: float
    items: int
    per_s: float


DEFAULT_CLASSES: Mapping[str, ClassConfig] = {
    "chat": ClassConfig(cost=20, max=5),
    "email": ClassConfig(cost=10, max=8),
    "phone": ClassConfig(cost=100, max=1),
    "marketplace": ClassConfig(cost=15, max=6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityConfig:
    """How much a person carries; a class not named costs what `ClassConfig` says by itself.

    `dormant`: the fraction of its cost, and of its place in the class, that an item takes while the
    customer is the one who is waited for.
    """

    classes: Mapping[str, ClassConfig] = field(default_factory=lambda: DEFAULT_CLASSES)
    dormant: float = 0.25
    ramp: Ramp | None = None
    slow_start: SlowStart | None = None

    def of(self, channel_class: str) -> ClassConfig:
        """Give what a channel class costs."""
        return self.classes.get(channel_class, _OTHER_CLASS)


_OTHER_CLASS = ClassConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferConfig:
    """Manners of offering, in seconds.

    `accepting_s` is the cap of setting up an accepted offer. After a refusal, a `busy` answer or no answer
    the person is left alone for the matching cool-down. `ask_again_s` after the last refusal an item that
    everybody refused is offered again. `max_unanswered` offers run out in a row set the person away.
    """

    accepting_s: float = 30.0
    reject_s: float = 0.0
    busy_s: float = 0.0
    no_answer_s: float = 0.0
    ask_again_s: float = 60.0
    max_unanswered: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseConfig:
    """How long a person who owes a reply may be silent, in seconds; None leaves the step out.

    `absent_s` is the grace for the holder of owed work who is away or offline.
    """

    nudge_s: float | None
    supervisor_s: float | None
    hand_back_s: float | None
    absent_s: float | None


DEFAULT_LEASES: Mapping[str, LeaseConfig] = {
    "chat": LeaseConfig(nudge_s=120, supervisor_s=240, hand_back_s=360, absent_s=60),
    "marketplace": LeaseConfig(nudge_s=600, supervisor_s=1200, hand_back_s=1800, absent_s=300),
    "email": LeaseConfig(nudge_s=3600, supervisor_s=7200, hand_back_s=14400, absent_s=900),
    "phone": LeaseConfig(nudge_s=None, supervisor_s=None, hand_back_s=None, absent_s=300),
}
OTHER_LEASE = LeaseConfig(nudge_s=600, supervisor_s=1200, hand_back_s=1800, absent_s=300)


class Metric(StrEnum):
    """What a promise is about."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaPolicy:
    """What is promised: working seconds per metric, counted in `calendar`, or by the clock without one.

    `by_class` overrides `targets_s` for a channel class. `lead_s` is how long before the due time an item
    counts as urgent. `pauses` names what stops the resolution clock: `customer` while he is waited for.
    `steps` are the per cent of the time at which people are told.
    """

    calendar: Calendar | None = None
    targets_s: Mapping[Metric, float] = field(default_factory=dict)
    by_class: Mapping[str, Mapping[Metric, float]] = field(default_factory=dict)
    lead_s: float = 0.0
    pauses: frozenset[str] = frozenset()
    steps: Sequence[int] = (50, 75, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentConfig:
    """What an incident changes while it lasts: queues that overflow at once, skills given up, units kept free.

    `lasts_s` ends it by itself when the start names no end.
    """

    overflow: frozenset[str] = frozenset()
    relax: frozenset[str] = frozenset()
    reserve: Mapping[str, int] = field(default_factory=dict)
    lasts_s: float = 2 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Work the rules can produce, by its queue and the needs nothing drops, for the alarm when nobody can.

    It is looked after while any of `hours` is open (empty: always), and while the roster promises somebody
    (`promised`; None: no roster is known), `expected` says whom and when. `rules` are the fewest that lead to it.
    """

    queue: str
    needs: tuple[Need, ...] = ()
    rules: tuple[str, ...] = ()
    hours: tuple[Calendar, ...] = ()
    promised: Calendar | None = None
    expected: tuple[tuple[str, Calendar], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """Everything an engine needs beside its events; a queue not named uses `default`.

    `lasting` are the skills no waiting ever drops: languages, legal, permissions. `watched` is the work an
    alarm is raised about once nobody on shift could serve it for `alarm_after_s`.
    """

    queues: Mapping[str, QueueConfig] = field(default_factory=dict)
    default: QueueConfig = field(default_factory=QueueConfig)
    capacity: CapacityConfig = field(default_factory=CapacityConfig)
    offers: OfferConfig = field(default_factory=OfferConfig)
    leases: Mapping[str, LeaseConfig] = field(default_factory=lambda: DEFAULT_LEASES)
    sla: Mapping[str, SlaPolicy] = field(default_factory=dict)
    incidents: Mapping[str, IncidentConfig] = field(default_factory=dict)
    lasting: frozenset[str] = frozenset()
    watched: tuple[Watched, ...] = ()
    alarm_after_s: float = 120.0

    def queue(self, name: str) -> QueueConfig:
        """Give the limits of the named queue."""
        return self.queues.get(name, self.default)

    def lease(self, channel_class: str) -> LeaseConfig:
        """Give how long the holder of such work may be silent."""
        return self.leases.get(channel_class, OTHER_LEASE)
