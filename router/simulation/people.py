"""The people of a list: those of the roster, and those the list itself brings.

In: lines about people. Out: events; what a line leaves out stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from router.documents.suggestions import did_you_mean
from router.engine.event_json import from_json
from router.engine.events import AgentChanged, Event, PresenceChanged
from router.engine.roster import Roster, RosterAgent
from router.engine.rules import RuleSet
from router.errors import ConfigError
from router.messages import JsonObject
from router.model.presence import PresenceState
from router.simulation.event_list import Line
from router.simulation.queueing import Queueing

_INTRODUCING = frozenset({"agent_skills", "agent_restored"})


class People:
    """Knows who there is, and what each can do and carry."""

    def __init__(
        self, ruleset: RuleSet, queueing: Queueing, roster: Roster | None, lines: Sequence[Line]
    ) -> None:
        self._queueing = queueing
        self._units = ruleset.model.capacity.units
        self._changed: dict[str, AgentChanged] = {}
        self._on_staff = dict(roster.agents) if roster is not None else {}
        self.has_own_presence = frozenset(
            str(line.entry["agent"]) for line in lines if line.kind in ("presence", "agent_restored")
        )
        introduced = [str(line.entry["agent"]) for line in lines if line.kind in _INTRODUCING]
        self._without_skills = roster is None
        if self._without_skills:
            # Nothing to compare a name with: somebody who only comes and goes has no skills.
            introduced += [str(line.entry["agent"]) for line in lines if line.kind == "presence"]
        self.names = dict.fromkeys([*self._on_staff, *introduced])

    def introduced(self, at: datetime) -> list[AgentChanged]:
        """Bring everybody of the roster."""
        return [self._kept(agent_changed(agent, at)) for agent in self._on_staff.values()]

    def by_shifts(self) -> list[RosterAgent]:
        """Give those who come and go by their shifts: all whose presence the list leaves out."""
        return [agent for agent in self._on_staff.values() if agent.login not in self.has_own_presence]

    def known(self, name: str) -> None:
        """Refuse a name nobody has."""
        if name not in self.names:
            raise ConfigError(f"unknown agent `{name[:60]}`", hint=did_you_mean(name, list(self.names)))

    def may_serve(self, name: str, queue: str) -> bool:
        """Say whether somebody may have work of a queue; supervisors may have all of it."""
        agent, known = self._on_staff.get(name), self._changed.get(name)
        if agent is not None and agent.role != "agent":
            return True
        return known is None or known.queues is None or queue in known.queues

    def events(self, line: Line) -> list[Event]:
        """Give the events of a line about a person; raises ConfigError."""
        name = str(line.entry["agent"])
        self.known(name)
        if line.kind == "agent_skills":
            return [self._skills(line, name)]
        if line.kind != "presence":
            return [from_json(line.entry)]
        event = _presence(line)
        if name in self._changed:
            return [event]
        return [self._kept(AgentChanged(at=line.at, agent_id=name, skills={}, units=self._units)), event]

    def _skills(self, line: Line, name: str) -> AgentChanged:
        before = self._changed.get(name)
        if before is None and "skills" not in line.entry:
            raise ConfigError(f"`{name}` comes without skills", hint='Give "skills": {} for none.')
        kept = {} if before is None else _as_entry(before)
        entry = {"units": self._units, **kept, **line.entry, "at": line.at.isoformat()}
        event = from_json(entry)
        if not isinstance(event, AgentChanged):
            raise ConfigError("this line brings no person")
        if not all(0 <= level <= 5 for level in event.skills.values()):
            raise ConfigError("levels run from 0 to 5", hint='Write {"refunds": 3}.')
        for skill in event.skills:
            self._queueing.known_skill(skill)
        for queue in sorted(event.queues or ()):
            self._queueing.known_queue(queue)
        return self._kept(event)

    def _kept(self, event: AgentChanged) -> AgentChanged:
        self._changed[event.agent_id] = event
        return event


def agent_changed(agent: RosterAgent, at: datetime) -> AgentChanged:
    """Say what a person of a roster can do and carry."""
    return AgentChanged(
        at=at,
        agent_id=agent.login,
        skills=agent.skills,
        expires=agent.expires,
        units=agent.units,
        max_claims=agent.max_claims,
        queues=agent.queues,
    )


def _as_entry(event: AgentChanged) -> JsonObject:
    return {
        "skills": dict(event.skills),
        "expires": {skill: at.isoformat() for skill, at in event.expires.items()},
        "units": event.units,
        "max_claims": event.max_claims,
        "queues": None if event.queues is None else sorted(event.queues),
    }


def _presence(line: Line) -> PresenceChanged:
    try:
        state = PresenceState(str(line.entry.get("state")))
    except ValueError:
        shown = str(line.entry.get("state"))[:40]
        raise ConfigError(f"`{shown}` is no presence", hint=f"Use {', '.join(PresenceState)}.") from None
    classes = line.entry.get("classes")
    if classes is not None and (isinstance(classes, str) or not isinstance(classes, Sequence)):
        raise ConfigError("`classes` has to be a list", hint='Write ["chat", "email"], or leave it out.')
    return PresenceChanged(
        at=line.at,
        agent_id=str(line.entry["agent"]),
        state=state,
        classes=None if classes is None else frozenset(str(name) for name in classes),
    )
