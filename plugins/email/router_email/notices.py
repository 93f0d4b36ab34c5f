"""Delivery notices that a mail service sends as JSON inside a mail (Amazon SES through SNS) in; facts out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

MAX_NOTICE_CHARS = 256 * 1024
MAX_RECIPIENTS = 50

_RECIPIENTS = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients", "delivery": "recipients"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One recipient of a notice: `kind` is `bounce`, `complaint` or `delivery`."""

    kind: str
    recipient: str
    lasting: bool
    status: str
    detail: str
    original: str


def read_notices(text: str) -> list[Notice]:
    """Read the notice a text begins with; nothing when it is no such notice."""
    text = text.lstrip()[:MAX_NOTICE_CHARS]
    if not text.startswith("{") or '"mail"' not in text:
        return []
    try:
        # Mail programs fold long lines, also inside strings.
        document, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return []
    return list(_notices(document))[:MAX_RECIPIENTS]


def _notices(document: Mapping[str, object]) -> Iterator[Notice]:
    kind = str(document.get("notificationType") or document.get("eventType") or "").lower()
    section = document.get(kind)
    if kind not in _RECIPIENTS or not isinstance(section, Mapping):
        return
    named = section.get(_RECIPIENTS[kind])
    for entry in named if isinstance(named, Sequence) and not isinstance(named, str) else ():
        fields = entry if isinstance(entry, Mapping) else {"emailAddress": entry}
        yield Notice(
            kind=kind,
            recipient=str(fields.get("emailAddress", "")).strip("<> ").lower()[:320],
            lasting=section.get("bounceType") == "Permanent"
            and section.get("bounceSubType") in ("General", "NoEmail"),
            status=str(fields.get("status", ""))[:20],
            detail=str(fields.get("diagnosticCode", ""))[:500],
            original=_message_id(document.get("mail")),
        )


def _message_id(mail: object) -> str:
    """Find the Message-ID that we gave; the service's own id is another."""
    headers = mail.get("headers") if isinstance(mail, Mapping) else None
    for header in headers if isinstance(headers, Sequence) else ():
        if isinstance(header, Mapping) and str(header.get("name", "")).strip().lower() == "message-id":
            return str(header.get("value", ""))[:500]
    return ""
