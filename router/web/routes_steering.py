"""Calls that steer: planned absences, incidents, priorities and pauses by hand, and what supervisors are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

from router.engine.times import from_iso
from router.errors import ConfigError
from router.live import SUPERVISORS, LiveEvent
from router.model.desk import Agent, Alarm, Conversation, Incident, IncidentPreview
from router.storage.views.conversations import read_conversation
from router.storage.views.people import read_agent, read_names
from router.storage.views.routing import list_alarms, list_incidents
from router.web.asking import WhetherPreview, WhichLanguage, reading, require_visible
from router.web.auth import Caller
from router.web.binder import Body, Call, Line, Name, whole
from router.web.problems import Problem
from router.web.services import Services

ALARMS_FOR = timedelta(days=1)
MOST_BOOST_S = 7 * 24 * 3600


def _moment(given: object) -> datetime:
    """Read a time as a body gives it: text, which the strict model alone would not take."""
    try:
        return from_iso(given if isinstance(given, str) else "")
    except ConfigError:
        raise ValueError("write a time with an offset, such as 2026-01-05T09:00:00Z") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Reason = Annotated[Line, Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentList:
    """The incidents the rules declare."""

    incidents: Sequence[Incident]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmList:
    """What supervisors were told in the last day, newest first."""

    alarms: Sequence[Alarm]


class PlanAbsence(Body):
    """From when one will be gone, and until when; without `until` it lasts until told otherwise."""

    since: Moment
    until: Moment | None = None
    reason: Line = ""


class StartIncident(Body):
    """The incident's name and when it ends by itself; without `until` it lasts as long as the rules say."""

    name: Name
    until: Moment | None = None


class Prioritise(Body):
    """By how much the item counts as older than it is, in seconds, and why."""

    boost_s: Annotated[int, Field(ge=0, le=MOST_BOOST_S), BeforeValidator(whole)]
    reason: Reason


class Pause(Body):
    """What the resolution waits for."""

    reason: Reason


class SteeringCalls:
    """Calls that steer."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._steering = services.steering

    def calls(self) -> list[Call]:
        """List the calls."""
        absence, one = "/agents/{agent_id}/absence", "/conversations/{conversation_id}"
        return [
            Call(method="POST", path=absence, action=self.plan_absence, raises=("bad_request", "forbidden")),
            Call(method="DELETE", path=absence, action=self.cancel_absence, raises=("forbidden",)),
            Call(method="GET", path="/incidents", action=self.list_incidents, supervisor=True),
            Call(
                method="POST",
                path="/incidents",
                action=self.start_incident,
                supervisor=True,
                raises=("not_found",),
            ),
            Call(method="DELETE", path="/incidents/{name}", action=self.end_incident, supervisor=True),
            Call(method="GET", path="/alarms", action=self.list_alarms, supervisor=True),
            Call(method="POST", path=f"{one}/priority", action=self.prioritise, supervisor=True),
            Call(
                method="POST", path=f"{one}/pause", action=self.pause, raises=("forbidden", "stale_version")
            ),
            Call(
                method="DELETE", path=f"{one}/pause", action=self.thaw, raises=("forbidden", "stale_version")
            ),
        ]

    # --- people -----------------------------------------------------------------------------------

    async def plan_absence(self, caller: Caller, agent_id: str, body: PlanAbsence) -> Agent:
        """Announce when one will be gone, or as a supervisor when a colleague will."""
        _require_own(caller, agent_id)
        await self._steering.plan_absence(
            agent_id, body.since, body.until, body.reason, planned_by=caller.agent_id
        )
        return await self._agent(agent_id)

    async def cancel_absence(self, caller: Caller, agent_id: str) -> Agent:
        """Take an announced absence back."""
        _require_own(caller, agent_id)
        await self._steering.cancel_absence(agent_id)
        return await self._agent(agent_id)

    async def _agent(self, agent_id: str) -> Agent:
        self._services.live.publish(LiveEvent(topic="presence", data={"agent_id": agent_id}))
        async with self._services.store.reading() as conn:
            return await read_agent(conn, agent_id)

    # --- incidents --------------------------------------------------------------------------------

    async def list_incidents(self, caller: Caller) -> IncidentList:
        """List the incidents the rules declare, and which are on."""
        names = self._steering.engine_config.incidents
        async with self._services.store.reading() as conn:
            return IncidentList(incidents=await list_incidents(conn, names))

    async def start_incident(
        self, caller: Caller, query: WhetherPreview, body: StartIncident
    ) -> IncidentPreview:
        """Switch an incident on, or with `preview=1` only say what it would change now."""
        preview = await self._steering.preview_incident(body.name, body.until)
        if query.preview == "0":
            await self._steering.start_incident(body.name, body.until, started_by=caller.agent_id)
            self._tell_incident()
        return preview

    async def end_incident(self, caller: Caller, name: str) -> IncidentList:
        """Switch an incident off before its time."""
        await self._steering.end_incident(name)
        self._tell_incident()
        return await self.list_incidents(caller)

    def _tell_incident(self) -> None:
        about = {"act": "incident", "conversation_id": None}
        self._services.live.publish(LiveEvent(topic="alarm", data=about, audience=SUPERVISORS))

    async def list_alarms(self, caller: Caller, query: WhichLanguage) -> AlarmList:
        """List what supervisors were told: silent holders, work nobody on shift can do, overflow, incidents."""
        since = self._services.clock.now() - ALARMS_FOR
        async with reading(self._services, caller) as (conn, _):
            stored = await list_alarms(conn, since)
            names = await read_names(conn)
        alarms = [
            Alarm(
                id=one.id,
                at=one.at,
                act=one.act,
                conversation_id=one.conversation_id or None,
                agent=one.agent,
                text=self._services.words(one.body, query.lang, names),
                body=one.body,
            )
            for one in stored
        ]
        return AlarmList(alarms=alarms)

    # --- work -------------------------------------------------------------------------------------

    async def prioritise(self, caller: Caller, conversation_id: str, body: Prioritise) -> Conversation:
        """Let an item count as older by hand; 0 takes it back."""
        await require_visible(self._services, caller, conversation_id)
        await self._steering.prioritise(conversation_id, body.boost_s, body.reason, agent_id=caller.agent_id)
        return await self._read(caller, conversation_id)

    async def pause(self, caller: Caller, conversation_id: str, body: Pause) -> Conversation:
        """Declare that the resolution waits for something outside: the promise of it rests."""
        await self._require_holder(caller, conversation_id)
        await self._steering.pause(conversation_id, body.reason, agent_id=caller.agent_id)
        return await self._read(caller, conversation_id)

    async def thaw(self, caller: Caller, conversation_id: str) -> Conversation:
        """Declare a pause over: the promise goes on with the time that was left."""
        await self._require_holder(caller, conversation_id)
        await self._steering.thaw(conversation_id, agent_id=caller.agent_id)
        return await self._read(caller, conversation_id)

    async def _require_holder(self, caller: Caller, conversation_id: str) -> None:
        work = (await self._read(caller, conversation_id)).work_item
        holder = work.claimed_by if work else None
        if not caller.supervises and (holder is None or holder.id != caller.agent_id):
            raise Problem(403, "forbidden", "Only who has the conversation, or a supervisor, may do this.")

    async def _read(self, caller: Caller, conversation_id: str) -> Conversation:
        async with reading(self._services, caller) as (conn, scope):
            return await read_conversation(conn, scope, conversation_id)


def _require_own(caller: Caller, agent_id: str) -> None:
    if agent_id != caller.agent_id and not caller.supervises:
        raise Problem(403, "forbidden", "Only a supervisor or an admin announces the absence of others.")
