"""Rooms 3 to 5 for tasks: one that is due becomes work, one whose time is over ends with its work.

In: the time. Out, in one commit: opened conversations with their work items, and work that ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Row, update

from router.call_filing import CallFiling
from router.channel import ChannelType
from router.errors import PluginError
from router.ids import new_id
from router.messages import Author, EventKind, InboundEvent, Receipt, Role
from router.model.call_shelf import CallShelf
from router.model.calls import EndedWork, TaskKind
from router.model.filing import Decoded, Filed, Opened, Shelf
from router.storage.due_tasks import end_expired, read_due
from router.storage.filing import load_call_places, prefer_last_claimants, save_shelf
from router.storage.schema import task
from router.storage.timeline import add_event
from router.threads import Action, ActionKind

CALL_CLASS = "phone"
"""The channel class calls are work of (`Capabilities.channel_class`)."""

Triage = Callable[[Opened, Decoded], dict[str, Any]]


class CallDoors(Protocol):
    """The channels as far as tasks need them."""

    def kind(self, account: str) -> ChannelType:
        """Give the kind of an account's channel; PluginError if it is not there."""
        ...

    def can(self, account: str, act: ActionKind) -> bool:
        """Say whether an account's channel does such a thing."""
        ...

    def callable_accounts(self) -> Sequence[str]:
        """Name the accounts calls go through, the best first."""
        ...

    async def act(self, account: str, action: Action) -> Receipt:
        """Let a channel do something; raises SendError classes only."""
        ...


@dataclass(slots=True, kw_only=True)
class Moved:
    """What a moment brought: conversations opened for their tasks, others that were open, and ended work."""

    filed: list[Filed] = field(default_factory=list)
    joined: list[str] = field(default_factory=list)
    ended: list[EndedWork] = field(default_factory=list)


class TaskOpening:
    """Turns tasks into work; `triage` gives the work item of an opened episode."""

    def __init__(self, doors: CallDoors, triage: Triage) -> None:
        self._doors = doors
        self._triage = triage

    def move(self, connection: Connection, now: datetime) -> Moved:
        """Begin what is due and end what is over, in one commit."""
        moved = Moved(ended=end_expired(connection, now))
        rows = read_due(connection, now)
        shelf = Shelf()
        load_call_places(connection, shelf, [row.conversation_id for row in rows])
        filing = CallFiling(shelf, CallShelf(), new_id)
        begun = []
        for row in rows:
            conversation = shelf.whole_of(shelf.conversations[row.conversation_id])
            filed = Filed(inbound_id="", account=conversation.account)
            item, event = self._demand(row, now, conversation.account)
            if filing.open_resting(conversation, item, event, row.reason, filed):
                work = self._triage(filed.opened[0], item)
                shelf.add("work_item", work)
                filed.work_items.append(work)
                prefer_last_claimants(connection, [work], {conversation.id: conversation.contact_id})
                work["preferred_agent_id"] = work["preferred_agent_id"] or row.created_by
                moved.filed.append(filed)
            else:
                moved.joined.append(conversation.id)
            begun.append((row, conversation.episode_id))
        save_shelf(connection, shelf)
        for row, episode_id in begun:
            connection.execute(update(task).where(task.c.id == row.id).values(episode_id=episode_id))
            fields = {"task_id": row.id, "kind": row.kind, "reason": row.reason}
            add_event(connection, row.conversation_id, None, "task_due", fields, now)
        return moved

    def _demand(self, row: Row[Any], now: datetime, own_account: str) -> tuple[Decoded, InboundEvent]:
        """Give what stands for a task where rules decide: a call back is work of the calls' own class."""
        is_call = row.kind == TaskKind.CALL_BACK
        account = row.account if is_call and row.account in self._doors.callable_accounts() else own_account
        try:
            kind = self._doors.kind(account)
        except PluginError:  # its account is configured no more; the customer still waits
            channel, channel_class = "", CALL_CLASS
        else:
            channel, channel_class = kind.id, kind.capabilities.channel_class
        item = Decoded(
            inbound_id="",
            account=account,
            channel=channel,
            channel_class=channel_class,
            joins_open_episode=True,
            received_at=now,
            events=(),
        )
        said = EventKind.CALL if is_call else EventKind.NOTE
        return item, InboundEvent(kind=said, author=Author(role=Role.CUSTOMER))
