"""Whether a post comes from the phone system; in: the request and the shared secrets, out: yes or no.

Every comparison takes the same time whatever it finds. A secret may be followed by another one, parted by
white space, while it is being replaced.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit

from router.channel import HttpRequest
from router_phone_log.settings import WebhookSettings

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_PAIRS = 500


def is_proven(request: HttpRequest, settings: WebhookSettings, secrets: Sequence[str], url: str) -> bool:
    """Tell whether a post is proven; `url` is the address the phone system was told to call."""
    if settings.format == "twilio":
        given = request.headers.get("X-Twilio-Signature", "")
        kind = request.headers.get("Content-Type", "")
        return any(is_twilio(secret, url, request.body, given, kind) for secret in secrets)
    given = _given(request, settings)
    if settings.proof == "hmac":
        return any(_is_signed(secret, request.body, given) for secret in secrets)
    return any(_same(given, secret) for secret in secrets)


def is_twilio(token: str, url: str, body: bytes, signature: str, content_type: str = "") -> bool:
    """Check Twilio's signature, with and without the port in the address; a JSON body by its digest."""
    promised = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    if promised:
        if not _same(hashlib.sha256(body).hexdigest(), promised.lower()):
            return False
        pairs = ""
    elif content_type.partition(";")[0].strip().lower() not in ("", "application/x-www-form-urlencoded"):
        return False
    else:
        pairs = _sorted_pairs(body)
    return any(_same(twilio_signature(token, one + pairs), signature) for one in _with_and_without_port(url))


def twilio_signature(token: str, signed: str) -> str:
    """Give Twilio's signature of a text."""
    digest = hmac.new(token.encode(), signed.encode("utf-8", "replace"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _sorted_pairs(body: bytes) -> str:
    """Write a form as Twilio signs it: names sorted, and under each its different values sorted."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_PAIRS)
    except ValueError:
        return ""
    return "".join(name + value for name, value in sorted(set(pairs)))


def _with_and_without_port(url: str) -> Iterable[str]:
    """Give an address as it stands, with the default port, and without any."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    try:
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return (url,)
    with_port, without = f"{host}:{port}", host
    return (url, *(urlunsplit(parts._replace(netloc=one)) for one in (with_port, without)))


def _given(request: HttpRequest, settings: WebhookSettings) -> str:
    """Give what the request shows as its proof."""
    if settings.proof == "path":
        return request.path.rpartition("/")[2]
    if settings.proof == "basic":
        return _basic_password(request.headers.get("Authorization", ""))
    given = request.headers.get(settings.header, "")
    return given.removeprefix("Bearer ") if settings.header.lower() == "authorization" else given


def _basic_password(header: str) -> str:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]


def _is_signed(secret: str, body: bytes, given: str) -> bool:
    """Check an HMAC-SHA256 of the body, written in hexadecimal or base64, with or without `sha256=`."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    bare = given.strip().removeprefix("sha256=")
    is_hex = _same(digest.hex(), bare.lower())
    is_base64 = _same(base64.b64encode(digest).decode(), bare)
    return is_hex or is_base64


def _same(one: str, other: str) -> bool:
    """Compare in constant time; nothing equals nothing."""
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "replace")) and bool(one)
