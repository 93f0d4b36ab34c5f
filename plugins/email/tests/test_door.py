"""A real SMTP or LMTP client against the listeners: what is said is what was committed."""

from __future__ import annotations

import asyncio
import smtplib
import socket

import pytest
from router_email.channel import EmailChannel

from .conftest import ADDRESS, MemoryContext, mail, settings_with


def deliver(
    port: int, content: bytes, *recipients: str, sender: str = "ana@example.org"
) -> tuple[int, bytes]:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo("client.example")
        client.mail(sender)
        for recipient in recipients or (ADDRESS,):
            code, words = client.rcpt(recipient)
            if code != 250:
                return code, words
        return client.data(content)


def talk(port: int, pieces: list[bytes], greeting: bytes = b"EHLO client.example\r\n") -> bytes:
    """Say everything up to DATA politely, then send the pieces as they are; give what came back."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
        stream = sock.makefile("rwb")

        def say(line: bytes) -> bytes:
            stream.write(line)
            stream.flush()
            answer: bytes = stream.readline()
            while answer[3:4] == b"-":
                answer = stream.readline()
            return answer

        stream.readline()
        say(greeting)
        say(b"MAIL FROM:<ana@example.org>\r\n")
        say(b"RCPT TO:<support@shop.example>\r\n")
        assert say(b"DATA\r\n").startswith(b"354")
        for piece in pieces:
            sock.sendall(piece)
        sock.sendall(b"\r\n.\r\nQUIT\r\n")
        return stream.read()


async def test_mail_is_answered_250_only_after_the_commit(channel: EmailChannel, ctx: MemoryContext) -> None:
    ctx.gate = asyncio.Event()
    delivery = asyncio.create_task(asyncio.to_thread(deliver, channel.port("smtp"), mail()))
    await ctx.asked.wait()
    assert not delivery.done(), "an answer was given before the commit"
    ctx.gate.set()
    assert (await delivery)[0] == 250
    assert len(ctx.items) == 1


async def test_store_away_is_451_and_the_retry_is_taken(channel: EmailChannel, ctx: MemoryContext) -> None:
    ctx.is_away = True
    assert (await asyncio.to_thread(deliver, channel.port("smtp"), mail()))[0] == 451
    ctx.is_away = False
    assert (await asyncio.to_thread(deliver, channel.port("smtp"), mail()))[0] == 250
    assert len(ctx.items) == 1


async def test_commit_that_takes_too_long_is_451(ctx: MemoryContext) -> None:
    channel = EmailChannel("support", settings_with(accept_timeout_s=0.1))
    ctx.gate = asyncio.Event()
    await channel.open(ctx)
    try:
        code, words = await asyncio.to_thread(deliver, channel.port("smtp"), mail())
    finally:
        await channel.close()
    assert (code, ctx.items) == (451, [])
    assert b"later" in words


async def test_unexpected_failure_is_451_and_tells_the_peer_nothing(
    channel: EmailChannel, ctx: MemoryContext
) -> None:
    ctx.items = None  # type: ignore[assignment]
    code, words = await asyncio.to_thread(deliver, channel.port("smtp"), mail())
    assert code == 451
    assert b"NoneType" not in words


async def test_redelivery_is_250_and_one_item(channel: EmailChannel, ctx: MemoryContext) -> None:
    for hop in ("by a", "by b"):
        content = mail(received=hop)
        assert (await asyncio.to_thread(deliver, channel.port("smtp"), content))[0] == 250
    assert len(ctx.items) == 1


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        (ADDRESS, 250),
        ("SUPPORT@Shop.Example", 250),
        ("support+c.Tf4kq0c2Zt5mB7yXh1wP9g@shop.example", 250),
        ("help@shop.example", 250),
        ("anyone@brand.example", 250),
        ("stranger@shop.example", 550),
        ("support@elsewhere.example", 550),
    ],
)
async def test_only_our_recipients_are_taken(ctx: MemoryContext, recipient: str, code: int) -> None:
    settings = settings_with(aliases=["help@shop.example"], domains=["brand.example"])
    channel = EmailChannel("support", settings)
    await channel.open(ctx)
    try:
        assert (await asyncio.to_thread(deliver, channel.port("smtp"), mail(), recipient))[0] == code
    finally:
        await channel.close()


async def test_envelope_is_kept_beside_the_bytes(channel: EmailChannel, ctx: MemoryContext) -> None:
    await asyncio.to_thread(deliver, channel.port("smtp"), mail(), sender="")
    envelope = ctx.items[0].envelope
    assert (envelope["door"], envelope["mail_from"], envelope["rcpt_to"]) == ("smtp", "", [ADDRESS])


async def test_mail_over_the_size_limit_is_552(ctx: MemoryContext) -> None:
    channel = EmailChannel("support", settings_with(max_bytes=2000))
    await channel.open(ctx)
    try:
        code, _ = await asyncio.to_thread(deliver, channel.port("smtp"), mail("x" * 70 + "\n" * 3000))
    finally:
        await channel.close()
    assert (code, ctx.items) == (552, [])


async def test_line_of_100_kb_is_taken(channel: EmailChannel, ctx: MemoryContext) -> None:
    code, _ = await asyncio.to_thread(deliver, channel.port("smtp"), mail("x" * 100_000))
    assert code == 250
    assert b"x" * 100_000 in ctx.items[0].raw


SMUGGLED = (
    b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<support@shop.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nevil"
)
FALSE_ENDS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\n.\r",
    b"\r.\n",
    b"\r\n\0.\r\n",
    b"\r\n..\r\n",
]


@pytest.mark.parametrize("is_split", [False, True], ids=["one packet", "byte by byte"])
@pytest.mark.parametrize("ending", FALSE_ENDS, ids=repr)
async def test_false_end_of_data_makes_one_mail(
    channel: EmailChannel, ctx: MemoryContext, ending: bytes, is_split: bool
) -> None:
    content = mail().rstrip() + ending + SMUGGLED
    pieces = [bytes([byte]) for byte in content] if is_split else [content]
    answer = await asyncio.to_thread(talk, channel.port("smtp"), pieces)
    assert len(ctx.items) == 1
    assert answer.count(b"250 ") == 1
    lines = ctx.items[0].raw.replace(b"\r\n", b"")
    assert b"\r" not in lines
    assert b"\n" not in lines


async def test_lmtp_answers_once_for_every_recipient(channel: EmailChannel, ctx: MemoryContext) -> None:
    def deliver_to_two() -> bytes:
        with socket.create_connection(("127.0.0.1", channel.port("lmtp")), timeout=60) as sock:
            stream = sock.makefile("rwb")
            stream.write(
                b"LHLO mta.example\r\nMAIL FROM:<>\r\nRCPT TO:<support@shop.example>\r\n"
                b"RCPT TO:<support+c.Tf4kq0c2Zt5mB7yXh1wP9g@shop.example>\r\nDATA\r\n"
            )
            stream.flush()
            while not stream.readline().startswith(b"354"):
                continue
            stream.write(mail() + b".\r\nQUIT\r\n")
            stream.flush()
            return stream.read()

    answer = await asyncio.to_thread(deliver_to_two)
    assert answer.count(b"250 2.0.0 OK") == 2
    assert len(ctx.items) == 1
    assert ctx.items[0].envelope["door"] == "lmtp"


async def test_lmtp_refusal_of_size_is_said_to_every_recipient(ctx: MemoryContext) -> None:
    channel = EmailChannel(
        "support", settings_with(max_bytes=1024, lmtp_in={"port": 0}, domains=["shop.example"])
    )
    await channel.open(ctx)

    def deliver_to_two() -> bytes:
        with socket.create_connection(("127.0.0.1", channel.port("lmtp")), timeout=60) as sock:
            stream = sock.makefile("rwb")
            stream.write(b"LHLO mta.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@shop.example>\r\n")
            stream.write(b"RCPT TO:<b@shop.example>\r\nDATA\r\n")
            stream.flush()
            while not stream.readline().startswith(b"354"):
                continue
            stream.write(mail("x\n" * 2000) + b".\r\nQUIT\r\n")
            stream.flush()
            return stream.read()

    try:
        assert (await asyncio.to_thread(deliver_to_two)).count(b"552") == 2
    finally:
        await channel.close()


async def test_mail_in_flight_is_finished_when_the_channel_closes(
    channel: EmailChannel, ctx: MemoryContext
) -> None:
    ctx.gate = asyncio.Event()
    delivery = asyncio.create_task(asyncio.to_thread(deliver, channel.port("smtp"), mail()))
    await ctx.asked.wait()
    closing = asyncio.create_task(channel.close())
    ctx.gate.set()
    await closing
    assert len(ctx.items) == 1
    assert (await delivery)[0] == 250


async def test_open_and_close_fifty_times_leaves_nothing_behind(ctx: MemoryContext) -> None:
    before = asyncio.all_tasks()
    for _ in range(50):
        channel = EmailChannel("support", settings_with())
        await channel.open(ctx)
        await channel.close()
    assert asyncio.all_tasks() == before


async def test_taken_port_is_an_error_and_opens_nothing(ctx: MemoryContext, channel: EmailChannel) -> None:
    second = EmailChannel("other", settings_with(smtp_in={"port": channel.port("smtp")}))
    with pytest.raises(OSError, match="address already in use"):
        await second.open(ctx)
