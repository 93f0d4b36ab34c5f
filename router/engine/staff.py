"""The people: who is here, what they can do, how much they have, and who was asked longest ago.

People with the same skills and channel classes share a `Profile`; the profile keeps those of them who can
take one more item in the order they are to be asked.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from datetime import datetime

from router.model.presence import PresenceState

FreeEntry = tuple[float, float, int, str]
"""Load ratio, time of the last offer, place on the ring, agent id: smaller is asked first."""

ProfileKey = tuple[frozenset[tuple[str, int]], frozenset[str] | None]


class Agent:
    """One person as the engine sees him; changed only by the engine."""

    __slots__ = (
        "asleep",
        "claims",
        "entry",
        "id",
        "is_staff",
        "last_offer",
        "max_claims",
        "offered",
        "place",
        "presence",
        "profile",
        "rest_reason",
        "rests_until",
        "unanswered",
    )

    def __init__(self, id: str, place: int, profile: Profile) -> None:
        self.id = id
        self.place = place
        self.profile = profile
        self.presence = PresenceState.OFFLINE
        self.max_claims = 0
        # item ids, in the order they came (a set would make runs differ)
        self.claims: dict[str, None] = {}
        self.offered: dict[str, None] = {}
        # the claims whose customer is the one who is waited for
        self.asleep: dict[str, None] = {}
        # asked for nothing before this time, and why
        self.rests_until: datetime | None = None
        self.rest_reason = ""
        self.last_offer = -math.inf
        self.unanswered = 0
        # False for a person removed or never introduced: known only until his last claim ends
        self.is_staff = False
        self.entry: FreeEntry | None = None

    @property
    def is_present(self) -> bool:
        """Tell whether the person takes work at all."""
        return self.presence is PresenceState.AVAILABLE

    @property
    def load(self) -> int:
        """Count what the person has: claims and open offers."""
        return len(self.claims) + len(self.offered)

    @property
    def has_room(self) -> bool:
        """Tell whether one more offer is allowed."""
        return self.is_present and self.rests_until is None and self.load < self.max_claims

    def rest(self, until: datetime, reason: str) -> None:
        """Ask the person for nothing before `until`; a longer rest stays as it is."""
        if self.rests_until is None or self.rests_until < until:
            self.rests_until, self.rest_reason = until, reason
            self.profile.refresh(self)

    def retire(self) -> None:
        """Forget what only matters for being asked; the person starts anew should he come back."""
        self.is_staff = False
        self.last_offer = -math.inf
        self.unanswered = 0


class Profile:
    """What people with the same skills and classes have in common."""

    __slots__ = ("classes", "free", "key", "members", "present", "skills")

    def __init__(self, key: ProfileKey) -> None:
        self.key = key
        self.skills: Mapping[str, int] = dict(sorted(key[0]))
        self.classes = key[1]
        self.members: dict[str, Agent] = {}
        self.present = 0
        self.free: list[FreeEntry] = []

    def refresh(self, agent: Agent) -> None:
        """File the person anew after his load, presence or last offer changed."""
        self.withdraw(agent)
        if agent.has_room:
            agent.entry = (agent.load / agent.max_claims, agent.last_offer, agent.place, agent.id)
            insort(self.free, agent.entry)

    def withdraw(self, agent: Agent) -> None:
        """Take the person out of those who can be asked."""
        if agent.entry is not None:
            del self.free[bisect_left(self.free, agent.entry)]
            agent.entry = None

    def next_free(self, start: int, passed_over: Mapping[str, str]) -> Sequence[FreeEntry]:
        """Give the two who are asked first: lowest load, longest since an offer, next on the ring."""
        free = self.free
        if passed_over:
            free = [entry for entry in free if entry[3] not in passed_over]
        if len(free) < 2 or free[0][:2] != free[1][:2]:
            return free[:2]
        alike = free[0][:2]
        first = bisect_left(free, (*alike, start, ""))
        if first == len(free) or free[first][:2] != alike:
            return free[:2]
        second = first + 1
        if second == len(free) or free[second][:2] != alike:
            second = 0
        return free[first], free[second]


def profile_key(skills: Mapping[str, int], classes: frozenset[str] | None) -> ProfileKey:
    """Give what makes two people interchangeable for the gates."""
    return frozenset(skills.items()), classes
