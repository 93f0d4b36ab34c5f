"""A phone system with a live line for the contract suite: an Asterisk server over a real socket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from pydantic import BaseModel

from router.channel import AnyChannel
from router.messages import OutboundAttempt, RawInbound
from router.threads import Action, ActionKind
from router_phone_log.lines import asterisk_events
from router_phone_log.lines.calls import LineCall
from router_phone_log.lines.channel import PhoneLineChannel
from router_phone_log.lines.simulated_asterisk import SECRET, USER, SimulatedAsterisk
from router_phone_log.samples import BEGAN_AT, raw_item
from router_phone_log.settings import AsteriskSettings, PhoneLineSettings
from router_phone_log.simulator import POST_TOKEN, POST_VARIABLE, STORED, PhoneLogSimulator

LINE_VARIABLE = "PHONE_SIMULATOR_LINE"


class PhoneLineSimulator(PhoneLogSimulator):
    """The same with a live line: an Asterisk server over a real socket."""

    variables: Mapping[str, str] = {POST_VARIABLE: POST_TOKEN, LINE_VARIABLE: SECRET}

    def __init__(self) -> None:
        super().__init__()
        self.server: SimulatedAsterisk | None = None

    def settings(self) -> BaseModel:
        """Give settings that reach the simulated server."""
        port = self.server.port if self.server is not None else 5038
        asterisk = AsteriskSettings(
            port=port, user=USER, secret_env=LINE_VARIABLE, timeout_s=5, originate=True
        )
        return PhoneLineSettings(**self.records(), asterisk=asterisk)

    def samples(self) -> Sequence[RawInbound]:
        """Give a call as the line tells of it, and one from each source of records."""
        return (*_line_events(), *super().samples())

    async def start(self) -> None:
        """Start the server."""
        await super().start()
        self.server = SimulatedAsterisk()
        await self.server.start()

    async def stop(self) -> None:
        """Stop the server."""
        server, self.server = self.server, None
        if server is not None:
            await server.stop()
        await super().stop()

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Send an event down the line; it has no acknowledgement, so that it was dealt with counts."""
        if raw.envelope["source"] != asterisk_events.SOURCE:
            return await super().deliver(channel, raw)
        if not isinstance(channel, PhoneLineChannel) or channel.line is None or self.server is None:
            raise TypeError(f"{type(channel).__name__} has no open line")
        await channel.line.is_up.wait()
        count = channel.line.taken
        await self.server.send(raw.raw.decode())
        await channel.line.until_taken(count + 1)
        return STORED

    def action(self, kind: ActionKind, attempt: OutboundAttempt) -> Action:
        """Give a call back to the customer of the samples."""
        return Action(kind=kind, ref=attempt.attempt_id, recipient="+8613900139000", agent="4001")

    def acted(self) -> Sequence[bytes]:
        """Give the calls the server was asked to place."""
        actions = self.server.actions if self.server is not None else []
        return [str(each).encode() for each in actions if each["Action"] == "Originate"]


def _line_events() -> tuple[RawInbound, ...]:
    key, at_s = "1740976200.3", BEGAN_AT.timestamp()
    begun = LineCall(
        key=key, version=1, caller="13900139000", callee="4001", started_at=BEGAN_AT + timedelta(seconds=1)
    )
    ids = f"Uniqueid: {key}\r\nLinkedid: {key}\r\n"
    rings = f"Event: Newchannel\r\nCallerIDNum: 13900139000\r\nExten: 4001\r\n{ids}Timestamp: {at_s + 1}\r\n"
    ends = f"Event: Hangup\r\nCause: 16\r\n{ids}Timestamp: {at_s + 20}\r\n"
    return (
        raw_item(rings.encode(), "line 1", source=asterisk_events.SOURCE),
        raw_item(ends.encode(), "line 2", source=asterisk_events.SOURCE, known=begun.to_json()),
    )
