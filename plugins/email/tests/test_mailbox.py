"""The collector against a real Dovecot: each mail once, whatever the server does."""

from __future__ import annotations

import asyncio
import imaplib
import resource
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from router_email.channel import EmailChannel

from router import HealthState

from .conftest import MemoryContext, mail, settings_with
from .dovecot import PASSWORD, USER, Dovecot

pytestmark = pytest.mark.services


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    if not Dovecot.is_installed():
        pytest.skip("no dovecot here: apt-get install dovecot-imapd dovecot-lmtpd")
    # Its processes run as somebody else, who gets through to no folder of pytest.
    with tempfile.TemporaryDirectory(prefix="omnirouter-dovecot-") as base:
        server = Dovecot(Path(base))
        server.start()
        yield server
        server.stop()


def numbered() -> bytes:
    return mail(message_id="<NUMBER@example.org>", subject="Parcel NUMBER")


@asynccontextmanager
async def reading(
    server: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch, **imap: object
) -> AsyncIterator[asyncio.Task[None]]:
    monkeypatch.setenv("MAILBOX_PASSWORD", PASSWORD)
    settings = settings_with(
        imap={
            "host": "127.0.0.1",
            "port": server.imap_port,
            "user": USER,
            "password_env": "MAILBOX_PASSWORD",
            "tls": "none",
            **imap,
        }
    )
    channel = EmailChannel("support", settings)
    await channel.open(ctx)
    task = asyncio.create_task(channel.stream())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, OSError, imaplib.IMAP4.error, Exception):
            await task
        await channel.close()


async def test_backlog_is_read_in_order_and_the_cursor_is_committed(
    dovecot: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(dovecot.deliver, numbered(), 45)
    async with reading(dovecot, ctx, monkeypatch):
        await ctx.wait_for(lambda: len(ctx.items) == 45)
    assert [item.envelope["uid"] for item in ctx.items] == list(range(1, 46))
    assert isinstance(ctx.position, dict)
    assert ctx.position["last_uid"] == 45
    assert ctx.healths[0].state is HealthState.OK


async def test_mail_delivered_during_idle_comes_at_once(
    dovecot: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(dovecot, ctx, monkeypatch, poll_s=200):
        await asyncio.to_thread(dovecot.deliver, mail(message_id="<a@example.org>"))
        await ctx.wait_for(lambda: len(ctx.items) == 1)
        await asyncio.to_thread(dovecot.deliver, mail(message_id="<b@example.org>"))
        await ctx.wait_for(lambda: len(ctx.items) == 2)


async def test_restart_goes_on_where_the_cursor_stands(
    dovecot: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(dovecot.deliver, mail(message_id="<a@example.org>"))
    async with reading(dovecot, ctx, monkeypatch):
        await ctx.wait_for(lambda: len(ctx.items) == 1)
    again = MemoryContext(position=ctx.position)
    await asyncio.to_thread(dovecot.deliver, mail(message_id="<b@example.org>"))
    async with reading(dovecot, again, monkeypatch):
        await again.wait_for(lambda: len(again.items) == 1)
    assert again.items[0].envelope["uid"] == 2


async def test_new_uidvalidity_reads_everything_again_and_doubles_nothing(
    dovecot: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(dovecot.deliver, numbered(), 5)
    async with reading(dovecot, ctx, monkeypatch):
        await ctx.wait_for(lambda: len(ctx.items) == 5)
    before = ctx.position
    await asyncio.to_thread(dovecot.forget_uids)
    await asyncio.to_thread(dovecot.deliver, mail(message_id="<new@example.org>"))
    async with reading(dovecot, ctx, monkeypatch):
        await ctx.wait_for(lambda: len(ctx.items) == 6)
    assert isinstance(before, dict)
    assert isinstance(ctx.position, dict)
    assert ctx.position["uidvalidity"] != before["uidvalidity"]


async def test_reading_leaves_the_flags_alone(
    dovecot: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(dovecot.deliver, mail())
    async with reading(dovecot, ctx, monkeypatch):
        await ctx.wait_for(lambda: len(ctx.items) == 1)

    def flags() -> bytes:
        with imaplib.IMAP4("127.0.0.1", dovecot.imap_port) as client:
            client.login(USER, PASSWORD)
            client.select(readonly=True)
            answer = client.fetch("1", "(FLAGS)")[1][0]
            assert isinstance(answer, bytes)
            return answer

    assert b"Seen" not in await asyncio.to_thread(flags)


async def test_server_that_goes_away_ends_the_stream_without_a_spin(
    dovecot: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(dovecot.deliver, mail())
    async with reading(dovecot, ctx, monkeypatch) as task:
        await ctx.wait_for(lambda: len(ctx.items) == 1)
        await asyncio.sleep(0.3)  # let it enter IDLE
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        await asyncio.to_thread(dovecot.kill)
        with pytest.raises(Exception, match=r"(?i)closed|bye|eof|abort|idle|broken|unexpected|connection"):
            await asyncio.wait_for(task, 60)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 1
    assert ctx.healths[-1].state is HealthState.DOWN


async def test_store_away_leaves_the_cursor_and_the_mail_comes_later(
    dovecot: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(dovecot.deliver, mail())
    ctx.is_away = True
    async with reading(dovecot, ctx, monkeypatch) as task:
        with pytest.raises(Exception, match="store"):
            await asyncio.wait_for(task, 60)
    assert ctx.position is None
    ctx.is_away = False
    async with reading(dovecot, ctx, monkeypatch):
        await ctx.wait_for(lambda: len(ctx.items) == 1)


async def test_wrong_password_needs_an_admin(
    dovecot: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(dovecot, ctx, monkeypatch, password_env="NOT_SET_AT_ALL") as task:
        with pytest.raises(Exception, match="NOT_SET_AT_ALL"):
            await asyncio.wait_for(task, 60)
    assert ctx.healths[-1].state is HealthState.AUTH_NEEDED


async def test_cancelled_stream_stops_at_once_and_leaves_no_thread(
    dovecot: Dovecot, ctx: MemoryContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(dovecot, ctx, monkeypatch, poll_s=200) as task:
        await ctx.wait_for(lambda: True)
        await asyncio.sleep(0.3)
        task.cancel()
        async with asyncio.timeout(60):
            with suppress(asyncio.CancelledError):
                await task
