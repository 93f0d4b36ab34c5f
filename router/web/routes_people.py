"""Calls about people: log in and out, who am I, presence, colleagues, API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from aiohttp import web
from pydantic import Field

from router.live import LiveEvent
from router.model.desk import Agent, AgentOnDuty, ApiToken, Presence
from router.model.presence import PresenceState
from router.people import create_token, revoke_token
from router.storage.views.people import list_agents, list_tokens, read_agent, require_token
from router.web.asking import reading
from router.web.auth import Caller, Doorkeeper
from router.web.binder import Body, Call, Line, Name, json_response
from router.web.problems import Problem
from router.web.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """Who has just logged in."""

    agent: Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentList:
    """Everybody who works here."""

    agents: Sequence[AgentOnDuty]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenList:
    """API tokens in use."""

    tokens: Sequence[ApiToken]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """An API token, shown this once."""

    id: str
    name: str
    token: str = field(repr=False)


class LogIn(Body):
    """Login and password."""

    login: Name
    password: Line = Field(repr=False)


class SetPresence(Body):
    """The presence to take; `classes` limits the channel classes taken, absent or null means all."""

    # a name in JSON, which the strict body alone would not take for the member it names
    state: Annotated[PresenceState, Field(strict=False)]
    reason: Line = ""
    classes: Annotated[list[Name], Field(max_length=20)] | None = None


class MakeToken(Body):
    """A name to know the token by; `agent` is the id of who it acts as, oneself if absent."""

    name: Name
    agent: Name | None = None


class PeopleCalls:
    """Calls about people."""

    def __init__(self, services: Services, doorkeeper: Doorkeeper) -> None:
        self._services = services
        self._doorkeeper = doorkeeper

    def calls(self) -> list[Call]:
        """List the calls."""
        return [
            Call(
                method="POST",
                path="/session",
                action=self.log_in,
                public=True,
                holds=LoggedIn,
                raises=("not_logged_in", "rate_limited", "forbidden"),
            ),
            Call(method="DELETE", path="/session", action=self.log_out, status=204, holds=None),
            Call(method="GET", path="/me", action=self.who_am_i),
            Call(method="PUT", path="/me/presence", action=self.set_presence),
            Call(method="GET", path="/agents", action=self.list_agents),
            Call(method="GET", path="/tokens", action=self.list_tokens),
            Call(method="POST", path="/tokens", action=self.make_token, status=201, raises=("not_found",)),
            Call(method="DELETE", path="/tokens/{token_id}", action=self.revoke_token, status=204),
        ]

    async def log_in(self, request: web.Request, body: LogIn) -> web.Response:
        """Log in with login and password; the answer sets the cookie."""
        agent_id, cookie = await self._doorkeeper.log_in(request, body.login, body.password)
        async with self._services.store.reading() as conn:
            agent = await read_agent(conn, agent_id)
        response = json_response(LoggedIn(agent=agent))
        self._doorkeeper.set_cookie(request, response, cookie)
        return response

    async def log_out(self, request: web.Request, caller: Caller) -> web.Response:
        """Log out: the log-in ends here and in the browser."""
        await self._doorkeeper.log_out(request)
        response = web.Response(status=204)
        self._doorkeeper.clear_cookie(request, response)
        return response

    async def who_am_i(self, caller: Caller) -> Agent:
        """Say who is asking."""
        async with self._services.store.reading() as conn:
            return await read_agent(conn, caller.agent_id)

    async def set_presence(self, caller: Caller, body: SetPresence) -> Presence:
        """Be available, busy, away or offline."""
        await self._services.offers.set_presence(caller.agent_id, body.state, body.reason, body.classes)
        self._services.live.publish(LiveEvent(topic="presence", data={"agent_id": caller.agent_id}))
        return (await self.who_am_i(caller)).presence

    async def list_agents(self, caller: Caller) -> AgentList:
        """List the agents with presence and conversations in hand."""
        async with self._services.store.reading() as conn:
            return AgentList(agents=await list_agents(conn, self._services.steering.engine_config.capacity))

    async def list_tokens(self, caller: Caller) -> TokenList:
        """List one's own API tokens; an admin sees everybody's."""
        async with reading(self._services, caller) as (conn, scope):
            return TokenList(tokens=await list_tokens(conn, scope))

    async def make_token(self, caller: Caller, body: MakeToken) -> NewToken:
        """Make an API token; only an admin may make one for another agent."""
        agent_id = body.agent or caller.agent_id
        if agent_id != caller.agent_id and caller.role != "admin":
            raise Problem(403, "forbidden", "Only an admin makes tokens for others.")
        secret = await create_token(self._services.store, agent_id, body.name, self._services.clock.now())
        return NewToken(id=secret.id, name=body.name, token=secret.text)

    async def revoke_token(self, caller: Caller, token_id: str) -> None:
        """Revoke an API token; it ends at once."""
        async with reading(self._services, caller) as (conn, scope):
            await require_token(conn, scope, token_id)
        await self._services.store.write(revoke_token, token_id, self._services.clock.now())
