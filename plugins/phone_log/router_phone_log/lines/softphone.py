"""A baresip softphone's control socket: its events become facts, and it dials when told to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from router.channel import ChannelContext
from router.errors import Permanent
from router.messages import Receipt, SendOutcome
from router_phone_log.lines.calls import LineCall
from router_phone_log.lines.connection import LineConnection
from router_phone_log.lines.line import Line
from router_phone_log.lines.softphone_events import SOURCE, advance
from router_phone_log.lines.wires import Message, NetstringWire
from router_phone_log.numbers import address_user
from router_phone_log.settings import SoftphoneSettings

_MOST_DIALLED = 20


class SoftphoneLine(Line):
    """One softphone."""

    source: ClassVar[str] = SOURCE

    def __init__(self, ctx: ChannelContext, zone: str, settings: SoftphoneSettings) -> None:
        connection = LineConnection(NetstringWire(), settings.host, settings.port, settings.timeout_s)
        super().__init__(ctx, zone, connection, settings.ping_s)
        self._settings = settings
        self._dialled: list[tuple[str, str]] = []

    async def greet(self) -> None:
        """Nothing is asked: whoever reaches the socket controls the phone."""

    async def idle(self) -> None:
        """Ask for anything: an answer of any kind shows that the phone is there."""
        await self.connection.ask({"command": "listcalls"})

    async def take(self, message: Message) -> None:
        """Deal with one event."""
        event = message.fields
        key = event.get("id", "")
        if not key:
            return
        before = await self.known(key)
        if before is None and event.get("direction") == "outgoing":
            before = self._dialled_as(event)
        at = self.ctx.clock.now()
        after = advance(before, event, at)
        if after is not None:
            await self.store(message.raw, before, after, at)

    async def call(self, number: str, agent: str, ref: str) -> Receipt:
        """Dial; the softphone is the agent's own, so no other line is rung first."""
        target = self._settings.dial.replace("{number}", number)
        self._dialled = [*self._dialled[1 - _MOST_DIALLED :], (address_user(target), ref)]
        answer = await self.connection.ask({"command": "dial", "params": target})
        said = answer.fields.get("data", "").strip()
        if answer.fields.get("ok") != "true":
            raise Permanent(f"the softphone does not dial: {said}", code="dial_refused")
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=ref, detail=said)

    def _dialled_as(self, event: Mapping[str, str]) -> LineCall | None:
        """Find the call we dialled in a new outgoing one: the softphone does not name it when it dials."""
        user = address_user(event.get("peeruri", ""))
        for number, (dialled, ref) in enumerate(self._dialled):
            if dialled == user:
                del self._dialled[number]
                return LineCall(key=event["id"], attempt_ref=ref)
        return None
