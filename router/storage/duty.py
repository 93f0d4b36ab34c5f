"""Who is here and when he will not be, and the incidents that are on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from router.errors import NotFound, RoutingError
from router.ids import new_id
from router.model.presence import PresenceState
from router.storage.schema import absence, agent, incident, offer, presence

GONE = frozenset({"away", "offline"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A planned absence; `until` None lasts until told otherwise."""

    agent_id: str
    since: datetime
    until: datetime | None
    reason: str
    planned_by: str
    planned_at: datetime


def store_presence(
    connection: Connection,
    agent_id: str,
    state: str,
    reason: str,
    classes: Sequence[str] | None,
    at: datetime,
) -> None:
    """Keep an agent's presence, since when it lasts, and that coming back ends a planned absence.

    Whoever is away and then offline has been gone since the first of it.
    """
    values = {"state": state, "reason": reason, "classes": classes, "since": at}
    before = connection.execute(select(presence).where(presence.c.agent_id == agent_id)).first()
    if before is None:
        connection.execute(insert(presence).values(agent_id=agent_id, **values))
        return
    if before.state == state or {before.state, state} <= GONE:
        values["since"] = before.since
    connection.execute(update(presence).where(presence.c.agent_id == agent_id).values(**values))
    if state == PresenceState.AVAILABLE and before.state != state:
        begun = (absence.c.agent_id == agent_id) & (absence.c.since <= at)
        connection.execute(delete(absence).where(begun))


def give_time_again(connection: Connection, now: datetime) -> None:
    """Let open offers last as long again as they were made for: nobody could answer while nothing ran."""
    pending = connection.execute(select(offer).where(offer.c.state == "pending")).all()
    for row in pending:
        until = now + (row.expires_at - row.offered_at)
        connection.execute(update(offer).where(offer.c.id == row.id).values(expires_at=until))


def store_absence(connection: Connection, planned: Absence) -> None:
    """Keep a planned absence in place of an earlier one. Raises NotFound, RoutingError for one that is over."""
    known = select(agent.c.id).where(agent.c.id == planned.agent_id, agent.c.active)
    if connection.execute(known).first() is None:
        raise NotFound("there is no such agent")
    if planned.until is not None and planned.until <= max(planned.since, planned.planned_at):
        raise RoutingError("the absence would be over before it begins; give an end after its start")
    connection.execute(delete(absence).where(absence.c.agent_id == planned.agent_id))
    connection.execute(
        insert(absence).values(
            agent_id=planned.agent_id,
            since=planned.since,
            until=planned.until,
            reason=planned.reason,
            planned_by=planned.planned_by,
            planned_at=planned.planned_at,
        )
    )


def cancel_absence(connection: Connection, agent_id: str) -> None:
    """Take a planned absence back. Raises NotFound when none is planned."""
    if connection.execute(delete(absence).where(absence.c.agent_id == agent_id)).rowcount == 0:
        raise NotFound("no absence is planned")


def start_incident(connection: Connection, name: str, until: datetime, agent_id: str, at: datetime) -> None:
    """Switch an incident on. Raises RoutingError when it is on already."""
    end_incidents_past(connection, at)
    on = select(incident.c.id).where(incident.c.name == name, incident.c.ended_at.is_(None))
    if connection.execute(on).first() is not None:
        raise RoutingError(f"the incident {name!r} is on already; end it first to give it another end")
    connection.execute(
        insert(incident).values(id=new_id(), name=name, started_at=at, started_by=agent_id, until=until)
    )


def end_incident(connection: Connection, name: str, at: datetime) -> bool:
    """Switch an incident off; say whether it was on."""
    on = (incident.c.name == name) & incident.c.ended_at.is_(None)
    return connection.execute(update(incident).where(on).values(ended_at=at)).rowcount > 0


def end_incidents_past(connection: Connection, now: datetime) -> None:
    """End incidents whose time was over before the router could see it."""
    past = incident.c.ended_at.is_(None) & (incident.c.until <= now)
    connection.execute(update(incident).where(past).values(ended_at=incident.c.until))
