"""What customers want, as the campaign invents it: matters of a few messages each, tagged by kill point.

In: a tag and a number. Out: mails with their bytes, chat lines with their client ids; and a record of when
each was first tried and when the router answered for it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage

MAILBOX = "support@shop.example"


@dataclass(slots=True)
class Sent:
    """One message of a customer; `external_id` is its Message-ID or chat `cid`."""

    external_id: str
    content: bytes
    tried_at: float = 0.0
    accepted_at: float = 0.0

    def trying(self) -> None:
        """Note the first try."""
        self.tried_at = self.tried_at or time.monotonic()

    def accepted(self) -> None:
        """Note that the router has answered for it."""
        self.accepted_at = self.accepted_at or time.monotonic()

    @property
    def delay_s(self) -> float:
        """Give how long the customer's side had to try."""
        return self.accepted_at - self.tried_at if self.accepted_at else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One matter of one customer: its messages belong into one conversation."""

    tag: str
    number: int
    channel: str
    messages: Sequence[Sent]
    replies_seen: set[str] = field(default_factory=set)

    @property
    def sender(self) -> str:
        """Give the customer's address."""
        return f"{self.tag.lower()}-{self.number}@customer.example"


def mail_case(tag: str, number: int, length: int) -> Case:
    """Invent a matter by mail: a first mail and answers to the mail before."""
    case = Case(tag=tag, number=number, channel="email", messages=[])
    mails: list[Sent] = []
    for index in range(length):
        mail = EmailMessage()
        mail["From"], mail["To"] = case.sender, MAILBOX
        mail["Subject"] = f"Order {tag} {number}" if index == 0 else f"More on {tag} {number}.{index}"
        mail["Message-ID"] = f"<{tag}.{number}.{index}@customer.example>"
        if mails:
            mail["In-Reply-To"] = mails[-1].external_id
        mail.set_content(f"Where is my parcel? This is mail {index} about matter {number} of {tag}.")
        mails.append(Sent(mail["Message-ID"], bytes(mail)))
    return Case(tag=tag, number=number, channel="email", messages=mails)


def chat_case(tag: str, number: int, length: int) -> Case:
    """Invent a matter by chat: lines of one visitor."""
    lines = [
        Sent(f"{tag}-{number:04}-{index}", f"Chat line {index} of {tag} {number}".encode())
        for index in range(length)
    ]
    return Case(tag=tag, number=number, channel="webchat", messages=lines)
