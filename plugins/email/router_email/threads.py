"""Header fields and recipients in; pointers to conversations out, the strongest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from router.messages import Evidence, EvidenceKind
from router_email.headers import Fields
from router_email.subjects import Subjects

MAX_IDS = 30

_ID = re.compile(r"<([^<>\s]{1,250}@[^<>\s]{1,250}|[^<>\s]{1,250})>")
_BARE_ID = re.compile(r"[^<>\s,;\"()]{1,250}@[^<>\s,;\"()]{1,250}")
_BARE_WORD = re.compile(r"[^<>\s]{1,250}")
TOKEN_SUFFIX = re.compile(r"\+c\.([A-Za-z0-9_-]{8,128})$")


def message_ids(value: str) -> list[str]:
    """Give the ids of a References-like value in order, each in angle brackets."""
    found = [f"<{name}>" for name in _ID.findall(value)]
    return found or [f"<{name}>" for name in _BARE_ID.findall(value)]


def own_id(fields: Fields) -> str:
    """Give the mail's own Message-ID in angle brackets; empty if it has none worth the name."""
    value = fields.raw("message-id").strip()
    found = message_ids(re.sub(r"\s+", "", value)) if value else []
    if not found and _BARE_WORD.fullmatch(value):
        found = [f"<{value}>"]
    return found[0] if found else ""


def reply_token(recipient: str, own: Sequence[str]) -> str:
    """Give the token of a plus address of ours (`support+c.TOKEN@shop.example`); empty for all others."""
    local, _, domain = recipient.rpartition("@")
    token = TOKEN_SUFFIX.search(local)
    if token is None:
        return ""
    plain = f"{local[: token.start()]}@{domain}".lower()
    return token[1] if plain in own else ""


def token_address(address: str, token: str) -> str:
    """Give the address of ours that carries a reply token."""
    local, _, domain = address.rpartition("@")
    return f"{local}+c.{token}@{domain}" if TOKEN_SUFFIX.search(f"+c.{token}") else address


def evidence(
    fields: Fields, recipients: Iterable[str], own: Sequence[str], subjects: Subjects
) -> list[Evidence]:
    """Collect every pointer: reply tokens, named messages newest first, the subject of a reply."""
    tokens = dict.fromkeys(filter(None, (reply_token(recipient, own) for recipient in recipients)))
    found = [Evidence(kind=EvidenceKind.REPLY_TOKEN, value=token) for token in tokens]
    named = message_ids(fields.raw("in-reply-to"))
    named += reversed(message_ids(fields.tail("references")))
    unique = list(dict.fromkeys(named))[:MAX_IDS]
    found += [Evidence(kind=EvidenceKind.MESSAGE_ID, value=name) for name in unique]
    subject, is_reply = subjects.normalise(fields.text("subject"))
    # A new mail with an equal subject ("Refund") is a new matter; only a reply points back.
    if is_reply and subject:
        found.append(Evidence(kind=EvidenceKind.SUBJECT, value=subject))
    return found
