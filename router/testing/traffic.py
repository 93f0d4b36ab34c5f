"""Read recorded traffic; in: an NDJSON file or a folder, out: items as they came, oldest first.

NDJSON, one item a line: `received_at` (ISO 8601), and either `raw` with `key` and `envelope` (an item as
`decode` gets it) or `request` (`POST /path?query`) with `headers` and `body` (a provider's call). Bytes that
are no UTF-8 stand in `raw_base64` or `body_base64`.

A folder, one item a file, in order of the names: `*.http` is a call as it went over the wire (request line,
headers, an empty line, the body), with a line `Received-At: …` among the headers; any other file is the
bytes of an item, whose key is its name. Hidden files, `*.md` and `LICENSE*` are left out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from multidict import CIMultiDict

from router.channel import HttpRequest
from router.errors import ConfigError
from router.messages import RawInbound
from router.testing.fake_clock import START

_RECEIVED_AT = "Received-At"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One item of recorded traffic: a raw item or a provider's call."""

    received_at: datetime
    raw: RawInbound | None = None
    request: HttpRequest | None = None


def read_traffic(path: Path) -> list[Recorded]:
    """Read a file or a folder. Raises ConfigError with the place of what cannot be read."""
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.is_file() and not _is_about(each))
        return [_of_file(each) for each in files]
    items = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            items.append(_of_line(json.loads(line)))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ConfigError(f"no recorded item: {error!r}", path=f"{path}:{number}") from error
    return items


def _is_about(path: Path) -> bool:
    return path.suffix == ".md" or path.name.startswith(("LICENSE", "."))


def _of_line(line: Mapping[str, Any]) -> Recorded:
    at = _time(line["received_at"])
    if "request" in line:
        method, _, target = str(line["request"]).partition(" ")
        request = _call(method, target, dict(line.get("headers", {})), _bytes(line, "body"))
        return Recorded(received_at=at, request=request)
    body = _bytes(line, "raw")
    key = str(line.get("key") or body.decode("utf-8", "replace"))
    raw = RawInbound(dedupe_key=key, raw=body, received_at=at, envelope=line.get("envelope", {}))
    return Recorded(received_at=at, raw=raw)


def _of_file(path: Path) -> Recorded:
    content = path.read_bytes()
    if path.suffix != ".http":
        raw = RawInbound(dedupe_key=path.name, raw=content, received_at=START)
        return Recorded(received_at=START, raw=raw)
    head, _, body = content.replace(b"\r\n", b"\n", _head_lines(content)).partition(b"\n\n")
    first, *lines = head.decode("utf-8").splitlines()
    method, _, target = first.partition(" ")
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    try:
        at = _time(headers.pop(_RECEIVED_AT))
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f"a header {_RECEIVED_AT} with an ISO 8601 time is missing", path=str(path)
        ) from error
    return Recorded(received_at=at, request=_call(method, target.split(" ")[0], headers, body))


def _head_lines(content: bytes) -> int:
    """Count the line ends of a call's head, the empty line's too; those of the body are not touched."""
    end = content.find(b"\r\n\r\n")
    return content[: end + 4].count(b"\r\n") if end >= 0 else 0


def _call(method: str, target: str, headers: Mapping[str, str], body: bytes) -> HttpRequest:
    parts = urlsplit(target)
    return HttpRequest(
        method=method,
        path=parts.path or "/",
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=CIMultiDict(headers),
        body=body,
        remote="127.0.0.1",
        target=target,
    )


def _bytes(line: Mapping[str, Any], name: str) -> bytes:
    if f"{name}_base64" in line:
        return base64.b64decode(line[f"{name}_base64"], validate=True)
    return str(line[name]).encode()


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
