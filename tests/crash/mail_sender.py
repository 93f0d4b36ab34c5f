"""A customer's mail server: keeps every mail until the router has said 250 to it, however often it dies."""

from __future__ import annotations

import asyncio

import aiosmtplib

from tests.crash.cases import MAILBOX, Case
from tests.crash.trigger import Trigger

LANES = 4
RETRY_S = 0.05


class MailSender:
    """Delivers the mails of a case in turn, and `LANES` cases at once over kept connections."""

    def __init__(self, port: int, trigger: Trigger) -> None:
        self._port = port
        self._trigger = trigger
        self._cases: asyncio.Queue[Case] = asyncio.Queue()

    def add(self, case: Case) -> None:
        """Take a case over."""
        self._cases.put_nowait(case)

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(self._lane())

    async def finished(self) -> None:
        """Wait until every mail has its 250."""
        await self._cases.join()

    async def _lane(self) -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self._port, use_tls=False, start_tls=False)
        try:
            while True:
                case = await self._cases.get()
                for mail in case.messages:
                    mail.trying()
                    await self._deliver(client, case.sender, mail.content)
                    mail.accepted()
                    self._trigger.passed("K4")
                self._cases.task_done()
        finally:
            client.close()

    async def _deliver(self, client: aiosmtplib.SMTP, sender: str, content: bytes) -> None:
        """Try until the router's 250; nothing else counts."""
        while True:
            try:
                if not client.is_connected:
                    await client.connect(timeout=20)
                await client.sendmail(sender, [MAILBOX], content, timeout=20)
            except (aiosmtplib.SMTPException, OSError):
                client.close()
                await asyncio.sleep(RETRY_S)
            else:
                return
