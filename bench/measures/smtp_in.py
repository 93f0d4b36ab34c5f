"""Target 10: mails per second through the door, each committed before its 250, beside a door that keeps nothing."""

from __future__ import annotations

import asyncio
import tempfile
import time
from email.message import EmailMessage

from bench.clients import send_mails
from bench.corpus import MAILBOX
from bench.figures import Figure, Run, Table, Target
from bench.floors.smtp import take_anything
from bench.processes import server
from bench.shop import whole_router

LANES = 16
MAILS = 1_600
WARM_UP = 160

DOOR = Target(
    number="10", title="SMTP in, 250 after commit / bare aiosmtpd", bar=0.5, stretch=1.5, at_least=True
)


def measure(table: Table, pairs: int) -> None:
    """Run both doors in turn."""
    asyncio.run(_measure(table, pairs))


async def _measure(table: Table, pairs: int) -> None:
    ratios, note = [], ""
    for number in range(pairs):
        async with server(take_anything) as process:
            floor = await _send(process.where, number)
        with tempfile.TemporaryDirectory() as folder:
            async with server(whole_router, folder) as process:
                ours = await _send(process.where.smtp_port, number)
        ratios.append(ours.rate / floor.rate)
        note = f"ours {ours.rate:.0f}/s, floor {floor.rate:.0f}/s"
    table.add(Figure(target=DOOR, values=ratios, note=note))


async def _send(port: int, number: int) -> Run:
    await send_mails(port, [_mail(f"warm-{number}-{index}") for index in range(WARM_UP)], MAILBOX, LANES)
    mails = [_mail(f"run-{number}-{index}") for index in range(MAILS)]
    began = time.perf_counter()
    await send_mails(port, mails, MAILBOX, LANES)
    return Run(operations=MAILS, wall_s=time.perf_counter() - began, cpu_s=0.0)


def _mail(name: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"{name}@customer.example", MAILBOX
    mail["Subject"], mail["Message-ID"] = f"Where is parcel {name}?", f"<{name}@mail.customer.example>"
    text = "Hello, my parcel has not come yet, order 4711. Where is it? " * 17
    mail.set_content(text)
    mail.add_alternative(f"<html><body><p>{text * 2}</p></body></html>", subtype="html")
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
