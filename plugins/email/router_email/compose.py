"""One attempt in, the bytes and the envelope of one mail out: the same bytes on every try.

Whatever a customer or an agent typed is stripped of control characters after all decoding, and the
finished header is read again and compared with what was set, because Python 3.11 and 3.12 can be made to
write a header of the sender's choice (CVE-2024-6923).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime

from router.errors import ContentRejected, RecipientGone
from router.messages import Block, BlockKind, FileContent, OutboundAttempt
from router_email.addresses import is_address
from router_email.automatic import LOOP_FIELD, loop_mark
from router_email.charsets import scrub
from router_email.files import boundary, with_files
from router_email.headers import clean
from router_email.html import sanitise
from router_email.relays import RelayProfile, Relays
from router_email.settings import EmailSettings
from router_email.subjects import Subjects
from router_email.threads import message_ids, token_address

MAX_REFERENCES = 20
MAX_SUBJECT_CHARS = 500
MAX_NAME_CHARS = 100

_POLICY = compat32.clone(linesep="\r\n")
_DEFAULT_SUBJECT = "Your message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A mail ready to be sent; an empty `mail_from` is the null path."""

    mail_from: str
    recipient: str
    content: bytes


class Composer:
    """Renders the mails of one account."""

    def __init__(self, settings: EmailSettings, subjects: Subjects) -> None:
        self._settings = settings
        self._subjects = subjects
        self._relays = Relays(settings.relays)

    def render(self, attempt: OutboundAttempt, files: Sequence[FileContent] = ()) -> Rendered:
        """Render one attempt and its files. RecipientGone for no address, ContentRejected when nothing can be sent."""
        recipient = self._recipient(attempt)
        sender = self._sender(attempt)
        relay = self._relays.of(recipient)
        body = self._body(attempt, relay, is_bare=bool(files))
        message = with_files(body, files, attempt.outgoing_ref, _POLICY)
        if relay is not None:
            # The marketplace takes answers from the address it knows only, and keeps the thread itself.
            sender = self._settings.address
        for name, value in self._header(attempt, recipient, sender):
            message[name] = value
        content = message.as_bytes(policy=_POLICY)
        _check_header(content, message)
        if relay is not None and len(content) > relay.max_mail_bytes:
            raise ContentRejected(
                f"{relay.name} takes mails of at most {relay.max_mail_bytes} bytes, this one has {len(content)}",
                code="too_large",
            )
        return Rendered(mail_from="" if attempt.automatic else sender, recipient=recipient, content=content)

    def _recipient(self, attempt: OutboundAttempt) -> str:
        """Choose Reply-To of the answered mail if it named exactly one; automatic mail ignores it.

        Within a conversation only a proven sender gets his way: else whoever forges a customer's address
        could have the next answer, with what it tells, sent elsewhere.
        """
        answers = attempt.answers
        trusted = answers is not None and (answers.opened or answers.provider_data.get("verified") is True)
        asked = answers.provider_data.get("reply_to", "") if answers is not None and trusted else ""
        usable = (
            isinstance(asked, str)
            and is_address(asked)
            and asked.lower() not in self._settings.own_addresses()
        )
        recipient = (
            asked if usable and isinstance(asked, str) and not attempt.automatic else attempt.recipient
        )
        if not is_address(recipient):
            raise RecipientGone("the recipient is no mail address", code="bad_address")
        return recipient

    def _sender(self, attempt: OutboundAttempt) -> str:
        if attempt.reply_token and self._settings.reply_tokens:
            return token_address(self._settings.address, attempt.reply_token)
        return self._settings.address

    def _header(self, attempt: OutboundAttempt, recipient: str, sender: str) -> list[tuple[str, str]]:
        name = attempt.author_name or self._settings.name
        fields = [
            ("From", _mailbox(self._settings.address, name)),
            ("To", _ascii_address(recipient)),
            ("Subject", _text(self._subject(attempt), "Subject")),
            ("Date", format_datetime(attempt.created_at)),
            ("Message-ID", clean(attempt.outgoing_ref)),
        ]
        if sender != self._settings.address:
            fields.append(("Reply-To", _mailbox(sender, self._settings.name)))
        fields += self._thread(attempt)
        fields.append((LOOP_FIELD, loop_mark(self._settings.address, attempt.automatic)))
        if attempt.automatic:
            fields += [("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")]
        return fields

    def _subject(self, attempt: OutboundAttempt) -> str:
        """Give the customer's subject with one reply prefix; automatic mail echoes nothing of theirs."""
        own = clean(scrub(attempt.subject)).strip()
        if attempt.automatic or attempt.answers is None:
            return (own or _DEFAULT_SUBJECT)[:MAX_SUBJECT_CHARS]
        theirs = attempt.answers.provider_data.get("subject", "")
        subject = clean(scrub(theirs)).strip() if isinstance(theirs, str) and theirs.strip() else own
        if not subject:
            return _DEFAULT_SUBJECT
        is_reply = self._subjects.normalise(subject)[1]
        return (subject if is_reply else f"Re: {subject}")[:MAX_SUBJECT_CHARS]

    def _thread(self, attempt: OutboundAttempt) -> list[tuple[str, str]]:
        if attempt.answers is None:
            return []
        answered = message_ids(clean(attempt.answers.external_id))[:1]
        earlier = attempt.answers.provider_data.get("references", ())
        listed = [
            name
            for entry in (earlier if isinstance(earlier, Sequence) and not isinstance(earlier, str) else ())
            for name in message_ids(clean(str(entry)))
        ]
        chain = [name for name in dict.fromkeys((*listed, *answered)) if name.isascii()]
        if len(chain) > MAX_REFERENCES:
            chain = [chain[0], *chain[1 - MAX_REFERENCES :]]
        if not chain:
            return []
        return [("In-Reply-To", (answered or chain[-1:])[0]), ("References", " ".join(chain))]

    def _body(self, attempt: OutboundAttempt, relay: RelayProfile | None, *, is_bare: bool) -> Message:
        """Write the words; `is_bare` lets them be missing."""
        words = (scrub(block.text) for block in attempt.blocks if not names_file(block))
        text = "\n\n".join(filter(None, words)).strip("\n")
        if not text.strip() and not is_bare:
            raise ContentRejected("the message is empty", code="empty")
        if relay is not None:
            return _text_part(_short(text, relay), "plain")
        text = f"{text}\n{self._quotation(attempt)}"
        markup = _markup(attempt.blocks)
        if not markup:
            return _text_part(text, "plain")
        both = MIMEMultipart("alternative", boundary("words", attempt.outgoing_ref), policy=_POLICY)
        both.attach(_text_part(text, "plain"))
        both.attach(_text_part(markup, "html"))
        return both

    def _quotation(self, attempt: OutboundAttempt) -> str:
        """Repeat what is answered, where the account wants it and a person answers."""
        if not self._settings.quote_answered or attempt.automatic or attempt.answers is None:
            return ""
        theirs = attempt.answers.provider_data.get("text", "")
        if not isinstance(theirs, str) or not theirs.strip():
            return ""
        return "\n" + "\n".join(f"> {line}".rstrip() for line in scrub(theirs).strip("\n").split("\n")) + "\n"


def names_file(block: Block) -> bool:
    """Say whether a block stands for a file that goes along."""
    return block.kind is BlockKind.FILE and bool(block.fields.get("attachment"))


def _short(text: str, relay: RelayProfile) -> str:
    """Refuse what a marketplace would cut or not show at all."""
    if len(text) > relay.max_chars:
        raise ContentRejected(
            f"answers through {relay.name} have at most {relay.max_chars} characters, this one has {len(text)}",
            code="too_long",
            part="text",
        )
    return f"{text}\n"


def _markup(blocks: Sequence[Block]) -> str:
    if not any(block.html for block in blocks):
        return ""
    return "\n".join(sanitise(scrub(block.html)) for block in blocks if block.html)


def _text_part(text: str, kind: str) -> MIMEText:
    plain = text.isascii() and all(len(line) < 900 for line in text.split("\n"))
    return MIMEText(text, kind, "us-ascii" if plain else "utf-8", policy=_POLICY)


def _text(value: str, name: str) -> str:
    """Encode free text for a header; what looks like an encoded word is encoded once more."""
    value = clean(scrub(value))
    if value.isascii() and "=?" not in value and len(value) < 700:
        return value
    return Header(value, "utf-8", header_name=name).encode(linesep="\n")


def _mailbox(address: str, name: str) -> str:
    shown = clean(scrub(name)).strip()[:MAX_NAME_CHARS]
    address = _ascii_address(address)
    if not shown:
        return address
    if shown.isascii() and "=?" not in shown:
        quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{Header(shown, 'utf-8').encode(linesep=chr(10))} <{address}>"


def _ascii_address(address: str) -> str:
    """Write an international domain in its ASCII form; a local part stays as it is."""
    local, _, domain = clean(address).rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise RecipientGone("the recipient's domain is no domain name", code="bad_domain") from None


def _check_header(content: bytes, message: Message) -> None:
    """Refuse to send a header that reads back differently from what was set."""
    read = BytesHeaderParser(policy=compat32).parsebytes(content)
    names = [name for name, _ in read.items()]
    if names != [name for name, _ in message.items()] or read.defects:
        raise ContentRejected("the header of the mail cannot be written safely", code="header")
