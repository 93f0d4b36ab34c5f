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
from router_email.tree import Part, normalise_lines

MAX_REPORT_BYTES = 128 * 1024
MAX_RECIPIENTS = 50
MAX_SCANNED_LINES = 800

_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]{1,60}):[ \t]*(.*(?:\n[ \t].*)*)$", re.MULTILINE)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY_CODE = re.compile(r"(?:^|[\s:<\[(])([45]\d\d)[\s-](?![\d.])")
_ORIGINAL_ID = re.compile(
    r"^[> \t|]*(?:X-)?(?:Original-)?Message-I[dD]:\s*(<[^<>\s]{3,500}>)", re.MULTILINE | re.IGNORECASE
)
_DELAY = re.compile(
    r"\b(delayed|will (keep|continue) (on )?trying|still (being )?(trying|retried)"
    r"|do not need to resend|warning only)\b",
    re.IGNORECASE,
)
# Only these words mark an address as dead; everything else (full, refused, filtered, too large) may change.
_UNKNOWN_ADDRESS = re.compile(
    r"(user|mailbox|recipient|account|address(ee)?|alias)s?( name)? (is )?(unknown|not (found"
    r"|known|exist|recogni[sz]ed)"
    r"|does(n't| not) exist|invalid|rejected: user unknown|not listed|no longer (valid|available|exists))"
    r"|(unknown|no such|invalid|bad|non-?existent|not a valid|not a known|can't find"
    r"|no) (local )?(user|mailbox|recipient|account"
    r"|addressee|person|destination mailbox)|(host|domain)( name)? (unknown|not found"
    r"|is not reachable)|unknown (host|domain)"
    r"|unrouteable|unroutable|(name service|dns) error|no such domain|couldn't find any host"
    r"|address (is )?unknown"
    r"|does not have an? .{1,40} account|doesn't have an? .{1,40} account|no mailbox here"
    r"|is not a (valid|known)"
    r"|domain (does not exist|is invalid)|null mx|does not accept mail"
    r"|name .{0,20}not recogni[sz]ed|RecipNotFound"
    r"|not listed in|unknown address|bad destination|存在し(ない|ません)|見つかりません|宛先不明",
    re.IGNORECASE,
)
# RFC 3463 and Microsoft's additions: the address, its domain or its mail route does not exist.
_LASTING = frozenset(
    {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.1.351", "5.4.1", "5.4.4", "5.4.310"}
)
_ADDRESS = re.compile(r"<?([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)>?")
_TO_LINE = re.compile(r"^[> \t]{0,8}To:[ \t]*(\S.{2,300})$", re.MULTILINE | re.IGNORECASE)
_ORIGINAL_FROM = re.compile(
    r"^[> \t]{0,8}(?:Received|Return-Path|Message-ID|From):[ \t]", re.MULTILINE | re.IGNORECASE
)
_MACHINE = re.compile(r"(postmaster|mailer-daemon|abuse|support|info|root)@|\d{6,}|.*\.(jpg|png|local)$")


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
        return any(failure.hard for failure in self.failures)


def read_report(root: Part, raw: bytes, own: Sequence[str], *, is_sure: bool) -> Report:
    """Read what a report says; everything unknown stays empty.

    `is_sure`: it is known to be a report, so an address that its text merely names may be taken.
    """
    parts = list(root.walk())
    original = _original_id(root, parts)
    feedback = next((part for part in parts if part.kind == "message/feedback-report"), None)
    if feedback is not None:
        return Report(original=original, failures=_complaints(feedback, parts, own), complaint=True)
    status = [
        part for part in parts if part.kind in ("message/delivery-status", "message/global-delivery-status")
    ]
    failures = [failure for part in status for failure in _from_status(part.text())]
    if not failures:
        failures = _from_words(raw, parts, root, own if is_sure else None)
    unique = {failure.recipient: failure for failure in reversed(failures)}
    return Report(original=original, failures=tuple(reversed(unique.values()))[:MAX_RECIPIENTS])


def _from_status(text: str) -> Iterator[Failure]:
    for block in re.split(r"\n[ \t]*\n", text[:MAX_REPORT_BYTES].replace("\r", "")):
        named = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(block)}
        recipient = _typed_address(named.get("final-recipient", "")) or _typed_address(
            named.get("original-recipient", "")
        )
        if not recipient:
            continue
        action = named.get("action", "").partition(" ")[0].strip().lower()
        detail = clean(named.get("diagnostic-code", ""))[:500]
        status = _status_of(named.get("status", ""), detail)
        yield Failure(
            recipient=recipient,
            action=action
            if action in ("failed", "delayed", "delivered", "relayed", "expanded")
            else "failed",
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
    """Tell whether the address is dead; refused content, full boxes and vague codes do not count."""
    if status.startswith("4"):
        return False
    if status in _LASTING:
        return True
    vague = status in ("", "5.0.0", "5.2.1", "5.3.0", "5.5.0") or status.startswith("5.7.")
    return vague and _UNKNOWN_ADDRESS.search(detail) is not None


def _complaints(feedback: Part, parts: Sequence[Part], own: Sequence[str]) -> tuple[Failure, ...]:
    named = [(name.lower(), value) for name, value in _FIELD.findall(feedback.text()[:MAX_REPORT_BYTES])]
    found = [
        _typed_address(value) for name, value in named if name in ("original-rcpt-to", "removal-recipient")
    ]
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
            return BytesParser(policy=compat32).parsebytes(
                part.content()[:MAX_REPORT_BYTES], headersonly=True
            )
    return None


def _from_words(raw: bytes, parts: Sequence[Part], root: Part, own: Sequence[str] | None) -> list[Failure]:
    """Ask flufl.bounce, then look for the returned mail's recipient; what the text says decides the rest."""
    text = "\n".join(part.text()[:MAX_REPORT_BYTES] for part in parts if part.kind.startswith("text/"))
    permanent = [
        address.address.lower() for address in read_addresses(root.fields.raw("x-failed-recipients"))[0]
    ]
    temporary: list[str] = []
    if not permanent:
        temporary, permanent = _flufl(normalise_lines(raw))
    if not (temporary or permanent) and own is not None:
        permanent = _named_in_text(text, parts, (*own, *_sender_names(root)))
    delayed = bool(_DELAY.search(text[:4000]))
    found = [
        Failure(recipient=name, action="delayed", status=_first_status(text), hard=False)
        for name in temporary
    ]
    for name in permanent:
        said = _said_about(text, name, permanent)
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


def _sender_names(root: Part) -> list[str]:
    """Give who sent the report and who got it: neither failed."""
    fields = (*root.fields.every("from"), *root.fields.every("to"))
    return [address.address.lower() for value in fields for address in read_addresses(value)[0]]


def _named_in_text(text: str, parts: Sequence[Part], not_these: Sequence[str]) -> list[str]:
    """Give the returned mail's recipients that the report names, else those, else whom it names first."""
    returned = _returned_headers(parts)
    values = [str(value) for value in returned.get_all("to", ())] if returned else []
    values += _TO_LINE.findall(text[:MAX_REPORT_BYTES])
    sent_to = [
        address.address.lower() for value in values[:10] for address in read_addresses(value[:2000])[0]
    ]
    cut = _ORIGINAL_FROM.search(text)
    named = [
        name.lower().rstrip(".")
        for name in _ADDRESS.findall(text[: cut.start() if cut else 4000])[:MAX_RECIPIENTS]
    ]
    named = [name for name in dict.fromkeys(named) if name not in not_these and not _MACHINE.match(name)]
    both = [name for name in named if name in sent_to]
    return both or [name for name in dict.fromkeys(sent_to) if name not in not_these] or named[:1]


def _first_status(text: str) -> str:
    found = _STATUS.search(text[:8000])
    return found[0] if found else ""


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
    before = text[max(0, start - 150) : start] if len(all_recipients) == 1 else ""
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
