"""A tree of parts that reports about our own mail in; whom it failed for, how, and which mail it was, out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from router.messages import DeliveryState
from router_email.addresses import read_addresses
from router_email.failures import (
    MAX_REPORT_BYTES,
    Failure,
    fields_of,
    from_notice,
    from_status,
    from_words,
    returned_headers,
    typed_address,
)
from router_email.notices import Notice, read_notices
from router_email.threads import message_ids
from router_email.tree import Part

MAX_RECIPIENTS = 50

_STATUS_KINDS = ("message/delivery-status", "message/global-delivery-status")
_ORIGINAL_ID = re.compile(
    r"^[> \t|]*(?:X-)?(?:Original-)?Message-I[dD]:\s*(<[^<>\s]{3,500}>)", re.MULTILINE | re.IGNORECASE
)


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
    text = "\n".join(part.text()[:MAX_REPORT_BYTES] for part in parts if part.kind.startswith("text/"))
    if notices := read_notices(text):
        return _noticed(notices)
    status = [part for part in parts if part.kind in _STATUS_KINDS]
    said = (failure for part in status for failure in from_status(part.text(), text))
    failures = list(islice(said, MAX_RECIPIENTS))
    if not failures:
        failures = from_words(raw, parts, text, own, is_sure=is_sure)
    unique = {failure.recipient: failure for failure in reversed(failures)}
    return Report(original=original, failures=tuple(reversed(unique.values()))[:MAX_RECIPIENTS])


def _noticed(notices: Sequence[Notice]) -> Report:
    named = message_ids(notices[0].original)
    return Report(
        original=named[0] if named else "",
        failures=tuple(from_notice(notice) for notice in notices),
        complaint=notices[0].kind == "complaint",
    )


def _complaints(feedback: Part, parts: Sequence[Part], own: Sequence[str]) -> tuple[Failure, ...]:
    fields = fields_of(feedback.text()[:MAX_REPORT_BYTES])
    found = [
        typed_address(value) for name, value in fields if name in ("original-rcpt-to", "removal-recipient")
    ]
    if not any(found):
        returned = returned_headers(parts)
        found = [address.address for address in read_addresses(returned.get("to", "") if returned else "")[0]]
    return tuple(
        Failure(recipient=address, action="complaint", status="", hard=False)
        for address in dict.fromkeys(found)
        if address and address not in own
    )[:MAX_RECIPIENTS]


def _original_id(root: Part, parts: Sequence[Part]) -> str:
    """Find the Message-ID of the mail that is reported about."""
    returned = returned_headers(parts)
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
