"""Bytes that came from outside, given out so that no browser ever runs them as a page of ours."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

NAME_LIMIT = 150

# raster images may be shown by <img>, which nosniff allows only under their own type
_SHOWN_AS_THEMSELVES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
_NOT_IN_A_NAME = re.compile(r'[/\\:*?"<>|]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Bytes to save under a name the sender chose."""

    body: bytes
    name: str
    content_type: str = "application/octet-stream"

    def response(self) -> web.Response:
        """Give the HTTP answer: saved, never shown, never guessed at, and harmless if opened after all."""
        content_type = self.content_type.partition(";")[0].strip().lower()
        if content_type not in _SHOWN_AS_THEMSELVES:
            content_type = "application/octet-stream"
        return web.Response(
            body=self.body,
            content_type=content_type,
            headers={
                "Content-Disposition": attachment_disposition(self.name),
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "X-Content-Type-Options": "nosniff",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Cache-Control": "private, no-store",
            },
        )


def attachment_disposition(name: str) -> str:
    """Give the header value that makes a browser save under `name` (RFC 6266, RFC 8187)."""
    shown = clean_name(name)
    ascii_only = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode()
    # some readers take a semicolon for the end even within quotes, and a percent sign for an escape
    plain = ascii_only.replace("%", "").replace(";", "")
    return f"attachment; filename=\"{plain or 'file'}\"; filename*=UTF-8''{quote(shown, safe='')}"


def clean_name(name: str) -> str:
    """Take from a file's name what could name another folder or deceive the eye."""
    # categories C*: controls, bidirectional marks, surrogates, unassigned
    visible = "".join(character for character in name if not unicodedata.category(character).startswith("C"))
    cleaned = _NOT_IN_A_NAME.sub("_", visible).strip(" .")
    stem, dot, ending = cleaned.rpartition(".")
    if len(cleaned) > NAME_LIMIT and dot and len(ending) < 10:
        return f"{stem[: NAME_LIMIT - len(ending) - 1]}.{ending}"
    return cleaned[:NAME_LIMIT] or "file"
