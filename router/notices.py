"""Tell the others, after each commit: desks by live events, rooms and channels by wake-ups.

In: what a room has just committed. Out: nothing durable; whoever misses a notice finds it in the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol

from router.attempts import block_of
from router.capabilities import Health
from router.engine.decisions import Act, Decision
from router.engine_room import Said
from router.live import SUPERVISORS, LiveEvent, LiveEvents
from router.messages import Automatic, JsonObject, Role, ThreadEvent
from router.model.calls import EndedWork
from router.model.filing import Filed, Row
from router.replies import Written
from router.storage.schema import ALARMS
from router.storage.views.messages import message_of

log = logging.getLogger(__name__)

ThreadChanged = Callable[[str, str, ThreadEvent], Awaitable[None]]

_REASONS = {
    Act.ACCEPTED: "assigned",
    Act.CLAIMED: "assigned",
    Act.PUT_BACK: "put_back",
    Act.COMPLETED: "resolved",
    Act.WRAPPING: "resolved",
    Act.WITHDRAWN: "resolved",
    Act.MOVED: "moved",
    Act.REPRIORITISED: "prioritised",
    Act.NUDGED: "lease",
    Act.ESCALATED: "lease",
    Act.DORMANT: "lease",
    Act.WOKEN: "lease",
    Act.CLOCK: "promise",
    Act.PROMISE_DUE: "promise",
}


class EngineDoor(Protocol):
    """Where the engine hears what happened."""

    def enqueue(self, rows: Sequence[Row]) -> None:
        """Take up new work."""
        ...

    def said(self, what: Sequence[Said]) -> None:
        """Hear what was said between customers and agents."""
        ...

    def ended(self, what: Sequence[EndedWork]) -> None:
        """Hear which work nobody has to do any more, and why."""
        ...


class Notices:
    """Publishes to `live`; `engine` hears what happened, `wake` is the mail room's doorbell."""

    def __init__(
        self,
        live: LiveEvents,
        engine: EngineDoor,
        wake: Callable[[str], None],
        thread_changed: ThreadChanged,
    ) -> None:
        self._live = live
        self._engine = engine
        self._wake = wake
        self._thread_changed = thread_changed
        self._changes: asyncio.Queue[tuple[str, str, ThreadEvent]] = asyncio.Queue()

    async def run(self) -> None:
        """Bring new entries of live threads to their channels until cancelled."""
        while True:
            await self._thread_changed(*await self._changes.get())

    def filed(self, results: Sequence[Filed]) -> None:
        """Tell what filing has committed."""
        self._engine.enqueue([row for result in results for row in result.work_items])
        self._engine.said([said for result in results for said in _said(result)])
        self._engine.ended([ended for result in results for ended in result.ended])
        for result in results:
            for row, thread in result.messages:
                ids: JsonObject = {"conversation_id": row["conversation_id"], "message_id": row["id"]}
                files = [file for file in result.attachments if file["message_id"] == row["id"]]
                is_new = row["inbound_id"] == result.inbound_id
                self._live.publish(
                    LiveEvent(topic="message", data=ids), message_of(row, files) if is_new else None
                )
                if thread and row["seq"]:
                    self._changes.put_nowait((row["account"], thread, thread_event_of(row)))
            for row in result.updated:
                ids = {"conversation_id": row["conversation_id"], "message_id": row["id"]}
                self._publish("message", ids)
            for opened in result.opened:
                reason = {"conversation_id": opened.conversation.id, "reason": "opened"}
                self._publish("conversation", reason)
            for conversation_id in result.stated:
                self._publish("conversation", {"conversation_id": conversation_id, "reason": "thread_state"})
            for conversation_id, message_id in result.changed:
                self._publish("message", {"conversation_id": conversation_id, "message_id": message_id})
            self.reported(result.account, result.delivered)

    def decided(self, decisions: Sequence[Decision]) -> None:
        """Tell what dispatch has committed, each change of a conversation once."""
        changes: dict[tuple[str, str], None] = {}
        queues: set[str] = set()
        for decision in decisions:
            self._tell_offer(decision)
            self._tell_wrap_up(decision)
            # with the end of after-call work nothing changes but the room of who did it
            is_news = decision.act in _REASONS and "wrapped_s" not in decision.record
            if is_news and decision.conversation_id:
                changes[decision.conversation_id, _REASONS[decision.act]] = None
            if decision.act in ALARMS:
                self._alarm(decision)
            if decision.act is Act.AWAY and decision.agent_id:
                self.presence(decision.agent_id)
            queue = decision.record.get("queue")
            if isinstance(queue, str):
                queues.add(queue)
        for conversation_id, reason in changes:
            self._publish("conversation", {"conversation_id": conversation_id, "reason": reason})
        for queue in sorted(queues):
            self._publish("queues", {"queue": queue})

    def _tell_offer(self, decision: Decision) -> None:
        made = decision.offer
        if made is None:
            return
        if decision.act in (Act.OFFERED, Act.ACCEPTING):
            self._publish("offer", {"offer_id": made.offer_id}, made.agent_id)
            return
        ended: JsonObject = {
            "offer_id": made.offer_id,
            "conversation_id": decision.conversation_id,
            "state": decision.act,
        }
        self._publish("offer_ended", ended, made.agent_id)

    def _tell_wrap_up(self, decision: Decision) -> None:
        """Tell who solved something that his after-call work has begun, or is over."""
        begins, ends = decision.act is Act.WRAPPING, "wrapped_s" in decision.record
        if begins or ends:
            told: JsonObject = {
                "conversation_id": decision.conversation_id,
                "until": decision.record["until"] if begins else None,
            }
            self._publish("wrap_up", told, decision.agent_id)

    def _alarm(self, decision: Decision) -> None:
        """Tell supervisors, and those who read the log what nobody on shift can do."""
        conversation_id = decision.conversation_id or None
        about: JsonObject = {"act": decision.act, "conversation_id": conversation_id}
        self._publish("alarm", about, SUPERVISORS)
        if decision.act is Act.REACHABILITY and decision.record.get("state") == "lost":
            log.warning("work nobody on shift can do", extra={"record": decision.record})

    def written(self, what: Written) -> None:
        """Tell what an agent has written, and wake the account's lane."""
        if what.account:
            self._wake(what.account)
        if what.agent_id is not None and what.at is not None:
            self._engine.said(
                [Said(conversation_id=what.conversation_id, at=what.at, agent_id=what.agent_id)]
            )
        ids = {"conversation_id": what.conversation_id, "message_id": what.message_id}
        self._publish("delivery" if what.again else "message", ids)

    def delivered(self, messages: Sequence[tuple[str, str]]) -> None:
        """Tell that the delivery state of (conversation, message) pairs has changed."""
        for conversation_id, message_id in messages:
            self._publish("delivery", {"conversation_id": conversation_id, "message_id": message_id})

    def taken_back(self, messages: Sequence[tuple[str, str]]) -> None:
        """Tell that (conversation, message) pairs are shown without their words now."""
        for conversation_id, message_id in messages:
            self._publish("message", {"conversation_id": conversation_id, "message_id": message_id})

    def reported(self, account: str, messages: Sequence[tuple[str, str]]) -> None:
        """Tell what a provider said of messages; what waited for them may go out now."""
        self.delivered(messages)
        if messages:
            self._wake(account)

    def noted(self, conversation_id: str) -> None:
        """Tell that the notes on the orders of a conversation have changed."""
        self._publish("conversation", {"conversation_id": conversation_id, "reason": "order_note"})

    def presence(self, agent_id: str) -> None:
        """Tell that an agent's presence has changed."""
        self._publish("presence", {"agent_id": agent_id})

    def tasks(self, conversation_id: str) -> None:
        """Tell that the tasks of a conversation have changed."""
        self._publish("conversation", {"conversation_id": conversation_id, "reason": "tasks"})

    def merged(self, conversation_id: str) -> None:
        """Tell that a conversation was merged, parted or split."""
        self._publish("conversation", {"conversation_id": conversation_id, "reason": "merged"})

    def contact(self, contact_id: str) -> None:
        """Tell that it is known otherwise who a contact is."""
        self._publish("contact", {"contact_id": contact_id})

    def typing(self, conversation_id: str) -> None:
        """Tell that the customer of a conversation is writing."""
        self._publish("typing", {"conversation_id": conversation_id, "who": "customer", "name": ""})

    def health(self, account: str, health: Health) -> None:
        """Tell how a channel account is doing."""
        self._publish("channel", {"account": account, "state": health.state, "cause": health.cause})

    def _publish(self, topic: str, content: JsonObject, audience: str | None = None) -> None:
        self._live.publish(LiveEvent(topic=topic, data=content, audience=audience))


def _said(result: Filed) -> Iterator[Said]:
    """List what customers wrote into episodes that were open already, and what the shop answered elsewhere."""
    opened = {one.conversation.id for one in result.opened}
    for row, _ in result.messages:
        is_new = row["conversation_id"] in opened
        if row["sent_outside"] and row["seq"] is not None:
            yield Said(conversation_id=row["conversation_id"], at=row["created_at"], is_answer=True)
        elif row["direction"] == "inbound" and row["automatic"] == Automatic.NO and not is_new:
            yield Said(conversation_id=row["conversation_id"], at=row["created_at"])


def thread_event_of(row: Row) -> ThreadEvent:
    """Build what a customer may see of a message from its row."""
    is_ours = row["direction"] == "outbound" and not row["sent_outside"]
    return ThreadEvent(
        seq=row["seq"],
        id=row["id"],
        at=row["created_at"],
        kind=row["kind"],
        role=Role(row["role"]),
        author_name=row["author_name"],
        blocks=[] if row["recalled_at"] else [block_of(block) for block in row["blocks"]],
        external_id=row["external_id"] if not is_ours else "",
        outgoing_ref=row["external_id"] if is_ours else "",
    )
