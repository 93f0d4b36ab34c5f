"""Rooms 4 and 5 again: what the rules in force would make of work that is pinned to older ones, and doing it.

In: a conversation whose work waits. Out: how it is routed and how it would be, who would be asked; and, when
asked to, the change in the store, on the timeline and in the engine. The work keeps its age.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from router.clock import Clock
from router.engine.decisions import Act
from router.engine.events import ItemChanged
from router.engine.rules import Triage
from router.engine.rules.facts import facts_from_shown
from router.engine.rules.stage import RulesInForce
from router.engine_room import EngineRoom
from router.errors import NotFound, StaleVersion
from router.messages import BlockKind
from router.model.desk import Rerouting, Routing
from router.model.filing import Row
from router.steering import Change, change_item
from router.storage.schema import message, work_item
from router.storage.store import Store
from router.triage import WRITTEN

KIND = "rerouted"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """An item as it is, and what the rules in force make of it."""

    row: Row
    version: int
    triage: Triage

    @property
    def before(self) -> Routing:
        """Give how it is routed."""
        return Routing(
            ruleset_version=self.row["ruleset_version"],
            queue=self.row["queue"],
            needs=self.row["needs"],
            boost_s=self.row["boost_s"],
            sla=self.row["sla"],
            matched_rules=self.row["triage"].get("matched", []),
            rule_errors=self.row["triage"].get("errors", []),
        )

    @property
    def after(self) -> Routing:
        """Give how it would be routed."""
        return Routing(
            ruleset_version=self.version,
            queue=self.triage.queue,
            needs=list(self.triage.needs),
            boost_s=self.triage.boost_s,
            sla=list(self.triage.sla_policies),
            matched_rules=list(self.triage.matched),
            rule_errors=list(self.triage.errors),
        )

    def values(self) -> dict[str, object]:
        """Give the columns that change."""
        decided = {
            "matched": list(self.triage.matched),
            "errors": list(self.triage.errors),
            "failed": list(self.triage.failed),
        }
        return {
            "queue": self.triage.queue,
            "needs": list(self.triage.needs),
            "boost_s": self.triage.boost_s,
            "sla": list(self.triage.sla_policies),
            "lead_s": self.triage.lead_s,
            "max_advance_s": self.triage.max_advance_s,
            "moved_from": None,
            "triage": {**self.row["triage"], **decided},
            "ruleset_version": self.version,
        }


class Reroutes:
    """Routes waiting work anew; `rules()` gives those in force."""

    def __init__(
        self, store: Store, clock: Clock, room: EngineRoom, rules: Callable[[], RulesInForce]
    ) -> None:
        self._store = store
        self._clock = clock
        self._room = room
        self._rules = rules

    async def preview(self, conversation_id: str) -> Rerouting:
        """Say what would change. Raises NotFound without open work, StaleVersion when somebody has it."""
        answer = await self._triage(conversation_id)
        changed = self._room.item_of({**answer.row, **self._moved(answer)})
        event = ItemChanged(at=self._clock.now(), item=changed, reason=KIND)
        asked = [
            decision.agent_id
            for decision in self._room.preview(event)
            if decision.act is Act.OFFERED and decision.item_id == changed.id and decision.agent_id
        ]
        return Rerouting(before=answer.before, after=answer.after, applied=False, asked=asked[:1])

    async def reroute(self, conversation_id: str, *, agent_id: str) -> Rerouting:
        """Route the work by the rules in force; it keeps its age. Raises NotFound, StaleVersion."""
        answer = await self._triage(conversation_id)
        now = self._clock.now()
        change = Change(
            conversation_id=conversation_id,
            agent_id=agent_id,
            kind=KIND,
            fields={"from": answer.before.queue, "queue": answer.after.queue, "version": answer.version},
            values=self._moved(answer),
            at=now,
        )
        row = await self._store.write(change_item, change)
        await self._room.tell(ItemChanged(at=now, item=self._room.item_of(row), reason=KIND))
        return Rerouting(before=answer.before, after=answer.after, applied=True, asked=[])

    def _moved(self, answer: _Answer) -> dict[str, object]:
        """Give what changes; in another queue the clocks of its needs begin anew."""
        if answer.before.queue == answer.after.queue:
            return answer.values()
        return {**answer.values(), "entered_queue_at": self._clock.now()}

    async def _triage(self, conversation_id: str) -> _Answer:
        """Apply the rules in force to the message that began the episode."""
        row, first = await self._read(conversation_id)
        facts = facts_from_shown(
            row["triage"].get("facts", {}),
            at=self._clock.now(),
            text=written_in(first.get("blocks", ())),
            subject=str(first.get("subject", "")),
        )
        facts = replace(facts, channel_class=row["channel_class"])
        version, ruleset = self._rules().choose(conversation_id, lambda rules: rules.triage(facts).queue)
        return _Answer(row=row, version=version, triage=ruleset.triage(facts))

    async def _read(self, conversation_id: str) -> tuple[Row, Mapping[str, Any]]:
        items = select(work_item).where(
            work_item.c.conversation_id == conversation_id, work_item.c.state != "done"
        )
        async with self._store.reading() as connection:
            row = (await connection.execute(items)).mappings().one_or_none()
            if row is None:
                raise NotFound("this conversation has no open work")
            if row["state"] == "claimed":
                raise StaleVersion("somebody has it already; put it back or transfer it instead")
            messages = (
                select(message.c.subject, message.c.blocks)
                .where(message.c.episode_id == row["episode_id"], message.c.direction == "inbound")
                .order_by(message.c.id)
                .limit(1)
            )
            first = (await connection.execute(messages)).mappings().one_or_none()
        return dict(row), dict(first or {})


def written_in(blocks: object) -> str:
    """Join what the customer wrote, from the blocks of a stored message."""
    given = blocks if isinstance(blocks, list) else []
    written = {kind.value for kind in WRITTEN}
    return "\n".join(
        str(block["text"])
        for block in given
        if block.get("kind", BlockKind.TEXT.value) in written and block.get("text")
    )
