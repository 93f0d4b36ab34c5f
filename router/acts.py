"""What an agent does in a thread besides writing: let the customer see that it is read, take a message back.

In: a conversation somebody holds, a message of ours. Out: the provider's act, and what it makes of the message.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select, update

from router.clock import Clock
from router.errors import NotFound, SendError, StaleVersion
from router.messages import DeliveryState, Receipt
from router.storage.outbound import answered_message
from router.storage.schema import attempt, claim, conversation, message, outbox, work_item
from router.storage.store import Store
from router.threads import Action, ActionKind

log = logging.getLogger(__name__)

_ARRIVED = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.READ)


class Doors(Protocol):
    """What this room needs of the running channels."""

    def can(self, account: str, act: ActionKind) -> bool:
        """Say whether an account's channel does such a thing."""
        ...

    async def act(self, account: str, action: Action) -> Receipt:
        """Do it; raises SendError classes only."""
        ...


class Acts:
    """Acts at providers; `changed` gets (conversation, message) of what was taken back."""

    def __init__(
        self, store: Store, clock: Clock, doors: Doors, changed: Callable[[Sequence[tuple[str, str]]], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._doors = doors
        self._changed = changed

    async def read(self, conversation_id: str, agent_id: str) -> None:
        """Let the customer see that its holder has read all of a conversation, where the channel shows that.

        Whoever only looks on leaves no trace, and a provider that does not take it stops nobody.
        """
        async with self._store.reading() as connection:
            found = await connection.run_sync(_newest, conversation_id, agent_id)
        if found is None or not self._doors.can(found.account, ActionKind.READ):
            return
        action = Action(kind=ActionKind.READ, thread=found.thread, target=found.external_id)
        try:
            await self._doors.act(found.account, action)
        except SendError as error:
            log.info("not marked as read: %s", error, extra={"account": found.account})

    async def recall(self, message_id: str, agent_id: str) -> None:
        """Take a message back at its provider; whoever wrote it or holds its conversation may.

        Raises NotFound, StaleVersion when there is nothing to take back, and the provider's SendError.
        """
        async with self._store.reading() as connection:
            found = await connection.run_sync(_ours, message_id)
        if found is None:
            raise NotFound(f"there is no message {message_id} of ours")
        if found.recalled_at is not None or found.state not in _ARRIVED:
            raise StaleVersion("only a message the customer has can be taken back, once")
        async with self._store.reading() as connection:
            is_holder = await connection.run_sync(_holds, found.conversation_id, agent_id)
        if found.agent_id != agent_id and not is_holder:
            raise StaleVersion("only who wrote it or holds the conversation takes a message back")
        target = found.remote_ref or found.outgoing_ref
        await self._doors.act(
            found.account, Action(kind=ActionKind.RECALL, thread=found.thread, target=target)
        )
        taken_back = update(message).where(message.c.id == message_id, message.c.recalled_at.is_(None))
        now = self._clock.now()
        await self._store.write(
            lambda connection: connection.execute(taken_back.values(recalled_at=now, preview="")).rowcount
        )
        self._changed([(found.conversation_id, message_id)])


def _newest(connection: Connection, conversation_id: str, agent_id: str) -> Row[Any] | None:
    """Give the customer's newest message with its place, for who holds the conversation."""
    if not _holds(connection, conversation_id, agent_id):
        return None
    answered = answered_message(connection, conversation_id, None)
    statement = (
        select(message, conversation.c.thread)
        .join_from(message, conversation, conversation.c.id == message.c.strand_id)
        .where(message.c.id == answered.message_id)
    )
    return connection.execute(statement).one_or_none()


def _ours(connection: Connection, message_id: str) -> Row[Any] | None:
    """Give a message of ours, where it stands and what its provider calls it."""
    remote_ref = (
        select(attempt.c.remote_ref)
        .where(attempt.c.message_id == message_id, attempt.c.remote_ref != "")
        .order_by(attempt.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(message, outbox.c.state, outbox.c.outgoing_ref, conversation.c.thread)
        .add_columns(remote_ref.label("remote_ref"))
        .join_from(message, outbox, outbox.c.message_id == message.c.id)
        .join(conversation, conversation.c.id == message.c.strand_id)
        .where(message.c.id == message_id)
    )
    return connection.execute(statement).one_or_none()


def _holds(connection: Connection, conversation_id: str, agent_id: str) -> bool:
    statement = (
        select(claim.c.id)
        .join_from(claim, work_item, work_item.c.id == claim.c.work_item_id)
        .where(
            work_item.c.conversation_id == conversation_id,
            claim.c.agent_id == agent_id,
            claim.c.state == "active",
        )
    )
    return connection.execute(statement).first() is not None
