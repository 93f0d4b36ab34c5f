"""What a provider demands of open work: answer since then, and before the thread closes.

In: what providers said last of their threads, and what customer and shop said since. Out: the due time each
piece of open work has besides its promises, in the store and told to the engine as an `ItemChanged`. Of that
and the promises the one that makes an item urgent first counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from router.clock import Clock
from router.engine.clocks.targets import Promise, strictest
from router.engine.config import EngineConfig, Metric, SlaPolicy
from router.engine.events import ItemChanged
from router.engine_room import EngineRoom
from router.errors import StoreUnavailable
from router.model.filing import Row
from router.storage.platform_dues import Demanded, PlatformDue, read_demanded, save_due
from router.storage.store import Store
from router.threads import Turn

CLOSING_LEAD_S = 900
"""How long before a thread closes it is to be answered, where no policy of the work says how early."""

REASON = "platform"
_RETRY_S = 1.0
_ANSWERS = (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE)


class RulesNow(Protocol):
    """The rules in force."""

    @property
    def engine_config(self) -> EngineConfig:
        """Give what the engine is told of the rules."""
        ...


class PlatformClocks:
    """Keeps what providers demand of open work."""

    def __init__(self, store: Store, clock: Clock, room: EngineRoom, rules: RulesNow) -> None:
        self._store = store
        self._clock = clock
        self._room = room
        self._rules = rules
        self._asked: set[str] = set()
        # conversations with open work whose provider says something; most channels have none
        self._watched: set[str] = set()
        self._wake = asyncio.Event()

    def stated(self, conversation_ids: Collection[str]) -> None:
        """Look in a moment at conversations that began, or of which a provider said something."""
        self._watched.update(conversation_ids)
        self.said(conversation_ids)

    def said(self, conversation_ids: Collection[str]) -> None:
        """Look in a moment at those conversations, of which something was said, that a provider counts for."""
        asked = self._watched.intersection(conversation_ids)
        if asked:
            self._asked |= asked
            self._wake.set()

    async def recover(self) -> None:
        """Bring all open work up to date, before the engine is rebuilt from the store."""
        for demanded in await self._read(None):
            self._watched.add(demanded.item["conversation_id"])
            due = self._due(demanded)
            if due != demanded.known:
                await self._store.write(save_due, demanded.item, due, self._leads())

    async def run(self) -> None:
        """Follow what is said until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            asked, self._asked = self._asked, set()
            try:
                await self.follow(asked)
            except StoreUnavailable:
                self.stated(asked)
                await asyncio.sleep(_RETRY_S)

    async def follow(self, conversation_ids: Collection[str]) -> None:
        """Bring the open work of conversations up to date now."""
        found = await self._read(conversation_ids)
        self._watched.difference_update(conversation_ids)
        self._watched.update(demanded.item["conversation_id"] for demanded in found)
        for demanded in found:
            due = self._due(demanded)
            if due != demanded.known:
                row = await self._store.write(save_due, demanded.item, due, self._leads())
                changed = ItemChanged(at=self._clock.now(), item=self._room.item_of(row), reason=REASON)
                await self._room.tell(changed)

    async def _read(self, conversation_ids: Collection[str] | None) -> list[Demanded]:
        async with self._store.reading() as connection:
            return await connection.run_sync(read_demanded, conversation_ids)

    def _leads(self) -> dict[str, float]:
        return {name: policy.lead_s for name, policy in self._rules.engine_config.sla.items()}

    def _due(self, demanded: Demanded) -> PlatformDue | None:
        return demanded_due(self._rules.engine_config.sla, demanded, self._clock.now())


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What the shop owes: since when an answer, and until when the thread takes one."""

    since: datetime | None
    closes_at: datetime | None


def demanded_due(policies: Mapping[str, SlaPolicy], demanded: Demanded, now: datetime) -> PlatformDue | None:
    """Say when a provider wants an answer; None while it is not the shop's turn. Pure."""
    waiting = _waiting(demanded, now)
    dues = []
    promise = _promise(policies, demanded.item, waiting.since, is_answered=demanded.answered_at is not None)
    if promise is not None:
        dues.append(PlatformDue(due_at=promise.due_at, lead_s=int(promise.terms.lead_s)))
    if waiting.closes_at is not None:
        names = demanded.item["sla"]
        leads = [policies[name].lead_s for name in names if name in policies and policies[name].lead_s]
        lead_s = int(max(leads, default=CLOSING_LEAD_S))
        dues.append(PlatformDue(due_at=waiting.closes_at - timedelta(seconds=lead_s), lead_s=lead_s))
    return min(dues, key=lambda due: due.urgent_at, default=None)


def _waiting(demanded: Demanded, now: datetime) -> _Waiting:
    state, answered_at = demanded.state, demanded.answered_at
    if state["turn"] in (Turn.CUSTOMER, Turn.NOBODY):
        return _Waiting(None, None)
    since = state["reply_needed_since"]
    if since is not None and answered_at is not None and answered_at >= since:
        since = None
    closes_at = state["closes_at"]
    is_shops = since is not None or _is_newer(demanded.asked_at, answered_at)
    if closes_at is not None and (closes_at <= now or not is_shops):
        closes_at = None
    return _Waiting(since, closes_at)


def _is_newer(asked_at: datetime | None, answered_at: datetime | None) -> bool:
    return asked_at is not None and (answered_at is None or answered_at < asked_at)


def _promise(
    policies: Mapping[str, SlaPolicy], item: Row, since: datetime | None, *, is_answered: bool
) -> Promise | None:
    """Give the promise of an answer to who waits since then; where only the other kind is made, that one."""
    if since is None:
        return None
    metrics = reversed(_ANSWERS) if is_answered else _ANSWERS
    found = (strictest(policies, item["sla"], one, item["channel_class"], since) for one in metrics)
    return next((promise for promise in found if promise is not None), None)
