"""The parts of a report in; what became of each recipient, and whether the address is dead, out.

RFC 3464 fields are read first, then the notices of mail services, then flufl.bounce and our own reading of
the free text of mail systems that have no standard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from flufl.bounce import all_failures

from router.messages import JsonObject
from router_email.addresses import is_address, read_addresses
from router_email.headers import clean
from router_email.named import before_returned, failed_names, undelivered
from router_email.notices import Notice
from router_email.tree import Part, normalise_lines
from router_email.verdicts import first_status, is_hard, status_of

MAX_REPORT_BYTES = 128 * 1024
MAX_SCANNED_LINES = 800

_BEFORE_CHARS = 400
_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]{1,60}):[ \t]*(.*(?:\n[ \t].*)*)$", re.MULTILINE)
_DELAY = re.compile(
    r"\b(delayed|will (keep|continue) (on )?trying|still (being )?(trying|retried)"
    r"|do not need to resend|warning only)\b",
    re.IGNORECASE,
)
_PASSING = ("delayed", "delivered", "relayed", "expanded")
_ADDRESS = re.compile(r"<?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)>?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What became of one recipient; `hard` says that trying again cannot help."""

    recipient: str
    action: str
    status: str
    hard: bool
    detail: str = ""

    def as_json(self) -> JsonObject:
        """Give the same as JSON."""
        return {
            "recipient": self.recipient,
            "action": self.action,
            "status": self.status,
            "hard": self.hard,
            "detail": self.detail,
        }


def fields_of(text: str) -> list[tuple[str, str]]:
    """Read `Name: value` lines with their folds, names lower-cased."""
    return [(name.lower(), " ".join(value.split())) for name, value in _FIELD.findall(text.replace("\r", ""))]


def from_status(text: str, around: str) -> Iterator[Failure]:
    """Read the fields of RFC 3464; `around` is the text for people, which tells what they leave out."""
    for block in re.split(r"\n[ \t]*\n", text[:MAX_REPORT_BYTES].replace("\r", "")):
        named = dict(fields_of(block))
        recipient = typed_address(named.get("final-recipient", "")) or typed_address(
            named.get("original-recipient", "")
        )
        if not recipient:
            continue
        action = named.get("action", "").partition(" ")[0].strip().lower()
        detail = clean(named.get("diagnostic-code", ""))[:500]
        status = status_of(named.get("status", ""), detail)
        said = detail or _said_about(around, recipient, [recipient])
        yield Failure(
            recipient=recipient,
            action=action if action in _PASSING else "failed",
            status=status,
            hard=action not in _PASSING and is_hard(status, said, around),
            detail=detail,
        )


def typed_address(value: str) -> str:
    """Read `rfc822; user@domain`."""
    text = value.rpartition(";")[2].strip().strip("<>").strip()
    if is_address(text):
        return text.lower()
    found = _ADDRESS.search(text)
    return found[1].lower() if found else ""


def from_notice(notice: Notice) -> Failure:
    """Say what one notice of a mail service means."""
    action = {"bounce": "failed", "complaint": "complaint"}.get(notice.kind, "delivered")
    status = status_of(notice.status, notice.detail)
    hard = action == "failed" and (notice.lasting or is_hard(status, notice.detail))
    return Failure(
        recipient=notice.recipient, action=action, status=status, hard=hard, detail=clean(notice.detail)
    )


def returned_headers(parts: Sequence[Part]) -> Message | None:
    """Read the header of the mail that came back, if it did."""
    for part in parts:
        if part.kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"):
            content = part.content()[:MAX_REPORT_BYTES]
            return BytesParser(policy=compat32).parsebytes(content, headersonly=True)
    return None


def from_words(
    raw: bytes, parts: Sequence[Part], text: str, own: Sequence[str], *, is_sure: bool
) -> list[Failure]:
    """Ask flufl.bounce, then read whom the text names; what it says of them decides the rest."""
    root = parts[0]
    temporary: list[str] = []
    named = read_addresses(root.fields.raw("x-failed-recipients"))[0]
    permanent = [address.address.lower() for address in named]
    if not permanent:
        temporary, permanent = _flufl(normalise_lines(raw))
    if not (temporary or permanent):
        not_these = {*own, *_sender_names(root)}
        returned = returned_headers(parts)
        sent_to = [str(value) for value in returned.get_all("to", ())] if returned else []
        permanent = (
            failed_names(text, sent_to, not_these)
            if is_sure
            else [name for name in undelivered(text) if name not in not_these]
        )
    delayed = bool(_DELAY.search(text[:4000]))
    found = [
        Failure(recipient=name, action="delayed", status=first_status(text), hard=False) for name in temporary
    ]
    return found + [_judged(text, name, permanent, delayed) for name in permanent]


def _judged(text: str, name: str, names: Sequence[str], delayed: bool) -> Failure:
    said = _said_about(before_returned(text), name, names)
    status = status_of("", said) or first_status(text)
    return Failure(
        recipient=name,
        action="delayed" if delayed and not status.startswith("5") else "failed",
        status=status,
        hard=not delayed and is_hard(status, said, text if len(names) == 1 else ""),
        detail=clean(said)[:500],
    )


def _sender_names(root: Part) -> list[str]:
    """Give who sent the report and who got it: neither failed."""
    fields = (*root.fields.every("from"), *root.fields.every("to"))
    return [address.address.lower() for value in fields for address in read_addresses(value)[0]]


def _said_about(text: str, recipient: str, all_recipients: Sequence[str]) -> str:
    """Give the text after the recipient's first mention, up to the next recipient; else how it begins."""
    lowered = text.lower()
    start = lowered.find(recipient.lower())
    if start < 0:
        return " ".join(text[:1500].split())
    others = (
        lowered.find(name.lower(), start + len(recipient)) for name in all_recipients if name != recipient
    )
    end = min((place for place in others if place > start), default=start + 1000)
    before = text[max(0, start - _BEFORE_CHARS) : start] if len(all_recipients) == 1 else ""
    return " ".join((before + text[start : min(end, start + 1000)]).split())


def _flufl(raw: bytes) -> tuple[list[str], list[str]]:
    # It tries some fifty patterns on every line; what failed is named early, before the returned mail.
    lines = raw[:MAX_REPORT_BYTES].split(b"\n", MAX_SCANNED_LINES)[:MAX_SCANNED_LINES]
    message = BytesParser(policy=compat32).parsebytes(b"\n".join(lines))
    try:
        temporary, permanent = all_failures(message)
    except Exception:
        return [], []
    return _addresses(temporary), _addresses(permanent)


def _addresses(found: object) -> list[str]:
    names = found if isinstance(found, (set, frozenset)) else ()
    texts = sorted(
        name.decode("ascii", "replace") if isinstance(name, bytes) else str(name) for name in names
    )
    return [text.lower() for text in texts if is_address(text)]
