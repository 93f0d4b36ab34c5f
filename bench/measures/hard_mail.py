"""The hard questions of joining: one subject for many open matters, answers to our mails, and forgers.

A hundred customers open three matters each under one subject. The agent answers all; each customer answers each
of our mails by its Message-ID, half of them under another subject. Twenty strangers name Message-IDs and reply
tokens of ours, stolen and invented ones: none may end in a customer's conversation.
"""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from email.message import EmailMessage

from sqlalchemy import select

from bench.corpus import MAILBOX
from bench.figures import Figure, Table, Target
from bench.measures.mail import email_account, raw_mail
from bench.processes import apart_async
from bench.rooms import Rooms, open_rooms
from router.ids import new_id
from router.replies import Replies, Written
from router.storage import schema as t

CUSTOMERS, MATTERS, FORGERS = 100, 3, 20
SUBJECT = "Refund"

JOINED = Target(
    number="9b",
    title="same-subject matters and answers to our mails placed right",
    bar=100,
    stretch=100,
    at_least=True,
    unit="%",
)
FORGED = Target(
    number="9c",
    title="forged ids and tokens that reach a customer",
    bar=0,
    stretch=0,
    at_least=False,
    unit="",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the hard mails."""

    right: int
    asked: int
    disclosed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    """One open matter and our answer in it."""

    customer: int
    conversation_id: str
    outgoing_ref: str
    reply_token: str


def measure(table: Table, pairs: int) -> None:
    """Ask once: the answers are not a matter of speed."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = apart_async(ask, f"sqlite:///{folder}/hard.db")
    note = f"{outcome.right} of {outcome.asked}"
    table.add(Figure(target=JOINED, values=[100 * outcome.right / outcome.asked], note=note))
    table.add(Figure(target=FORGED, values=[outcome.disclosed], note=f"{FORGERS} forged mails"))


async def ask(url: str) -> Outcome:
    """Send the mails in and see where they go."""
    async with open_rooms(url, [email_account()], agents=4) as rooms:
        places = [[await _take(rooms, customer, {}) for _ in range(MATTERS)] for customer in range(CUSTOMERS)]
        every = {place for mine in places for place in mine}
        right = len(every)
        replies = _replies(rooms)
        matters = [
            await _answer(rooms, replies, customer, place)
            for customer, mine in enumerate(places)
            for place in mine
        ]
        random.Random(5).shuffle(matters)
        for number, matter in enumerate(matters):
            subject = f"Re: {SUBJECT}" if number % 2 else "One more question"
            named = {"In-Reply-To": matter.outgoing_ref}
            right += await _take(rooms, matter.customer, named, subject) == matter.conversation_id
        disclosed = sum([await _forge(rooms, number, matters[number]) in every for number in range(FORGERS)])
    return Outcome(right=right, asked=2 * CUSTOMERS * MATTERS, disclosed=disclosed)


async def _take(rooms: Rooms, customer: int, named: dict[str, str], subject: str = SUBJECT) -> str:
    content = _mail(f"customer-{customer}@customer.example", subject, named)
    return await rooms.take("support", raw_mail(rooms, content))


async def _forge(rooms: Rooms, number: int, matter: _Matter) -> str:
    """Pretend to belong to a matter: by a stolen id, a stolen token, or invented ones."""
    named = {"In-Reply-To": matter.outgoing_ref, "References": matter.outgoing_ref}
    token = matter.reply_token
    if number % 4 in (1, 3):
        named = {}
    if number % 4 in (2, 3):
        named = {key: f"<{new_id()}@shop.example>" for key in named}
        token = random.Random(number).randbytes(16).hex()
    recipient = f"support+c.{token}@shop.example" if number % 2 else MAILBOX
    content = _mail(f"stranger-{number}@elsewhere.example", f"Re: {SUBJECT}", named)
    return await rooms.take("support", raw_mail(rooms, content, recipient))


def _mail(sender: str, subject: str, named: dict[str, str]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, MAILBOX, subject
    mail["Message-ID"] = f"<{new_id()}@mail.customer.example>"
    for name, value in named.items():
        mail[name] = value
    mail.set_content("I want my money back for this order, please.\n")
    return bytes(mail)


async def _answer(rooms: Rooms, replies: Replies, customer: int, conversation_id: str) -> _Matter:
    """Take the matter as an agent and answer it; the relay is not part of the question."""
    agent_id = rooms.agent_ids[customer % len(rooms.agent_ids)]
    await rooms.offers.claim(conversation_id, agent_id)
    message_id = await replies.reply(conversation_id, agent_id, 1, "We look into it.")
    async with rooms.store.reading() as connection:
        statement = select(t.outbox).where(t.outbox.c.message_id == message_id)
        row = (await connection.execute(statement)).one()
    return _Matter(
        customer=customer,
        conversation_id=conversation_id,
        outgoing_ref=row.outgoing_ref,
        reply_token=row.reply_token,
    )


def _replies(rooms: Rooms) -> Replies:
    account = email_account()
    channel = account.channel_type.factory(account.name, account.settings)

    def outgoing_ref(_account: str, message_id: str) -> str:
        return channel.outgoing_ref(message_id)

    def written(_what: Written) -> None:
        """Nobody has to be told."""

    return Replies(rooms.store, rooms.clock, rooms.doors, outgoing_ref, written)
