"""Mails of a shop's day with the truth about them, the same for the same seed.

Of 1,000: 480 new matters, 500 answers of customers within a matter and 20 exact redeliveries. Answers name the
mail before, some under another subject, some only in References. Forty new matters share one subject. Kinds as
they come: plain, multipart, HTML of 5 to 100 KB, Chinese in UTF-8 and GB18030, attachments.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

MAILBOX = "support@shop.example"
BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
SHARED_SUBJECT = "Refund"

_LATIN = (
    "my order parcel invoice refund delivery is late broken wrong missing address card coupon size colour"
    " please help thanks still waiting since Monday account password cancel change payment item screen"
)
_HANZI = (
    "我的订单还没有收到请帮忙查一下物流退款已经申请三天了客服没有回复发票地址密码登录商品破损换货谢谢您好"
)
_KINDS = (("plain", 40), ("both", 22), ("html", 13), ("hanzi", 12), ("gb18030", 6), ("attachment", 7))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail and what is true about it: its matter, and whether it is `new`, a `reply` or an `again`."""

    content: bytes
    message_id: str
    case: int
    role: str


@dataclass(slots=True)
class _Matter:
    sender: str
    subject: str
    ids: list[str]


class Corpus:
    """Makes the mails."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._latin = _LATIN.split()
        self._matters: list[_Matter] = []
        self._count = 0

    def make(self, count: int = 1_000) -> list[Mail]:
        """Make `count` mails in the order they arrive."""
        replies, again = count // 2, count // 50
        roles = ["new"] * (count - replies - again) + ["reply"] * replies
        later = roles[20:]
        self._random.shuffle(later)
        mails = [self._new() if role == "new" else self._reply() for role in roles[:20] + later]
        for _ in range(again):
            which = self._random.randrange(len(mails))
            copy = mails[which]
            place = self._random.randrange(which + 1, len(mails) + 1)
            mails.insert(
                place,
                Mail(content=copy.content, message_id=copy.message_id, case=copy.case, role="again"),
            )
        return mails

    def _new(self) -> Mail:
        number = len(self._matters)
        kind = self._kind()
        subject = SHARED_SUBJECT if number % 12 == 5 else self._line(kind, 5)
        self._matters.append(_Matter(f"Customer {number} <c{number}@customer.example>", subject, []))
        return self._mail(number, kind, subject, {}, "new")

    def _reply(self) -> Mail:
        number = self._random.randrange(len(self._matters))
        matter, kind = self._matters[number], self._kind()
        references = {"References": " ".join(matter.ids)}
        if len(matter.ids) < 2 or self._random.random() > 0.3:
            references["In-Reply-To"] = matter.ids[-1]
        prefix = "回复：" if kind in ("hanzi", "gb18030") else "Re: "
        subject = self._line(kind, 4) if self._random.random() < 0.2 else prefix + matter.subject
        return self._mail(number, kind, subject, references, "reply")

    def _mail(self, case: int, kind: str, subject: str, references: dict[str, str], role: str) -> Mail:
        matter = self._matters[case]
        at = BEGIN + timedelta(minutes=self._count)
        self._count += 1
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = matter.sender, MAILBOX, subject
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<{self._random.getrandbits(64):016x}@mail.customer.example>"
        mail["Received"] = f"from mx.customer.example by mx.shop.example with ESMTPS; {format_datetime(at)}"
        for name, value in references.items():
            mail[name] = value
        self._fill(mail, kind, matter.sender)
        matter.ids.append(mail["Message-ID"])
        return Mail(content=bytes(mail), message_id=mail["Message-ID"], case=case, role=role)

    def _fill(self, mail: EmailMessage, kind: str, sender: str) -> None:
        source = self._random
        if kind in ("hanzi", "gb18030"):
            charset = "utf-8" if kind == "hanzi" else kind
            mail.set_content(self._line(kind, source.randint(60, 300)) + "\n", charset=charset, cte="base64")
        elif kind == "html":
            paragraphs = source.choice((60, 60, 60, 200, 1_200))
            rows = "".join(f"<p class='r{row}'>{self._line(kind, 8)}</p>\n" for row in range(paragraphs))
            mail.set_content(f"<html><body>{rows}</body></html>", subtype="html")
        else:
            text = self._line(kind, source.randint(40, 200)) + f".\n\n-- \n{sender}\n"
            mail.set_content(text)
            if kind == "both":
                mail.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
            elif kind == "attachment":
                content = source.randbytes(source.randint(20_000, 60_000))
                mail.add_attachment(content, maintype="application", subtype="pdf", filename="发票.pdf")

    def _kind(self) -> str:
        names, weights = zip(*_KINDS, strict=True)
        return str(self._random.choices(names, weights)[0])

    def _line(self, kind: str, words: int) -> str:
        if kind in ("hanzi", "gb18030"):
            return "".join(self._random.choice(_HANZI) for _ in range(words * 2))
        return " ".join(self._random.choice(self._latin) for _ in range(words)).capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a program placed the mails: replies joined, redeliveries dropped, matters merged wrongly."""

    joined: int
    replies: int
    dropped: int
    again: int
    merged: int

    def __str__(self) -> str:
        """Write it for people."""
        return (
            f"replies {self.joined}/{self.replies}, redeliveries {self.dropped}/{self.again},"
            f" wrong merges {self.merged}"
        )

    @property
    def is_perfect(self) -> bool:
        """Say whether everything is where it belongs."""
        return (self.joined, self.dropped, self.merged) == (self.replies, self.again, 0)


def score(mails: list[Mail], places: list[str]) -> Score:
    """Compare where the mails went; the place of a dropped redelivery is empty."""
    first: dict[int, str] = {}
    joined = dropped = merged = 0
    taken: set[str] = set()
    for mail, place in zip(mails, places, strict=True):
        if mail.role == "again":
            dropped += place == ""
        elif mail.role == "new":
            merged += place in taken
            first[mail.case] = place
        else:
            joined += place == first[mail.case]
        taken.add(place)
    count = [mail.role for mail in mails].count
    return Score(joined=joined, replies=count("reply"), dropped=dropped, again=count("again"), merged=merged)
