"""The router's own mail room for contract checks: a real outbox over a real database in a temporary folder.

In: open channels and replies of an agent. Out: what the outbox did with them, attempt by attempt. Only what
leads up to a queued reply (filing, offers, claims) is left out: its rows are written as those rooms do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import Any, Self

from sqlalchemy import select

from router.accounts.renewal import Renewal
from router.channel import ChannelType, Confirms
from router.clock import Clock
from router.ids import new_id
from router.messages import (
    Block,
    Confirmation,
    OutboundAttempt,
    Receipt,
)
from router.outbox import Outbox
from router.splitting import split
from router.storage.schema import outbox
from router.storage.store import Store
from router.testing.mail_rows import Place, create, file_first, queue_reply
from router.testing.stage import STEP_S, Scene

_RENEWAL_S = 30.0


class _Doors:
    """The open channels, asked as the supervisor asks them."""

    def __init__(self, kind: ChannelType, scenes: Sequence[Scene]) -> None:
        self._kind = kind
        self._scenes = {scene.channel.account: scene for scene in scenes}
        self._renewals = {name: Renewal(scene.channel, _RENEWAL_S) for name, scene in self._scenes.items()}

    def kind(self, account: str) -> ChannelType:
        return self._kind

    def is_open(self, account: str) -> bool:
        return account in self._scenes

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        return await self._renewals[attempt.account].run(lambda channel: channel.send(attempt))

    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        channel = self._scenes[attempt.account].channel
        return await channel.confirm(attempt) if isinstance(channel, Confirms) else Confirmation.UNSURE


class MailRoom:
    """An outbox with one lane for each scene's account, running until the block of `open` ends."""

    def __init__(self, kind: ChannelType, store: Store, scenes: Sequence[Scene], clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kind = kind
        self._told = asyncio.Event()
        self._conversations: dict[str, Place] = {}
        self._outbox = Outbox(store, clock, new_id(), _Doors(kind, scenes), lambda _: self._told.set())

    @classmethod
    @asynccontextmanager
    async def open(cls, kind: ChannelType, *scenes: Scene) -> AsyncIterator[Self]:
        """Open an empty database and run a lane for each scene; the first scene's clock is the time."""
        with TemporaryDirectory(prefix="omnirouter-contract-", ignore_cleanup_errors=True) as folder:
            async with Store.open(f"sqlite:///{folder}/router.db", durable=False) as store:
                await store.write(create)
                room = cls(kind, store, scenes, scenes[0].context.clock)
                lanes = []
                for scene in scenes:
                    event = await scene.first_event()
                    place = await store.write(
                        file_first, scene.channel.account, event, scene.context.clock.now()
                    )
                    room._conversations[scene.channel.account] = place
                    room._outbox.add_lane(scene.channel.account)
                    lanes.append(asyncio.ensure_future(room._outbox.run(scene.channel.account)))
                try:
                    yield room
                finally:
                    for lane in lanes:
                        lane.cancel()
                    await asyncio.wait(lanes)

    async def reply(self, scene: Scene, text: str, blocks: Sequence[Block] = ()) -> list[str]:
        """Queue what an agent writes, in as many messages as the channel needs; give their ids in order."""
        account = scene.channel.account
        bodies: list[Sequence[Block]] = [blocks] if blocks else []
        if not blocks:
            bodies = [[Block(text=part)] for part in split(text, self._kind.capabilities.text)]
        ids = sorted(new_id() for _ in bodies)
        for message_id, body in zip(ids, bodies, strict=True):
            ref = scene.channel.outgoing_ref(message_id)
            place = self._conversations[account]
            await self._store.write(queue_reply, place, (message_id, ids), ref, body, self._clock.now())
        self._outbox.wake(account)
        return ids

    async def opened_at(self, scene: Scene) -> datetime:
        """Give the provider's time of the customer's message, which opens a window."""
        event = await scene.first_event()
        return (event.occurred_at if event else None) or self._clock.now()

    def wake(self, scene: Scene) -> None:
        """Let the lane look again, after the clock was moved."""
        self._outbox.wake(scene.channel.account)

    async def state(self, message_id: str) -> Mapping[str, Any]:
        """Give the outbox row of a message."""
        async with self._store.reading() as connection:
            statement = select(outbox).where(outbox.c.message_id == message_id)
            return dict((await connection.execute(statement)).mappings().one())

    async def until(self, message_ids: Sequence[str], *, attempts: int = 1) -> list[Mapping[str, Any]]:
        """Wait until each message has had so many attempts and none is under way; give their rows."""
        async with asyncio.timeout(STEP_S):
            while True:
                self._told.clear()
                rows = [await self.state(each) for each in message_ids]
                if all(row["attempts"] >= attempts and row["state"] != "sending" for row in rows):
                    return rows
                await self._told.wait()
