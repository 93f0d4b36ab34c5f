"""A tree of parts that reports about our own mail in; whom it failed for, how, and which mail it was, out.

RFC 3464 fields are read first, then flufl.bounce reads the free text of mail systems that have no standard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from flufl.bounce import all_failures

from router.messages import DeliveryState, JsonObject
from router_email.addresses import is_address, read_addresses
from router_email.headers import clean
from router_email.threads import message_ids
from router_email.tree import Part

MAX_REPORT_BYTES = 128 * 1024
MAX_RECIPIENTS = 50

_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]{1,60}):[ \t]*(.*(?:\n[ \t].*)*)$", re.MULTILINE)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY_CODE = re.compile(r"(?:^|[\s:<\[(])([45]\d\d)[\s-](?![\d.])")
_ORIGINAL_ID = re.compile(r"^[> \t|]*(?:X-)?(?:Original-)?Message-I[dD]:\s*(<[^<>\s]{3,500}>)", re.MULTILINE | re.IGNORECASE)
_TEMPORARY = re.compile(
    r"mailbox (is )?full|over ?quota|quota exceeded|exceeded (its |the )?(storage|quota)|disk (space|quota)|try again"
    r"|temporar|timed? ?out|greylist|deferred|too many|rate limit|connection (refused|reset)|resources? unavailable"
    r"|insufficient|will (be )?retr(y|ied)|not enough space|no space|still being|delayed|4\d\d 4\.\d",
    re.IGNORECASE,
)
_DELAY = re.compile(r"\b(delayed|will (keep|continue) (on )?trying|still (being )?(trying|retried)|you do not need to resend|warning only)\b", re.IGNORECASE)
_CONTENT = re.compile(r"spam|virus|blocked|blacklist|black list|policy|reputation|dmarc|spf|too (large|big)|size|content|rejected due", re.IGNORECASE)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One delivery report or complaint; `original` is the Message-ID of the mail it is about, or nothing."""

    original: str
    failures: Sequence[Failure]
    complaint: bool = False

    @property
    def state(self) -> DeliveryState | None:
        """Say what it means for the outbound message; None for a complaint or a mere note."""
        actions = {failure.action for failure in self.failures}
        if self.complaint or not actions:
            return None
        if "failed" in actions:
            hard = any(failure.hard for failure in self.failures if failure.action == "failed")
            return DeliveryState.BOUNCED if hard else DeliveryState.FAILED
        if "delayed" in actions:
            return DeliveryState.HELD
        return DeliveryState.DELIVERED

    @property
    def address_gone(self) -> bool:
        """Tell whether the address itself is dead, not the content refused or the box full."""
        return any(failure.hard and failure.status[2:3] in ("1", "") for failure in self.failures)


def read_report(root: Part, raw: bytes, own: Sequence[str]) -> Report:
    """Read what a report says; everything unknown stays empty."""
    parts = list(root.walk())
    original = _original_id(root, parts)
    feedback = next((part for part in parts if part.kind == "message/feedback-report"), None)
    if feedback is not None:
        return Report(original=original, failures=_complaints(feedback, parts, own), complaint=True)
    status = [part for part in parts if part.kind in ("message/delivery-status", "message/global-delivery-status")]
    failures = [failure for part in status for failure in _from_status(part.text())]
    if not failures:
        failures = _from_words(raw, parts, root)
    unique = {failure.recipient: failure for failure in reversed(failures)}
    return Report(original=original, failures=tuple(reversed(unique.values()))[:MAX_RECIPIENTS])


def _from_status(text: str) -> Iterator[Failure]:
    for block in re.split(r"\n[ \t]*\n", text[:MAX_REPORT_BYTES].replace("\r", "")):
        named = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(block)}
        recipient = _typed_address(named.get("final-recipient", "")) or _typed_address(named.get("original-recipient", ""))
        shown = _typed_address(named.get("original-recipient", "")) or recipient
        if not recipient:
            continue
        action = named.get("action", "").partition(" ")[0].strip().lower()
        detail = clean(named.get("diagnostic-code", ""))[:500]
        status = _status_of(named.get("status", ""), detail)
        yield Failure(
            recipient=shown if "@" in shown else recipient,
            action=action if action in ("failed", "delayed", "delivered", "relayed", "expanded") else "failed",
            status=status,
            hard=action not in ("delayed", "delivered", "relayed", "expanded") and _is_hard(status, detail),
            detail=detail,
        )


def _typed_address(value: str) -> str:
    """Read `rfc822; user@domain`."""
    text = value.rpartition(";")[2].strip().strip("<>").strip()
    found = _ADDRESS.search(text)
    return found[1].lower() if found else ""


def _status_of(status: str, detail: str) -> str:
    """Give the enhanced status; the words of the other server are finer than a bare 5.0.0."""
    given = _STATUS.search(status)
    said = _STATUS.search(detail)
    if given and (given[2] != "0" or not said):
        return given[0]
    if said:
        return said[0]
    code = _REPLY_CODE.search(detail)
    return f"{code[1][0]}.0.0" if code else (given[0] if given else "")


def _is_hard(status: str, detail: str) -> bool:
    if status.startswith("4"):
        return False
    # A full mailbox and a refused content say nothing against the address.
    if status[2:5] in ("2.2", "4.4", "4.7") or status[2:3] in ("7", "6"):
        return False
    if status in ("", "5.0.0") or status.startswith(("5.3", "5.5")):
        return not (_TEMPORARY.search(detail) or _CONTENT.search(detail))
    return True


def _complaints(feedback: Part, parts: Sequence[Part], own: Sequence[str]) -> tuple[Failure, ...]:
    named = [(name.lower(), value) for name, value in _FIELD.findall(feedback.text()[:MAX_REPORT_BYTES])]
    found = [_typed_address(value) for name, value in named if name in ("original-rcpt-to", "removal-recipient")]
    if not any(found):
        returned = _returned_headers(parts)
        found = [address.address for address in read_addresses(returned.get("to", "") if returned else "")[0]]
    return tuple(
        Failure(recipient=address, action="complaint", status="", hard=False)
        for address in dict.fromkeys(found)
        if address and address not in own
    )[:MAX_RECIPIENTS]


def _original_id(root: Part, parts: Sequence[Part]) -> str:
    """Find the Message-ID of the mail that is reported about."""
    returned = _returned_headers(parts)
    if returned is not None and (found := message_ids(str(returned.get("message-id", "")))):
        return found[0]
    for part in parts:
        if part.kind.startswith(("text/", "message/")) and not part.children:
            quoted = _ORIGINAL_ID.search(part.text()[:MAX_REPORT_BYTES])
            if quoted:
                return quoted[1]
    for name in ("x-original-message-id", "in-reply-to", "references"):
        if found := message_ids(root.fields.tail(name)):
            return found[-1]
    return ""


def _returned_headers(parts: Sequence[Part]) -> Message | None:
    for part in parts:
        if part.kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"):
            return BytesParser(policy=compat32).parsebytes(part.content()[:MAX_REPORT_BYTES], headersonly=True)
    return None


def _from_words(raw: bytes, parts: Sequence[Part], root: Part) -> list[Failure]:
    """Ask flufl.bounce, then take the only address the text names beside what it says."""
    text = "\n".join(part.text()[:MAX_REPORT_BYTES] for part in parts if part.kind.startswith("text/"))
    listed = [address.address for address in read_addresses(root.fields.raw("x-failed-recipients"))[0]]
    temporary: list[str] = []
    permanent = [*listed]
    if not listed:
        temporary, permanent = _flufl(raw)
    delayed = bool(_DELAY.search(text[:4000]))
    found = [Failure(recipient=name, action="delayed", status=_first_status(text), hard=False) for name in temporary]
    for name in permanent:
        said = _said_about(text, name)
        status = _status_of("", said) or _first_status(text)
        found.append(
            Failure(
                recipient=name,
                action="delayed" if delayed and not status.startswith("5") else "failed",
                status=status,
                hard=not delayed and _is_hard(status, said),
                detail=clean(said)[:500],
            )
        )
    return found


def _first_status(text: str) -> str:
    found = _STATUS.search(text[:8000])
    return found[0] if found else ""


def _said_about(text: str, recipient: str) -> str:
    """Give the lines right after the recipient's first mention: there the server's words stand."""
    place = text.lower().find(recipient.lower())
    return " ".join(text[max(0, place - 200) : place + 800].split()) if place >= 0 else text[:1000]


def _flufl(raw: bytes) -> tuple[list[str], list[str]]:
    message = BytesParser(policy=compat32).parsebytes(raw[:MAX_REPORT_BYTES])
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # noqa: BLE001 - its two dozen readers raise many things on malformed reports
        return [], []
    return _addresses(temporary), _addresses(permanent)


def _addresses(found: object) -> list[str]:
    names = found if isinstance(found, (set, frozenset)) else ()
    texts = sorted(name.decode("ascii", "replace") if isinstance(name, bytes) else str(name) for name in names)
    return [text.lower() for text in texts if is_address(text)]
