"""The alarm of reachability: work the rules can produce that nobody on shift could serve any more.

In: who is here, after every change. Out: a decision when work that should be served cannot be, and when it
can again. On shift is everybody who is not offline. Somebody who comes right back raises no alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from router.engine.config import EngineConfig, Watched
from router.engine.deadlines import DeadlineKind, Deadlines
from router.engine.decisions import Act, Decision
from router.engine.lanes import Lane
from router.engine.matching import Matching
from router.engine.needs import needs_to_json
from router.engine.reachability import Person, can_serve, firm_needs
from router.engine.staff import Agent, ProfileKey
from router.engine.times import to_iso
from router.messages import JsonObject
from router.model.presence import PresenceState

LOST, REGAINED, CLOSED = "lost", "regained", "closed"

_PROFILES_KEPT = 4_096
_LOOKED_AHEAD = 50


class _Guarded:
    """What is known of one watched work."""

    __slots__ = ("able", "broken_at", "is_raised", "left", "watched")

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        # how many on shift can serve it
        self.able = 0
        # since when nobody could, though somebody should
        self.broken_at: datetime | None = None
        self.is_raised = False
        # who could until then
        self.left: tuple[str, ...] = ()


class Guard:
    """Counts for each watched work who on shift can serve it."""

    __slots__ = (
        "_after",
        "_covers",
        "_deadlines",
        "_guarded",
        "_is_new",
        "_matching",
        "_on_shift",
        "_seen",
        "due_at",
    )

    def __init__(self, config: EngineConfig, matching: Matching, deadlines: Deadlines) -> None:
        self._after = timedelta(seconds=config.alarm_after_s)
        self._matching = matching
        self._deadlines = deadlines
        # the simplest first, so that an alarm about it speaks for those that ask more
        simplest_first = sorted(config.watched, key=lambda one: len(one.needs))
        self._guarded = [_Guarded(watched) for watched in simplest_first]
        self._covers: dict[ProfileKey, tuple[int, ...]] = {}
        # agent id to the works he was counted for
        self._seen: dict[str, tuple[int, ...]] = {}
        self._on_shift = 0
        self._is_new = True
        self.due_at: datetime | None = None

    def look(self, now: datetime, *, people_changed: bool) -> Iterator[Decision]:
        """Give the alarms that begin or end now."""
        if not self._guarded or not (people_changed or self._is_new or self._is_due(now)):
            return
        if people_changed or self._is_new:
            self._is_new = False
            self._count()
        for each in self._guarded:
            yield from self._judge(each, now)
        self._set_deadline(now)

    def _is_due(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at <= now

    def _count(self) -> None:
        """Count again whom the change of people concerns."""
        left: dict[int, list[str]] = {}
        agents = self._matching.agents
        for agent_id in [id for id in self._seen if id not in agents]:
            self._recount(agent_id, (), left)
        self._on_shift = 0
        for agent in agents.values():
            on_shift = agent.is_staff and agent.presence is not PresenceState.OFFLINE
            self._on_shift += on_shift
            self._recount(agent.id, self._covered(agent) if on_shift else (), left)
        for index, people in left.items():
            if not self._guarded[index].able:
                self._guarded[index].left = tuple(people)
        for each in self._guarded if not self._on_shift else ():
            # the day is over: who is missing tomorrow only a roster can say
            each.left = () if each.watched.promised is None else each.left

    def _recount(self, agent_id: str, covered: tuple[int, ...], left: dict[int, list[str]]) -> None:
        before = self._seen.get(agent_id, ())
        if covered == before:
            return
        for index in before:
            self._guarded[index].able -= 1
            left.setdefault(index, []).append(agent_id)
        for index in covered:
            self._guarded[index].able += 1
        if covered:
            self._seen[agent_id] = covered
        else:
            self._seen.pop(agent_id, None)

    def _covered(self, agent: Agent) -> tuple[int, ...]:
        """Give the works people of a profile can serve."""
        profile = agent.profile
        found = self._covers.get(profile.key)
        if found is None:
            if len(self._covers) >= _PROFILES_KEPT:
                self._covers.clear()
            person = Person(name="", skills=profile.skills, queues=profile.queues)
            found = self._covers[profile.key] = tuple(
                index
                for index, each in enumerate(self._guarded)
                if can_serve(person, each.watched.queue, each.watched.needs)
            )
        return found

    def _judge(self, each: _Guarded, now: datetime) -> Iterator[Decision]:
        is_expected = self._is_expected(each, now)
        if each.able or not is_expected:
            each.broken_at = None
            if each.is_raised:
                each.is_raised = False
                yield self._decision(each, now, REGAINED if each.able else CLOSED)
            return
        if each.broken_at is None:
            each.broken_at = now
        if not each.is_raised and now - each.broken_at >= self._after and not self._is_spoken_for(each):
            each.is_raised = True
            yield self._decision(each, now, LOST)

    def _is_expected(self, each: _Guarded, now: datetime) -> bool:
        """Tell whether somebody should be there; without a roster, whoever could until somebody left."""
        watched = each.watched
        if watched.hours and not any(hours.is_open(now) for hours in watched.hours):
            return False
        return bool(each.left) if watched.promised is None else watched.promised.is_open(now)

    def _is_spoken_for(self, each: _Guarded) -> bool:
        """Tell whether an alarm about less in the same queue stands."""
        return any(
            other.is_raised
            and other.watched.queue == each.watched.queue
            and set(other.watched.needs) < set(each.watched.needs)
            for other in self._guarded
        )

    def _set_deadline(self, now: datetime) -> None:
        """Look again when an alarm is due, or when hours begin or end without anybody there."""
        before = self.due_at
        moments = [at for each in self._guarded if (at := self._next_look(each, now)) is not None]
        self.due_at = min(moments, default=None)
        if self.due_at is not None and self.due_at != before:
            self._deadlines.add(self.due_at, DeadlineKind.GUARD, "")

    def _next_look(self, each: _Guarded, now: datetime) -> datetime | None:
        if each.able:
            return None
        if each.broken_at is None:
            return _next_expected(each.watched, now)
        if each.broken_at + self._after > now:
            return each.broken_at + self._after
        ends = [hours.open_until(now) for hours in each.watched.hours if hours.is_open(now)]
        ends += [] if each.watched.promised is None else [each.watched.promised.open_until(now)]
        return min((at for at in ends if at is not None), default=None)

    def _decision(self, each: _Guarded, now: datetime, state: str) -> Decision:
        watched = each.watched
        able = [id for id, covered in self._seen.items() if each in (self._guarded[at] for at in covered)]
        record: JsonObject = {
            "act": Act.REACHABILITY.value,
            "at": to_iso(now),
            "state": state,
            "queue": watched.queue,
            "needs": needs_to_json(watched.needs),
            "rules": list(watched.rules),
            "left": list(each.left),
            "missing": self._missing(watched, now) if state == LOST else [],
            "able": able,
            "waiting": sum(lane.size for lane in self._concerned(watched)),
            "since": None if each.broken_at is None else to_iso(each.broken_at),
        }
        return Decision(act=Act.REACHABILITY, at=now, record=record)

    def _missing(self, watched: Watched, now: datetime) -> list[str]:
        """Name who should be here now by the roster, and is not."""
        agents = self._matching.agents
        here = {id for id, agent in agents.items() if agent.presence is not PresenceState.OFFLINE}
        return sorted(id for id, hours in watched.expected if id not in here and hours.is_open(now))

    def _concerned(self, watched: Watched) -> Iterable[Lane]:
        """Give the lanes whose items ask this or more."""
        asked = set(watched.needs)
        for key, lane in self._matching.lanes.items():
            if lane.size and key.queue == watched.queue and asked <= set(firm_needs(key.needs)):
                yield lane


def _next_expected(watched: Watched, now: datetime) -> datetime | None:
    """Give when somebody should be there next; None without hours of any kind, where only people say."""
    at: datetime | None = now
    for _ in range(_LOOKED_AHEAD):
        opens = [hours.next_open(at) for hours in watched.hours if at is not None]
        known = [moment for moment in opens if moment is not None]
        after = min(known, default=None) if watched.hours else at
        if after is not None and watched.promised is not None:
            after = watched.promised.next_open(after)
        if after is None or after == at:
            break
        at = after
    return at if at is not None and at > now and (watched.hours or watched.promised) else None
