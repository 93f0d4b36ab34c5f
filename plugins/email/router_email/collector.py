"""A mailbox on one side, the store on the other: fetch, commit with the cursor, wait, again."""

from __future__ import annotations

import asyncio
import imaplib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from imap_tools.errors import MailboxLoginError

from router import Health, HealthState
from router.channel import ChannelContext
from router.errors import ConfigError
from router.messages import JsonValue, RawInbound
from router_email.identity import dedupe_key
from router_email.mailbox import Fetched, MailboxLost, MailboxReader, Place
from router_email.settings import EmailSettings, ImapSettings

ResultT = TypeVar("ResultT")


class Collector:
    """Reads one mailbox for one account, in a thread of its own."""

    def __init__(self, settings: EmailSettings, imap: ImapSettings, ctx: ChannelContext) -> None:
        self._settings = settings
        self._imap = imap
        self._ctx = ctx

    async def run(self) -> None:
        """Read until cancelled; raises when the connection is lost."""
        reader = MailboxReader(self._imap, self._settings.max_bytes)
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"imap-{self._ctx.account}")
        try:
            await self._read(reader, thread)
        except (MailboxLoginError, ConfigError) as error:
            self._tell(HealthState.AUTH_NEEDED, str(error))
            raise
        except (MailboxLost, imaplib.IMAP4.error, OSError) as error:
            self._tell(HealthState.DOWN, str(error))
            raise
        finally:
            # The thread may be waiting for the server: wake it, or stopping would take minutes.
            reader.interrupt()
            await asyncio.shield(self._in(thread, reader.close))
            thread.shutdown(wait=False)

    async def _read(self, reader: MailboxReader, thread: ThreadPoolExecutor) -> None:
        await self._in(thread, reader.connect)
        place = reader.start_from(_place_of(await self._ctx.cursor()))
        self._tell(HealthState.OK, "")
        while True:
            while fetched := await self._in(thread, partial(reader.fetch_after, place)):
                place = await self._accept(fetched, place)
            await self._in(thread, partial(reader.wait, min(self._imap.idle_s, self._imap.poll_s)))

    async def _accept(self, fetched: list[Fetched], place: Place) -> Place:
        """Commit a batch together with the place after it."""
        now = self._ctx.clock.now()
        items = [
            RawInbound(
                dedupe_key=dedupe_key(mail.raw) if mail.raw else f"imap {place.uidvalidity} {mail.uid}",
                raw=mail.raw,
                received_at=now,
                envelope={
                    "door": "imap",
                    "mailbox": self._imap.mailbox,
                    "uidvalidity": place.uidvalidity,
                    "uid": mail.uid,
                },
            )
            for mail in fetched
        ]
        after = Place(uidvalidity=place.uidvalidity, last_uid=fetched[-1].uid)
        await self._ctx.accept(items, cursor={"uidvalidity": after.uidvalidity, "last_uid": after.last_uid})
        return after

    def _tell(self, state: HealthState, cause: str) -> None:
        self._ctx.set_health(Health(state=state, cause=cause, since=self._ctx.clock.now()))

    async def _in(self, thread: ThreadPoolExecutor, call: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(thread, call)


def _place_of(cursor: JsonValue) -> Place | None:
    if not isinstance(cursor, dict):
        return None
    uidvalidity, last_uid = cursor.get("uidvalidity"), cursor.get("last_uid")
    if not isinstance(uidvalidity, int) or not isinstance(last_uid, int):
        return None
    return Place(uidvalidity=uidvalidity, last_uid=last_uid)
