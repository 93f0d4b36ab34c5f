"""The channel of a phone system that is watched live, and that may call when told to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.abilities import Acts
from router.channel import ChannelContext, StreamSource
from router.errors import NotAllowedNow, Permanent, Retryable
from router.messages import Receipt
from router.threads import Action, ActionKind
from router_phone_log.channel import CAPABILITIES, PhoneChannel
from router_phone_log.decoding import LOG_SOURCES, Decode
from router_phone_log.lines import asterisk_events, softphone_events
from router_phone_log.lines.asterisk import AsteriskLine
from router_phone_log.lines.line import Line
from router_phone_log.lines.softphone import SoftphoneLine
from router_phone_log.settings import AsteriskSettings, PhoneLineSettings, SoftphoneSettings

LINE_CAPABILITIES = replace(CAPABILITIES, actions=frozenset({ActionKind.ORIGINATE}))


class PhoneLineChannel(PhoneChannel[PhoneLineSettings], StreamSource, Acts):
    """A phone system with a live line; its records may be read beside it and join the same calls."""

    sources: Mapping[str, Decode] = {
        **LOG_SOURCES,
        asterisk_events.SOURCE: asterisk_events.decode_asterisk,
        softphone_events.SOURCE: softphone_events.decode_softphone,
    }
    line: Line | None = None

    async def open(self, ctx: ChannelContext) -> None:
        """Make the line; `stream` connects it."""
        await super().open(ctx)
        zone = self.settings.zone
        if self.settings.asterisk is not None:
            self.line = AsteriskLine(ctx, zone, self.settings.asterisk, self._decoder.reading)
        elif self.settings.softphone is not None:
            self.line = SoftphoneLine(ctx, zone, self.settings.softphone)

    async def stream(self) -> None:
        """Watch the line; returns never, raises when the connection is lost."""
        if self.line is None:
            raise Retryable("the line is not open", code="not_open")
        await self.line.run()

    async def act(self, action: Action) -> Receipt:
        """Call a customer back: `agent`'s phone rings first where the line has several."""
        if action.kind is not ActionKind.ORIGINATE:
            raise Permanent(f"a phone cannot {action.kind.value}", code="no_such_action")
        line_settings: AsteriskSettings | SoftphoneSettings | None = (
            self.settings.asterisk or self.settings.softphone
        )
        if self.line is None or line_settings is None:
            raise Retryable("the line is not open", code="not_open")
        if not line_settings.originate:
            raise NotAllowedNow("this account may not place calls; set originate", code="originate_off")
        number = self._decoder.reading.numbers.to_dial(action.recipient, line_settings.dial_as)
        if not number:
            raise Permanent(
                "this is no number that may be called: it is withheld, internal or an emergency number",
                code="no_number",
            )
        if not self.line.is_up.is_set():
            raise Retryable("the line is not connected at the moment", code="not_connected")
        return await self.line.call(number, action.agent, action.ref)
