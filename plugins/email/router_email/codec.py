"""One raw mail in, what it means out: pure, repeatable, within limits.

Reads, in order: the header within its limits, the tree of parts, the sender, the nature of the mail, and
then either the report it is or the message it carries.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from router.errors import MalformedMessage
from router.messages import (
    Attachment,
    Author,
    Automatic,
    Block,
    BlockKind,
    DeliveryReport,
    EventKind,
    Evidence,
    Identity,
    InboundEvent,
    JsonValue,
    Proof,
    RawInbound,
    Role,
)
from router_email.addresses import Address, read_addresses
from router_email.automatic import Nature, classify, is_from_daemon
from router_email.body import read_body
from router_email.headers import MAX_ADDRESS_FIELD_CHARS, MAX_FIELDS, Fields
from router_email.marks import Marks
from router_email.proof import proof_of
from router_email.quotes import QuoteTrimmer
from router_email.relayed import relayed
from router_email.relays import Relays
from router_email.reports import Report, read_report
from router_email.settings import EmailSettings
from router_email.subjects import Subjects
from router_email.threads import evidence, own_id
from router_email.tree import Part, TooMuch, read_head, read_tree

_WHOLE_MAIL = "0"
_QUOTED_CHARS = 10_000
_SHOWN_CHARS = 120


@dataclass(slots=True)
class _Reading:
    """What is known of one mail while it is read."""

    fields: Fields
    root: Part | None
    sender: Address | None
    proof: Proof
    recipients: list[str]
    nature: Nature
    pointers: list[Evidence]
    warnings: list[str] = field(default_factory=list)


class MailCodec:
    """Reads mails for one account."""

    def __init__(self, settings: EmailSettings, marks: Marks) -> None:
        # It says a line for each of its readers and a traceback for each mail that one cannot read.
        logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)
        self._own = settings.own_addresses()
        self._charsets = settings.charsets
        self._max_bytes = settings.max_bytes
        self._authserv_id = settings.trusted_authserv_id
        self._keeps_text = settings.quote_answered
        self._trimmer = QuoteTrimmer(marks)
        self._subjects = Subjects(marks)
        self._relays = Relays(settings.relays)

    def decode(self, raw: RawInbound) -> list[InboundEvent]:
        """Read one mail. Raises MalformedMessage(no_sender) when nobody can be said to have written it."""
        reading = self._read(raw)
        is_report = reading.nature.automatic is Automatic.REPORT
        if reading.root is not None and (is_report or _may_be_report(reading, raw)):
            report = read_report(reading.root, raw.raw, self._own, is_sure=is_report)
            if report.failures or (is_report and (report.original or reading.sender is None)):
                return [self._report_event(raw, reading, report)]
        if reading.sender is None:
            raise MalformedMessage(_no_sender(reading.fields), code="no_sender")
        event = self._message_event(raw, reading)
        relay = self._relays.of(reading.sender.address)
        return [event if relay is None else relayed(event, relay)]

    def attachment(self, raw: RawInbound, part: str) -> bytes:
        """Give the bytes of one announced part. LookupError if there is none of that name."""
        if part == _WHOLE_MAIL:
            return raw.raw
        try:
            root = read_tree(raw.raw, self._charsets)
        except TooMuch:
            raise LookupError(part) from None
        for candidate in root.walk():
            if candidate.path == part and not candidate.children:
                return candidate.content()
        raise LookupError(part)

    def _read(self, raw: RawInbound) -> _Reading:
        warnings: list[str] = []
        root: Part | None = None
        try:
            if len(raw.raw) > self._max_bytes:
                raise TooMuch(f"larger than {self._max_bytes} bytes")
            root = read_tree(raw.raw, self._charsets)
            fields = root.fields
        except TooMuch as refusal:
            warnings.append(f"The mail was not taken apart: {refusal}. It is kept whole.")
            fields = read_head(raw.raw, self._charsets)
        if fields.count > MAX_FIELDS:
            warnings.append(f"Only the first {MAX_FIELDS} header fields were read.")
        sender, proof, name = self._sender(fields, warnings)
        nature = classify(
            fields,
            kind=root.kind if root else "",
            sender=sender.address.lower() if sender else "",
            sender_name=name,
            envelope_from=_envelope_from(raw),
            own=self._own,
        )
        shown, reached = self._recipients(raw, fields, warnings)
        return _Reading(
            fields=fields,
            root=root,
            sender=sender,
            proof=proof,
            recipients=shown,
            nature=nature,
            pointers=evidence(fields, reached, self._own, self._subjects),
            warnings=warnings,
        )

    def _sender(self, fields: Fields, warnings: list[str]) -> tuple[Address | None, Proof, str]:
        found: list[Address] = []
        complete = True
        for value in fields.every("from", MAX_ADDRESS_FIELD_CHARS):
            addresses, understood = read_addresses(value, self._charsets)
            found += addresses
            complete = complete and understood
        if len(found) > 1 or (found and not complete):
            warnings.append(
                "The From field names more than one sender or is malformed; the sender is not verified."
            )
        if not found:
            return None, Proof.UNVERIFIED, fields.text("from")
        is_clear = complete and len(found) == 1
        proof = proof_of(fields, found[0].address, self._authserv_id) if is_clear else Proof.UNVERIFIED
        return found[0], proof, found[0].name

    def _recipients(
        self, raw: RawInbound, fields: Fields, warnings: list[str]
    ) -> tuple[list[str], list[str]]:
        """Give who it was written to, and every address it came by."""
        shown: dict[str, None] = {}
        for name in ("to", "cc"):
            for value in fields.every(name, MAX_ADDRESS_FIELD_CHARS):
                addresses, complete = read_addresses(value, self._charsets)
                shown.update(dict.fromkeys(address.address for address in addresses))
                if not complete:
                    warnings.append(f"The {name.title()} field is malformed; some of it was not read.")
        reached = dict.fromkeys(_envelope_recipients(raw))
        for name in ("delivered-to", "x-original-to", "envelope-to"):
            for value in fields.every(name):
                reached.update(dict.fromkeys(address.address for address in read_addresses(value)[0]))
        return list(shown), [*reached, *shown]

    def _message_event(self, raw: RawInbound, reading: _Reading) -> InboundEvent:
        assert reading.sender is not None
        blocks, attachments = self._content(raw, reading)
        is_daemon = is_from_daemon(reading.sender.address, reading.sender.name)
        return InboundEvent(
            external_id=own_id(reading.fields),
            occurred_at=_date(reading),
            author=Author(
                role=Role.SYSTEM if is_daemon else Role.CUSTOMER,
                identities=(
                    Identity(kind="email", value=reading.sender.address.lower(), proof=reading.proof),
                ),
                display=reading.sender.name or reading.sender.address.partition("@")[0],
            ),
            subject=reading.fields.text("subject"),
            blocks=blocks,
            attachments=attachments,
            evidence=tuple(reading.pointers),
            automatic=reading.nature.automatic,
            recipients=tuple(reading.recipients),
            warnings=tuple(dict.fromkeys(reading.warnings)),
            provider_data=self._answer_with(reading, blocks[0].text if self._keeps_text else ""),
        )

    def _content(self, raw: RawInbound, reading: _Reading) -> tuple[Sequence[Block], Sequence[Attachment]]:
        if reading.root is None:
            whole = Attachment(
                part=_WHOLE_MAIL, name="mail.eml", content_type="message/rfc822", size_bytes=len(raw.raw)
            )
            text = "This mail cannot be shown; open the original."
            reason = reading.warnings[0] if reading.warnings else ""
            block = Block(
                kind=BlockKind.UNSUPPORTED, text=text, fields={"platform_kind": "mail", "reason": reason}
            )
            return (block,), (whole,)
        body = read_body(reading.root)
        reading.warnings.extend(body.warnings)
        trimmed = self._trimmer.trim(body.text)
        return (Block(text=trimmed.own, html=body.html, quoted=trimmed.folded),), body.attachments

    def _answer_with(self, reading: _Reading, text: str = "") -> dict[str, JsonValue]:
        """Keep what an answer needs: where to, about what, after which messages."""
        fields = reading.fields
        ids = [pointer.value for pointer in reading.pointers if pointer.value.startswith("<")]
        return {
            "message_id": own_id(fields),
            "references": [*reversed(ids)],
            "subject": fields.text("subject")[:500],
            "reply_to": self._reply_to(reading),
            "verified": reading.proof is Proof.VERIFIED,
            **({"text": text[:_QUOTED_CHARS]} if text else {}),
        }

    def _reply_to(self, reading: _Reading) -> str:
        """Give the one address that answers are asked to go to, or nothing."""
        addresses: list[Address] = []
        for value in reading.fields.every("reply-to"):
            addresses += read_addresses(value, self._charsets)[0]
        return addresses[0].address if len(addresses) == 1 else ""

    def _report_event(self, raw: RawInbound, reading: _Reading, report: Report) -> InboundEvent:
        """Make a receipt of a report we can match; one about nothing known still is an event."""
        receipt = _receipt(report, _date(reading) or raw.received_at)
        blocks, attachments = self._content(raw, reading)
        sender = reading.sender
        identities = (Identity(kind="email", value=sender.address.lower()),) if sender else ()
        return InboundEvent(
            kind=EventKind.RECEIPT
            if receipt
            else EventKind.SYSTEM
            if report.complaint
            else EventKind.MESSAGE,
            external_id=own_id(reading.fields),
            occurred_at=_date(reading),
            author=Author(role=Role.SYSTEM, identities=identities, display=sender.name if sender else ""),
            subject=reading.fields.text("subject"),
            blocks=blocks,
            attachments=attachments,
            evidence=tuple(reading.pointers),
            automatic=Automatic.REPORT,
            recipients=tuple(reading.recipients),
            context={
                "original": report.original,
                "complaint": report.complaint,
                "failures": [failure.as_json() for failure in report.failures],
            },
            report=receipt,
            warnings=tuple(dict.fromkeys(reading.warnings)),
            provider_data=self._answer_with(reading),
        )


def _may_be_report(reading: _Reading, raw: RawInbound) -> bool:
    """Tell whether the mail sounds like a report, or came from nowhere and brings a mail back."""
    if reading.nature.may_be_report:
        return True
    from_nowhere = _envelope_from(raw) == "" or reading.fields.raw("return-path").strip() == "<>"
    parts = reading.root.walk() if reading.root is not None and from_nowhere else ()
    return any(part.kind == "message/rfc822" for part in parts)


def _no_sender(fields: Fields) -> str:
    """Say why nobody can be answered, with what stood in the field as far as it can be shown."""
    stood = "".join(char if char.isprintable() else "\ufffd" for char in fields.text("from")[:_SHOWN_CHARS])
    if not stood:
        return "the From field is missing or empty"
    return f"the From field names no mail address: {stood!r}"


def _receipt(report: Report, at: datetime) -> DeliveryReport | None:
    """Say what a report means for the mail it names; None where it names none or reports no delivery."""
    if not report.original or report.state is None:
        return None
    said = (failure.detail or failure.status for failure in report.failures)
    return DeliveryReport(
        outgoing_ref=report.original,
        state=report.state,
        at=at,
        detail="; ".join(filter(None, said))[:500],
        address_gone=report.address_gone,
    )


def _envelope_from(raw: RawInbound) -> str | None:
    value = raw.envelope.get("mail_from")
    return value.strip("<> ") if isinstance(value, str) else None


def _envelope_recipients(raw: RawInbound) -> list[str]:
    value = raw.envelope.get("rcpt_to")
    if isinstance(value, str) or not isinstance(value, Sequence):
        return []
    return [item for item in value if isinstance(item, str)]


def _date(reading: _Reading) -> datetime | None:
    at = read_date(reading.fields)
    if at is None and reading.fields.raw("date"):
        reading.warnings.append("The Date field cannot be read.")
    return at


def read_date(fields: Fields) -> datetime | None:
    """Read the Date field as UTC; None when there is none or it makes no sense."""
    try:
        at = parsedate_to_datetime(fields.text("date")[:100])
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
