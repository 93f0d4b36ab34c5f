"""Customers with real sockets, for the contract tests: in, samples; out, what they were answered."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime

from router.channel import AnyChannel
from router.messages import RawInbound
from router_telnet.channel import TelnetChannel, TelnetSettings


def _typed(line: bytes) -> RawInbound:
    return RawInbound(
        dedupe_key=f"ann/{line.partition(b' ')[0].decode()}",
        raw=line,
        received_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        envelope={"customer": "ann"},
    )


class TelnetCustomers:
    """One customer, Ann, who calls when her first line is due and stays on the line."""

    def __init__(self) -> None:
        self._received: list[bytes] = []
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None

    def settings(self) -> TelnetSettings:
        """Listen on any free port."""
        return TelnetSettings(port=0)

    def samples(self) -> Sequence[RawInbound]:
        """Give three lines of one customer."""
        lines = (
            b"1 Where is my parcel?",
            b"2 \xe6\x88\x91\xe7\x9a\x84\xe8\xae\xa2\xe5\x8d\x95",
            b"3 Thank you.",
        )
        return [_typed(line) for line in lines]

    def fresh(self, number: int) -> RawInbound:
        """Give one more line."""
        return _typed(b"%d And another thing." % (number + 100))

    def forget(self) -> None:
        """Let Ann forget what she read."""
        self._received.clear()

    async def start(self) -> None:
        """Do nothing: Ann calls us."""

    async def stop(self) -> None:
        """Hang up."""
        await self._hang_up()

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Let Ann type one line; give the answer without its number."""
        assert isinstance(channel, TelnetChannel)
        async with asyncio.timeout(60):
            await channel.listening.wait()
            if self._writer is None or self._writer.is_closing():
                await self._call(channel.port)
            assert self._writer is not None
            self._writer.write(raw.raw + b"\n")
            return (await self._answers.get()).partition(" ")[0]

    def sent(self) -> Sequence[bytes]:
        """Give the replies Ann read, oldest first."""
        return list(self._received)

    def fail_next(self, error: str) -> None:
        """Refuse: Ann's socket cannot fail at a chosen moment."""
        raise LookupError(error)

    def errors(self) -> Sequence[str]:
        """Name nothing, see `fail_next`."""
        return []

    async def _call(self, port: int) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(b"I am ann\n")
        self._answers = asyncio.Queue()
        self._listener = asyncio.create_task(self._listen(reader, self._writer))

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                if line.startswith(b"* "):
                    self._received.append(line)
                else:
                    self._answers.put_nowait(line.decode().strip())
        # The other side has hung up: who writes next has to call again.
        writer.close()

    async def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait({self._listener})
