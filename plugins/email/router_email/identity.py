"""Raw bytes in, the key that makes two deliveries of one mail one message out."""

from __future__ import annotations

import hashlib
import re

from router_email.tree import normalise_lines

_ID = re.compile(rb"^message-id:[ \t]*(?:\r?\n[ \t]+)?<?([^<>\s]{1,400})", re.IGNORECASE | re.MULTILINE)
# What the way of a mail adds or changes; everything else belongs to the mail itself.
_TRACE = re.compile(
    rb"^(?:received|delivered-to|return-path|envelope-to|delivery-date|authentication-results|received-spf|status"
    rb"|dkim-signature|arc-[a-z-]+|lines|content-length|x-[^:\n]*|from [^:\n]*\n?)"
    rb"[: ][^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE | re.MULTILINE,
)
_MAX_HEAD_BYTES = 256 * 1024


def dedupe_key(raw: bytes) -> str:
    """Name the mail by its Message-ID and a digest of what redelivery does not change.

    The same id over other content is another key, hence another message. Never raises.
    """
    lines = normalise_lines(raw).replace(b"\r\n", b"\n").rstrip(b"\n \t")
    end = lines.find(b"\n\n", 0, _MAX_HEAD_BYTES)
    head, body = (
        (lines[: end + 1], lines[end + 1 :])
        if end >= 0
        else (lines[:_MAX_HEAD_BYTES], lines[_MAX_HEAD_BYTES:])
    )
    digest = hashlib.blake2b(_TRACE.sub(b"", head), digest_size=16)
    digest.update(body)
    found = _ID.search(head)
    name = found[1].decode("ascii", "replace") if found else ""
    return f"{name} {digest.hexdigest()}".strip()
