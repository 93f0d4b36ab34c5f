"""A mail from the door to an agent: processor time beside the floor, and whether it went to the right place."""

from __future__ import annotations

import asyncio
import tempfile
import time

from router_email.identity import dedupe_key
from router_email.settings import EmailSettings, Listener

from bench.corpus import MAILBOX, Corpus, Mail, Score, score
from bench.figures import Figure, Run, Table, Target
from bench.floors import mail_ingest
from bench.processes import apart, apart_async, cpu_s
from bench.rooms import Rooms, open_rooms
from router.config import Account
from router.messages import AcceptOutcome, RawInbound
from router.plugin_host import PluginHost

AGENTS = 50
IN_FLIGHT = 64
SEEDS = (7, 11)
SENDER = "customer@customer.example"

MAIL_CPU = Target(
    number="mail", title="mail to assigned, CPU / floor in memory", bar=5, stretch=2.5, at_least=False
)
TRUTH = Target(
    number="9",
    title="share placed right: 1,000 mails, two seeds",
    bar=100,
    stretch=100,
    at_least=True,
    unit="%",
)


def measure(table: Table, pairs: int) -> None:
    """Run both sides on the same mails, then judge the places."""
    ratios, note = [], ""
    for _ in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            ours, _ = apart_async(take_corpus, f"sqlite:///{folder}/ours.db", SEEDS[0])
            floor, _ = apart(take_by_floor, f"{folder}/floor.db", SEEDS[0])
        ratios.append(ours.cpu_us / floor.cpu_us)
        note = f"ours {ours.cpu_us:.0f} us, floor {floor.cpu_us:.0f} us"
    table.add(Figure(target=MAIL_CPU, values=ratios, note=note))
    scores = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            scores.append(apart_async(take_corpus, f"sqlite:///{folder}/ours.db", seed)[1])
    table.add(
        Figure(target=TRUTH, values=[_share(each) for each in scores], note="; ".join(map(str, scores)))
    )


def email_account() -> Account:
    """Give the mailbox all mails of the bench are for."""
    settings = EmailSettings(address=MAILBOX, smtp_in=Listener(port=0))
    kind = PluginHost.load().channel_types["email"]
    return Account(name="support", channel_type=kind, settings=settings, package="router_email")


def raw_mail(rooms: Rooms, content: bytes, recipient: str = MAILBOX) -> RawInbound:
    """Wrap a mail as the door does."""
    return RawInbound(
        dedupe_key=dedupe_key(content),
        raw=content,
        received_at=rooms.clock.now(),
        envelope={"door": "smtp", "mail_from": SENDER, "rcpt_to": [recipient], "peer": "127.0.0.1"},
    )


async def take_corpus(url: str, seed: int) -> tuple[Run, Score]:
    """Take the corpus in, up to `IN_FLIGHT` mails at once, until all new matters are assigned."""
    mails = Corpus(seed).make()
    async with open_rooms(url, [email_account()], agents=AGENTS) as rooms:
        warm = [await rooms.take("support", raw_mail(rooms, mail.content)) for mail in Corpus(1).make(50)]
        assert len(warm) == 50
        cpu, wall = cpu_s(), time.perf_counter()
        places = await _take_all(rooms, mails)
        await rooms.all_assigned()
        run = Run(operations=len(mails), wall_s=time.perf_counter() - wall, cpu_s=cpu_s() - cpu)
    return run, score(mails, places)


async def _take_all(rooms: Rooms, mails: list[Mail]) -> list[str]:
    """Accept in order of arrival; give each mail's conversation, empty for a redelivery."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def take(mail: Mail) -> str:
        async with gate:
            [result] = await rooms.intake.accept("support", [raw_mail(rooms, mail.content)])
            filed = await rooms.filing.filed(result.inbound_id)
            return "" if result.outcome is AcceptOutcome.DUPLICATE else filed[0].conversation_id

    return list(await asyncio.gather(*(take(mail) for mail in mails)))


def take_by_floor(path: str, seed: int) -> tuple[Run, Score]:
    """Take the corpus in by the floor."""
    mails = Corpus(seed).make()
    run, places = mail_ingest.ingest(path, mails)
    return run, score(mails, places)


def _share(each: Score) -> float:
    right = each.joined + each.dropped - each.merged
    return 100 * right / (each.replies + each.again)
