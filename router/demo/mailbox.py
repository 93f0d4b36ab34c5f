"""The mailbox of all the demo's customers: takes the mail the shop sends, and posts theirs to the shop.

The router's relay points here, so what stands in the mailbox has left the router by real SMTP; what a
customer posts goes through the router's own SMTP door.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from router.clock import Clock
from router.demo.letters import Draft, Letter, read_letter, write_letter
from router.demo.ports import HOST

KEPT_LETTERS = 400


class Mailbox:
    """Letters sent and received, oldest first; `version` grows with each one."""

    def __init__(self, clock: Clock, shop_port: int) -> None:
        self._clock = clock
        self._shop_port = shop_port
        self._letters: deque[Letter] = deque(maxlen=KEPT_LETTERS)
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self.version = 0

    async def open(self) -> int:
        """Listen on a free port and give it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="customer.example"), HOST, 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Put a mail of the shop into the mailboxes of its recipients."""
        for recipient in envelope.rcpt_tos:
            await self._keep(envelope.original_content or b"", "received", recipient)
        return "250 2.0.0 OK"

    async def post(self, draft: Draft) -> Letter:
        """Send a customer's mail to the shop; raises SMTPException or OSError when it is not taken."""
        raw = write_letter(draft)
        await self.post_raw(raw, sender=draft.address, to=draft.to)
        return await self._keep(raw, "sent", draft.address)

    async def post_raw(self, raw: bytes, *, sender: str, to: str) -> None:
        """Hand any bytes to the shop's SMTP door."""
        async with aiosmtplib.SMTP(
            hostname=HOST, port=self._shop_port, use_tls=False, start_tls=False
        ) as line:
            await line.sendmail(sender, [to], raw)

    def letters(self, after: int = 0) -> Sequence[Letter]:
        """Give the letters with a higher number."""
        return [letter for letter in self._letters if letter.number > after]

    def letter(self, number: int) -> Letter | None:
        """Give one letter, if it is still there."""
        return next((letter for letter in self._letters if letter.number == number), None)

    async def until(self, wanted: Callable[[Letter], bool]) -> Letter:
        """Wait for a letter; one that is already here counts."""
        async with self._changed:
            while True:
                for letter in self._letters:
                    if wanted(letter):
                        return letter
                await self._changed.wait()

    async def _keep(self, raw: bytes, direction: Literal["sent", "received"], customer: str) -> Letter:
        async with self._changed:
            self.version += 1
            letter = read_letter(
                raw, number=self.version, direction=direction, customer=customer, at=self._clock.now()
            )
            self._letters.append(letter)
            self._changed.notify_all()
        return letter
