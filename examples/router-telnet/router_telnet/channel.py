"""Lines over TCP: in, `<number> <text>` of a customer who said `I am <name>`; out, `* <agent>: <text>`."""

import asyncio
import re
from contextlib import suppress

from pydantic import BaseModel, ConfigDict, Field

from router import Channel, StreamSource
from router.errors import MalformedMessage, RecipientGone, StoreUnavailable, UnknownOutcome
from router.messages import (
    Author,
    Block,
    Evidence,
    EvidenceKind,
    Identity,
    InboundEvent,
    OutboundAttempt,
    RawInbound,
    Receipt,
    Role,
    SendOutcome,
)

LINE_BYTES = 8192
_GREETING = re.compile(rb"I am ([a-z0-9-]{1,40})")
_LINE = re.compile(r"([0-9]{1,9}) (.+)")


class TelnetSettings(BaseModel):
    """Where to listen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=2323, ge=0, le=65535)


class TelnetChannel(Channel[TelnetSettings], StreamSource):
    """One listening port; a customer is who he says he is, which proves nothing."""

    def __init__(self, account: str, settings: TelnetSettings) -> None:
        super().__init__(account, settings)
        self.port = settings.port
        self.listening = asyncio.Event()
        self._customers: dict[str, asyncio.StreamWriter] = {}

    def decode(self, raw: RawInbound) -> list[InboundEvent]:
        """Read one line; the envelope says whose it is."""
        customer = str(raw.envelope.get("customer", ""))
        try:
            line = _LINE.fullmatch(raw.raw.decode("utf-8"))
        except UnicodeDecodeError:
            raise MalformedMessage("the line is not UTF-8", code="charset") from None
        if line is None:
            raise MalformedMessage("a line is a number, a space and text", code="line")
        return [
            InboundEvent(
                external_id=f"{customer}/{line[1]}",
                author=Author(
                    role=Role.CUSTOMER, identities=[Identity(kind="name", value=customer)], display=customer
                ),
                blocks=[Block(text=line[2])],
                evidence=[Evidence(kind=EvidenceKind.THREAD, value=customer)],
            )
        ]

    async def stream(self) -> None:
        """Listen until cancelled, then hang up on everybody."""
        server = await asyncio.start_server(
            self._serve, self.settings.host, self.settings.port, limit=LINE_BYTES
        )
        self.port = server.sockets[0].getsockname()[1]
        self.listening.set()
        try:
            # Not serve_forever: since Python 3.12 it waits for every customer to hang up first.
            await asyncio.Event().wait()
        finally:
            server.close()
            for writer in list(self._customers.values()):
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        customer = ""
        # A line over the limit, a wrong greeting and a lost connection all end the call.
        with suppress(ValueError, OSError):
            greeting = _GREETING.fullmatch((await reader.readline()).strip())
            if greeting is not None:
                customer = greeting[1].decode()
                self._customers[customer] = writer
                while line := await reader.readline():
                    writer.write(await self._take(customer, line.strip()))
                    await writer.drain()
        if self._customers.get(customer) is writer:
            del self._customers[customer]
        writer.close()

    async def _take(self, customer: str, line: bytes) -> bytes:
        number = line.partition(b" ")[0]
        raw = RawInbound(
            dedupe_key=f"{customer}/{number.decode('ascii', 'replace')}",
            raw=line,
            received_at=self.ctx.clock.now(),
            envelope={"customer": customer},
        )
        try:
            await self.ctx.accept([raw])
        except StoreUnavailable as away:
            return b"later %s %d\n" % (number, away.retry_after_s)
        return b"ok %s\n" % number

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Write the reply to the customer's connection; he is gone when it is."""
        writer = self._customers.get(attempt.recipient)
        if writer is None or writer.is_closing():
            raise RecipientGone(f"{attempt.recipient} has hung up", public_text="The customer has hung up.")
        text = " ".join(" ".join(block.text.split()) for block in attempt.blocks)
        await self.ctx.sending(attempt.attempt_id)
        try:
            writer.write(f"* {attempt.author_name}: {text}\n".encode())
            await writer.drain()
        except OSError as error:
            raise UnknownOutcome(f"the connection broke while writing: {error}") from error
        return Receipt(outcome=SendOutcome.ACCEPTED, remote_ref=attempt.outgoing_ref)
