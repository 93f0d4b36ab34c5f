"""Tell the others, after each commit: desks by live events, rooms and channels by wake-ups.

In: what a room has just committed. Out: nothing durable; whoever misses a notice finds it in the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from router.capabilities import Health
from router.engine.decisions import Act, Decision
from router.live import LiveEvent, LiveEvents
from router.messages import JsonObject, Role, ThreadEvent
from router.model.filing import Filed, Row
from router.outbox import block_of
from router.replies import Written

ThreadChanged = Callable[[str, str, ThreadEvent], Awaitable[None]]

_REASONS = {
    Act.ACCEPTED: "assigned",
    Act.CLAIMED: "assigned",
    Act.PUT_BACK: "put_back",
    Act.COMPLETED: "resolved",
}


class Notices:
    """Publishes to `live`; `enqueue` and `wake` are the dispatch and the mail room's doorbells."""

    def __init__(
        self,
        live: LiveEvents,
        enqueue: Callable[[Sequence[Row]], None],
        wake: Callable[[str], None],
        thread_changed: ThreadChanged,
    ) -> None:
        self._live = live
        self._enqueue = enqueue
        self._wake = wake
        self._thread_changed = thread_changed
        self._changes: asyncio.Queue[tuple[str, str, ThreadEvent]] = asyncio.Queue()

    async def run(self) -> None:
        """Bring new entries of live threads to their channels until cancelled."""
        while True:
            await self._thread_changed(*await self._changes.get())

    def filed(self, results: Sequence[Filed]) -> None:
        """Tell what filing has committed."""
        self._enqueue([row for result in results for row in result.work_items])
        for result in results:
            for row, thread in result.messages:
                ids = {"conversation_id": row["conversation_id"], "message_id": row["id"]}
                self._publish("message", ids)
                if thread and row["seq"]:
                    self._changes.put_nowait((row["account"], thread, thread_event_of(row)))
            for opened in result.opened:
                reason = {"conversation_id": opened.conversation.id, "reason": "opened"}
                self._publish("conversation", reason)
            self.delivered(result.delivered)

    def decided(self, decisions: Sequence[Decision]) -> None:
        """Tell what dispatch has committed."""
        queues = set()
        for decision in decisions:
            made = decision.offer
            if made is not None and decision.act is Act.OFFERED:
                self._publish("offer", {"offer_id": made.offer_id}, made.agent_id)
            elif made is not None:
                ended = {
                    "offer_id": made.offer_id,
                    "conversation_id": decision.conversation_id,
                    "state": decision.act,
                }
                self._publish("offer_ended", ended, made.agent_id)
            if decision.act in _REASONS:
                reason = {
                    "conversation_id": decision.conversation_id,
                    "reason": _REASONS[decision.act],
                }
                self._publish("conversation", reason)
            if decision.act is Act.AWAY and decision.agent_id:
                self.presence(decision.agent_id)
            queue = decision.record.get("queue")
            if isinstance(queue, str):
                queues.add(queue)
        for queue in sorted(queues):
            self._publish("queues", {"queue": queue})

    def written(self, what: Written) -> None:
        """Tell what an agent has written, and wake the account's lane."""
        if what.account:
            self._wake(what.account)
        ids = {"conversation_id": what.conversation_id, "message_id": what.message_id}
        self._publish("delivery" if what.again else "message", ids)

    def delivered(self, messages: Sequence[tuple[str, str]]) -> None:
        """Tell that the delivery state of (conversation, message) pairs has changed."""
        for conversation_id, message_id in messages:
            self._publish("delivery", {"conversation_id": conversation_id, "message_id": message_id})

    def presence(self, agent_id: str) -> None:
        """Tell that an agent's presence has changed."""
        self._publish("presence", {"agent_id": agent_id})

    def typing(self, conversation_id: str) -> None:
        """Tell that the customer of a conversation is writing."""
        self._publish("typing", {"conversation_id": conversation_id, "who": "customer", "name": ""})

    def health(self, account: str, health: Health) -> None:
        """Tell how a channel account is doing."""
        self._publish("channel", {"account": account, "state": health.state, "cause": health.cause})

    def _publish(self, topic: str, content: JsonObject, audience: str | None = None) -> None:
        self._live.publish(LiveEvent(topic=topic, data=content, audience=audience))


def thread_event_of(row: Row) -> ThreadEvent:
    """Build what a customer may see of a message from its row."""
    return ThreadEvent(
        seq=row["seq"],
        id=row["id"],
        at=row["created_at"],
        kind=row["kind"],
        role=Role(row["role"]),
        author_name=row["author_name"],
        blocks=[block_of(block) for block in row["blocks"]],
        external_id=row["external_id"] if row["direction"] == "inbound" else "",
        outgoing_ref=row["external_id"] if row["direction"] == "outbound" else "",
    )
