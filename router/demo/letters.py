"""One mail as a customer writes or reads it: words in, bytes for the wire out, and bytes back into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Literal

CUSTOMER_DOMAIN = "customer.example"
CRLF = policy.SMTP.clone(cte_type="8bit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that came with a letter."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail in a customer's mailbox; `customer` is whose, `fields` are its header fields as they stand."""

    number: int
    direction: Literal["sent", "received"]
    customer: str
    at: datetime
    sender: str
    recipient: str
    reply_to: str
    subject: str
    text: str
    message_id: str
    references: Sequence[str]
    fields: Sequence[tuple[str, str]]
    files: Sequence[Enclosure] = ()
    raw: bytes = field(repr=False)

    def value(self, name: str) -> str:
        """Give a header field's value; empty if the mail has none."""
        return next((value for key, value in self.fields if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a customer is about to send; `charset` is how the mail program writes the text."""

    name: str
    address: str
    to: str
    subject: str
    text: str
    at: datetime
    answers: Letter | None = None
    charset: str = "utf-8"


def write_letter(draft: Draft) -> bytes:
    """Write a customer's mail as its mail program would; a reply names what it answers."""
    mail = EmailMessage(policy=CRLF)
    mail["From"] = Address(draft.name, addr_spec=draft.address)
    mail["To"] = draft.to
    mail["Subject"] = draft.subject
    mail["Date"] = format_datetime(draft.at)
    mail["Message-ID"] = make_msgid(domain=CUSTOMER_DOMAIN)
    if draft.answers is not None:
        mail["In-Reply-To"] = draft.answers.message_id
        mail["References"] = " ".join((*draft.answers.references, draft.answers.message_id))
    mail.set_content(draft.text, charset=draft.charset)
    return mail.as_bytes()


def read_letter(
    raw: bytes, *, number: int, direction: Literal["sent", "received"], customer: str, at: datetime
) -> Letter:
    """Read a mail; the sender's and recipient's addresses are bare."""
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain",))
    fields = [(name, " ".join(str(value).split())) for name, value in mail.items()]
    by_name = {name.lower(): value for name, value in fields}
    return Letter(
        number=number,
        direction=direction,
        customer=customer,
        at=at,
        sender=by_name.get("from", ""),
        recipient=parseaddr(by_name.get("to", ""))[1],
        reply_to=parseaddr(by_name.get("reply-to", by_name.get("from", "")))[1],
        subject=by_name.get("subject", ""),
        text=body.get_content().replace("\r\n", "\n").strip() if body is not None else "",
        message_id=by_name.get("message-id", ""),
        references=tuple((by_name.get("references") or by_name.get("in-reply-to", "")).split()),
        fields=tuple(fields),
        files=tuple(
            Enclosure(name=part.get_filename("file"), content=content)
            for part in mail.iter_attachments()
            if isinstance(content := part.get_payload(decode=True), bytes)
        ),
        raw=raw,
    )
