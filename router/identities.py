"""Room 3, by hand: say who is who and what belongs together, and take it back.

In: what an agent decides, with his reason. Out: rows in one transaction, then what it means for work as events
for the engine, and what changed for all desks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from router.clock import Clock
from router.engine.events import ClaimTaken, ClockRestored, Event, ItemChanged, ItemQueued, ItemWithdrawn
from router.engine_room import EngineRoom
from router.model.filing import Row
from router.model.identity import Verdict
from router.storage.contacts import keep_apart, merge_contacts, part_contacts
from router.storage.merged_work import MERGED, Moved, keep_strictest
from router.storage.merging import merge_conversations, part_conversations, split_conversation
from router.storage.store import Store

Evidence = Sequence[Mapping[str, object]]


class Notices(Protocol):
    """Whoever tells desks what changed."""

    def merged(self, conversation_id: str) -> None:
        """Tell that a conversation was merged, parted or split."""
        ...

    def contact(self, contact_id: str) -> None:
        """Tell that it is known otherwise who a contact is."""
        ...


class Identities:
    """Takes decisions about contacts and conversations, and lets `notices` tell of them.

    Every act raises NotFound for what is not there and StaleVersion for what is so already.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        room: EngineRoom,
        notices: Notices,
    ) -> None:
        self._store = store
        self._clock = clock
        self._room = room
        self._notices = notices

    # --- contacts -------------------------------------------------------------------------------

    async def merge_contacts(
        self, contact_id: str, into: str, *, agent_id: str, reason: str, evidence: Evidence = ()
    ) -> str:
        """Show a contact as another from now on; give the one that stays."""
        stays = await self._store.write(
            merge_contacts, self._verdict(contact_id, into, agent_id, reason, evidence)
        )
        self._notices.contact(stays)
        return stays

    async def part_contacts(self, contact_id: str, *, agent_id: str, reason: str) -> str:
        """Undo the merge of a contact; give the one it was shown as."""
        left = await self._store.write(part_contacts, self._verdict(contact_id, "", agent_id, reason))
        self._notices.contact(contact_id)
        self._notices.contact(left)
        return left

    async def keep_apart(
        self, contact_id: str, other: str, *, agent_id: str, reason: str, evidence: Evidence = ()
    ) -> None:
        """Remember that two contacts are two persons."""
        await self._store.write(keep_apart, self._verdict(contact_id, other, agent_id, reason, evidence))
        self._notices.contact(contact_id)
        self._notices.contact(other)

    # --- conversations --------------------------------------------------------------------------

    async def merge(self, conversation_id: str, other: str, *, agent_id: str, reason: str) -> str:
        """Show two conversations as one; give the one that stays. StaleVersion when a colleague works on one."""
        moved = await self._store.write(
            merge_conversations, self._verdict(conversation_id, other, agent_id, reason)
        )
        await self._tell(moved, agent_id)
        return moved.stays_id

    async def part(self, conversation_id: str, *, agent_id: str, reason: str) -> str:
        """Undo the merge of a conversation; give the one it was part of."""
        moved = await self._store.write(
            part_conversations, self._verdict(conversation_id, "", agent_id, reason)
        )
        await self._tell(moved, agent_id)
        return moved.stays_id

    async def split(self, conversation_id: str, message_id: str, *, agent_id: str, reason: str) -> str:
        """Give a message and what followed it a conversation of its own; give that one."""
        moved = await self._store.write(
            split_conversation, message_id, self._verdict(conversation_id, "", agent_id, reason)
        )
        await self._tell(moved, agent_id)
        return moved.gone_id

    # --- inside ---------------------------------------------------------------------------------

    def _verdict(
        self, subject: str, other: str, agent_id: str, reason: str, evidence: Evidence = ()
    ) -> Verdict:
        return Verdict(
            subject_id=subject,
            other_id=other,
            agent_id=agent_id,
            reason=reason,
            evidence=evidence,
            at=self._clock.now(),
        )

    async def _tell(self, moved: Moved, agent_id: str) -> None:
        """Tell the engine what the store decided, and then everybody."""
        events: list[Event] = []
        now = self._clock.now()
        if moved.withdrawn is not None and moved.changed is not None:
            events.append(ItemWithdrawn(at=now, item_id=moved.withdrawn, reason=MERGED))
            events.append(ItemChanged(at=now, item=self._room.item_of(moved.changed), reason=MERGED))
            events += [_promise(row, now) for row in moved.clocks]
            if moved.taken:
                events.append(ClaimTaken(at=now, item_id=moved.changed["id"], agent_id=agent_id))
        if moved.queued is not None:
            events.append(ItemQueued(at=now, item=self._room.item_of(moved.queued)))
        if events:
            await self._room.tell(*events)
        if moved.withdrawn is not None and moved.changed is not None:
            # what the engine said of its own promises came after those it took over
            await self._store.write(keep_strictest, moved.withdrawn, moved.changed["id"])
        for conversation_id in (moved.stays_id, moved.gone_id):
            self._notices.merged(conversation_id)


def _promise(row: Row, now: datetime) -> ClockRestored:
    return ClockRestored(
        at=now,
        item_id=row["work_item_id"],
        metric=row["metric"],
        policy=row["policy"],
        started_at=row["started_at"],
        target_s=row["target_s"],
        due_at=row["due_at"],
        steps=tuple(row["steps"]),
        paused_by=tuple(row["paused_by"]),
    )
