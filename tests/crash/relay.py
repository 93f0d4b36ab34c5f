"""The relay our mail leaves by: counts every copy it is given, and can kill the router before it says 250."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.crash.trigger import Trigger


class Relay:
    """Takes mail for anybody; `copies` counts by Message-ID."""

    def __init__(self, trigger: Trigger) -> None:
        self.copies: Counter[str] = Counter()
        self._trigger = trigger

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one mail; from here on it has arrived, whatever becomes of the router."""
        self.copies[message_from_bytes(envelope.original_content or b"")["Message-ID"]] += 1
        self._trigger.passed("K15")
        return "250 OK"

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[None]:
        """Listen until the block ends."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(self, hostname="relay.example", loop=loop), "127.0.0.1", port
        )
        try:
            yield
        finally:
            server.close()
