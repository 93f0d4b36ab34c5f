"""Who of the agents is a person now, and colleagues who make room for that person.

In: log-ins, presence and load of everybody. Out: presence of the simulated agents, and the news of arrivals.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from router.demo.desk import Desk, Lost
from router.demo.scenes import Language
from router.storage.schema import login_session
from router.storage.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
SPEAKS_FROM_LEVEL = 3
FULL_HANDS_AT = 3


class Persons:
    """The agents somebody has logged in as; they are left to the person for good.

    `arrivals` gives, once for each person, the language spoken best: there is work to be brought.
    """

    def __init__(self, store: Store, desks: Mapping[str, Desk]) -> None:
        self._store = store
        self._desks = desks
        self._persons: set[str] = set()
        self._greeted: set[str] = set()
        self.arrivals: asyncio.Queue[Language] = asyncio.Queue()

    async def include(self, agent_id: str) -> bool:
        """Say whether somebody has logged in as this agent."""
        if agent_id not in self._persons:
            self._persons |= await self._logged_in()
        return agent_id in self._persons

    async def watch(self) -> None:
        """Make room for persons, every second."""
        while True:
            try:
                agents = (await next(iter(self._desks.values())).call("GET", "/agents"))["agents"]
                self._persons |= await self._logged_in()
                for agent in agents:
                    if agent["id"] not in self._persons:
                        await self._be(agent, self._wanted_presence(agent, agents))
                # only now: what an arrival brings must find the colleagues standing back
                for agent in agents:
                    if agent["id"] in self._persons - self._greeted:
                        self._greeted.add(agent["id"])
                        self.arrivals.put_nowait(_best_language(agent))
            except Lost as error:
                log.debug("colleagues: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    def _wanted_presence(self, agent: dict[str, Any], agents: Sequence[dict[str, Any]]) -> str:
        """Say whether a colleague takes work: not what a person with hands free could take."""
        for person in agents:
            has_hands_free = (
                person["id"] in self._persons
                and person["presence"]["state"] == "available"
                and person["claims"] < min(FULL_HANDS_AT, person["max_claims"] or FULL_HANDS_AT)
            )
            if has_hands_free and _languages(person) & _languages(agent):
                return "busy"
        return "available"

    async def _be(self, agent: dict[str, Any], state: str) -> None:
        if agent["presence"]["state"] != state:
            reason = "leaves new work to you" if state == "busy" else ""
            await self._desks[agent["id"]].be(state, reason)

    async def _logged_in(self) -> set[str]:
        """Find who is logged in with a password; programs have tokens."""
        async with self._store.reading() as connection:
            return set((await connection.execute(select(login_session.c.agent_id))).scalars())


def _languages(agent: dict[str, Any]) -> set[str]:
    return {
        skill
        for skill, level in agent["skills"].items()
        if skill.startswith("lang-") and level >= SPEAKS_FROM_LEVEL
    }


def _best_language(agent: dict[str, Any]) -> Language:
    skills = agent["skills"]
    return "zh" if skills.get("lang-zh", 0) > skills.get("lang-en", 0) else "en"
