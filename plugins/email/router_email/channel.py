"""One mail account: its doors in, its relay out, its reading of mails."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from router import Capabilities, MediaLimits, TextLimits
from router.channel import Channel, ChannelContext, StreamSource
from router.errors import ContentRejected, Permanent
from router.messages import FileContent, InboundEvent, OutboundAttempt, RawInbound, Receipt
from router_email.codec import MailCodec
from router_email.collector import Collector
from router_email.compose import Composer, names_file
from router_email.delivery import Relay
from router_email.door import Door
from router_email.marks import load_marks
from router_email.settings import EmailSettings
from router_email.subjects import Subjects

FILE_BYTES = 10_000_000
"""The most files of one mail may have together; encoded they are a third larger."""

CAPABILITIES = Capabilities(
    channel_class="email",
    text=TextLimits(max=1_000_000),
    blocks=frozenset({"text", "file"}),
    media={"file": MediaLimits(types=frozenset(), max_bytes=FILE_BYTES, total_bytes=FILE_BYTES)},
    receipts="delivered",
    reply_token=True,
    marks_sending=True,
    joins_open_episode=False,
)

_NOT_IN_ID = re.compile(r"[^A-Za-z0-9._-]")


class EmailChannel(Channel[EmailSettings], StreamSource):
    """Takes mail in by SMTP, LMTP and IMAP, sends it through a relay."""

    def __init__(self, account: str, settings: EmailSettings) -> None:
        super().__init__(account, settings)
        marks = load_marks()
        self._codec = MailCodec(settings, marks)
        self._composer = Composer(settings, Subjects(marks))
        self._doors: dict[str, Door] = {}
        self._relay: Relay | None = None

    @property
    def default_language(self) -> str:
        """The language of the mailbox, as configured."""
        return self.settings.default_language

    async def open(self, ctx: ChannelContext) -> None:
        """Open the listeners; the mailbox is read by `stream`, the relay is called when there is mail."""
        await super().open(ctx)
        if self.settings.smtp_out is not None:
            self._relay = Relay(self.settings.smtp_out, self.settings.domain)
        try:
            for protocol, listener in (("smtp", self.settings.smtp_in), ("lmtp", self.settings.lmtp_in)):
                if listener is not None:
                    self._doors[protocol] = Door(self.settings, ctx, protocol)
                    await self._doors[protocol].open(listener)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the listeners after what is in flight, then the relay."""
        doors, self._doors = self._doors, {}
        for door in doors.values():
            await door.close()
        relay, self._relay = self._relay, None
        if relay is not None:
            await relay.close()

    async def stream(self) -> None:
        """Read the mailbox if there is one; the listeners run by themselves."""
        if self.settings.imap is None:
            await asyncio.Event().wait()
        else:
            await Collector(self.settings, self.settings.imap, self.ctx).run()

    def port(self, protocol: str) -> int:
        """Give the port a listener got, for port 0 in the settings."""
        return self._doors[protocol].port

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        """Read one mail."""
        return self._codec.decode(raw)

    def attachment(self, raw: RawInbound, part: str) -> bytes:
        """Give the bytes of one part."""
        return self._codec.attachment(raw, part)

    def outgoing_ref(self, message_id: str) -> str:
        """Give the Message-ID a message carries on every attempt."""
        return f"<{_NOT_IN_ID.sub('-', message_id)}@{self.settings.domain}>"

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Send one message through the relay."""
        if self._relay is None:
            raise Permanent("this account has no relay to send by; set smtp_out", code="no_relay")
        files = await self._files(attempt)
        if files:
            # encoding megabytes would hold the loop
            mail = await asyncio.to_thread(self._composer.render, attempt, files)
        else:
            mail = self._composer.render(attempt)

        async def mark() -> None:
            await self.ctx.sending(attempt.attempt_id)

        return await self._relay.send(mail, mark)

    async def _files(self, attempt: OutboundAttempt) -> list[FileContent]:
        try:
            return [
                await self.ctx.file(str(block.fields["attachment"]))
                for block in attempt.blocks
                if names_file(block)
            ]
        except LookupError:
            raise ContentRejected(
                "a file of this mail is no longer there; attach it again", code="no_file", part="files"
            ) from None
