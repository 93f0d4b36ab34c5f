"""Floor of the mail door: aiosmtpd, and 250 to everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP, Envelope, Session


class _Anything:
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return "250 OK"


@asynccontextmanager
async def take_anything() -> AsyncIterator[int]:
    """Listen; nothing is kept."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(_Anything(), enable_SMTPUTF8=True, hostname="floor.example", loop=loop), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
