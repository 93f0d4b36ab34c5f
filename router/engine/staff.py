"""The people: who is here, what they can do, how much they have, and who was asked longest ago.

People with the same skills, channel classes and queues share a `Profile`; the profile keeps a `Roll` of them
for each kind of work that is asked of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from router.engine.capacity import Holdings, Scales
from router.engine.pace import Brake, Pace
from router.engine.rolls import Demand, Roll
from router.engine.wrap_ups import WrapUp
from router.model.presence import PresenceState
from router.strategy import PersonSnapshot

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

ProfileKey = tuple[frozenset[tuple[str, int]], frozenset[str] | None, frozenset[str] | None]
"""Skills with levels, channel classes taken, queues served (None: all)."""

Watch = Callable[[datetime, str], None]
"""Takes when a gate opens by itself for the person of this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A planned absence; `until` None: until told otherwise. Until `is_begun` it is still to come."""

    since: datetime
    until: datetime | None
    is_begun: bool = False


class Agent:
    """One person as the engine sees him; changed only by the engine."""

    __slots__ = (
        "absence",
        "asleep",
        "brake",
        "claims",
        "expires",
        "gone_at",
        "holdings",
        "id",
        "is_staff",
        "last_offer",
        "offered",
        "pace",
        "place",
        "presence",
        "profile",
        "rest_reason",
        "rests_until",
        "unanswered",
        "watched_at",
        "wrapping",
    )

    def __init__(self, id: str, place: int, profile: Profile, scales: Scales, pace: Pace | None) -> None:
        self.id = id
        self.place = place
        self.profile = profile
        self.presence = PresenceState.OFFLINE
        # since when he is away or offline, None: he is not, or it is not known
        self.gone_at: datetime | None = None
        self.absence: Absence | None = None
        self.holdings = Holdings(scales)
        # item id to the channel class it was counted under
        self.claims: dict[str, str] = {}
        self.offered: dict[str, str] = {}
        # the claims whose customer is the one who is waited for
        self.asleep: dict[str, None] = {}
        # solved work that still takes room
        self.wrapping: dict[str, WrapUp] = {}
        self.last_offer = -math.inf
        self.unanswered = 0
        # skills lost at a time
        self.expires: dict[str, datetime] = {}
        # asked for nothing before this time, and why
        self.rests_until: datetime | None = None
        self.rest_reason = ""
        self.pace = pace
        self.brake: Brake | None = None
        self.watched_at: datetime | None = None
        # False for a person removed or never introduced: known only until his last claim ends
        self.is_staff = False

    @property
    def is_present(self) -> bool:
        """Tell whether the person takes work at all."""
        return self.presence is PresenceState.AVAILABLE and not self.is_absent

    @property
    def is_absent(self) -> bool:
        """Tell whether a planned absence has begun."""
        return self.absence is not None and self.absence.is_begun

    @property
    def gone_since(self) -> datetime | None:
        """Give since when nobody can expect him to answer; None while he is here, though he be busy."""
        is_gone = self.presence in (PresenceState.AWAY, PresenceState.OFFLINE)
        times = [self.gone_at or _LONG_AGO] if is_gone else []
        if self.absence is not None and self.absence.is_begun:
            times.append(self.absence.since)
        return min(times, default=None)

    @property
    def has_nothing(self) -> bool:
        """Tell whether the person has neither claims nor open offers nor after-call work."""
        return not self.claims and not self.offered and not self.wrapping

    @property
    def load(self) -> float:
        """Give the units in use: claims, open offers and after-call work."""
        return self.holdings.load

    @property
    def units(self) -> int:
        """Give the units the person carries in all."""
        return self.holdings.units

    @property
    def opens_at(self) -> datetime | None:
        """Give when the next gate opens for this person by itself."""
        if self.brake is None:
            return self.rests_until
        return self.brake.until if self.rests_until is None else min(self.brake.until, self.rests_until)

    def rest(self, until: datetime, reason: str) -> None:
        """Ask the person for nothing before `until`; a longer rest stays as it is."""
        if self.rests_until is None or self.rests_until < until:
            self.rests_until, self.rest_reason = until, reason
            self.profile.refresh(self)

    def was_offered(self, at: datetime) -> None:
        """Remember when the person was asked."""
        self.last_offer = max(self.last_offer, at.timestamp())
        if self.pace is not None:
            self.pace.asked((at,))
            self.brake = self.pace.brake(at)

    def became_available(self, at: datetime) -> None:
        """Begin the person's slow start."""
        self.unanswered = 0
        if self.pace is not None:
            self.pace.available_since = at
            self.brake = self.pace.brake(at)

    def restore_pace(
        self, available_since: datetime | None, offers: Sequence[datetime], now: datetime
    ) -> None:
        """Take over when the person came and was asked in an earlier run."""
        if self.pace is not None:
            self.pace.forget()
            self.pace.asked(offers)
            self.pace.available_since = available_since
            self.brake = self.pace.brake(now)

    def open_gates(self, now: datetime) -> None:
        """Let the person be asked again if his rest or his brake has ended."""
        if self.rests_until is not None and self.rests_until <= now:
            self.rests_until, self.rest_reason = None, ""
        if self.pace is not None:
            self.brake = self.pace.brake(now)
        self.profile.refresh(self)

    def retire(self) -> None:
        """Forget what only matters for being asked; the person starts anew should he come back."""
        self.is_staff = False
        self.last_offer = -math.inf
        self.unanswered = 0
        self.gone_at = None
        self.absence = None
        self.expires = {}
        self.rests_until, self.rest_reason = None, ""
        self.brake = None
        if self.pace is not None:
            self.pace.forget()

    def snapshot(self) -> PersonSnapshot:
        """Give what a strategy may rank the person by."""
        holdings = self.holdings
        return PersonSnapshot(
            holdings.ratio, holdings.units - holdings.load, self.last_offer, self.unanswered
        )


class Profile:
    """What people with the same skills, classes and queues have in common."""

    __slots__ = ("_watch", "classes", "key", "members", "present", "queues", "rolls", "skills")

    def __init__(self, key: ProfileKey, watch: Watch) -> None:
        self.key = key
        self._watch = watch
        self.skills: Mapping[str, int] = dict(sorted(key[0]))
        self.classes = key[1]
        self.queues = key[2]
        self.members: dict[str, Agent] = {}
        self.present = 0
        self.rolls: dict[Demand, Roll] = {}

    def refresh(self, agent: Agent) -> None:
        """File the person anew after what he has, his presence or his last offer changed."""
        opens_at = agent.opens_at
        if opens_at is not None and opens_at != agent.watched_at:
            self._watch(opens_at, agent.id)
        agent.watched_at = opens_at
        if not agent.is_present:
            self.withdraw(agent)
            return
        snapshot = agent.snapshot()
        for roll in self.rolls.values():
            roll.file(agent, snapshot)

    def withdraw(self, agent: Agent) -> None:
        """Take the person out of those who can be asked."""
        for roll in self.rolls.values():
            roll.withdraw(agent)


def profile_key(
    skills: Mapping[str, int], classes: frozenset[str] | None, queues: frozenset[str] | None = None
) -> ProfileKey:
    """Give what makes two people interchangeable for the gates that look at the profile."""
    return frozenset(skills.items()), classes, queues
