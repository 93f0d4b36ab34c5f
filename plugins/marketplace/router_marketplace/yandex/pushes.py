"""Read the platform's notifications; in: a raw call, out: what to answer and what it rings for. Pure."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from ipaddress import IPv4Network, IPv6Network, ip_address

from router.channel import HttpReply, HttpRequest
from router.errors import InboundRejected
from router.messages import JsonObject
from router_marketplace.adapter import Push, Ring
from router_marketplace.yandex.messages import number

NAME = "Omnirouter"
# Read once: looking it up reads files, and every push is answered with it.
VERSION = version("omnirouter")
MAX_PUSH_BYTES = 64 * 1024
CHAT_NOTICES = frozenset(
    {"CHAT_CREATED", "CHAT_MESSAGE_SENT", "CHAT_ARBITRAGE_STARTED", "CHAT_ARBITRAGE_FINISHED"}
)

Networks = Sequence[IPv4Network | IPv6Network]


def verify(request: HttpRequest, networks: Networks, push_secret: str) -> None:
    """Raise InboundRejected unless the call comes from where, and to where, the platform's calls do."""
    if push_secret and not hmac.compare_digest(request.path.strip("/").encode(), push_secret.encode()):
        raise InboundRejected("the push address does not end in the account's secret; check both")
    try:
        address = ip_address(request.remote)
    except ValueError:
        raise InboundRejected("the push comes from no address", code="sender") from None
    if not any(address in network for network in networks):
        raise InboundRejected(
            "the push does not come from the platform's networks; check them, and the trusted proxies",
            code="sender",
        )


def read(request: HttpRequest, business_id: int, now: datetime) -> Push:
    """Read a verified notification; kinds that are no chat matter are answered and left alone."""
    notice = _notice(request)
    if notice is None:
        return Push(reply=_refused("the body is no notification"))
    kind = notice["notificationType"]
    if kind not in CHAT_NOTICES:
        return Push(reply=_taken(now))
    if notice.get("businessId") != business_id:
        return Push(reply=_refused(f"this address serves the cabinet {business_id} only"))
    try:
        item = number(notice["messageId"]) if kind == "CHAT_MESSAGE_SENT" else ""
        ring = Ring(thread=number(notice["chatId"]), item=item)
    except (KeyError, TypeError):
        return Push(reply=_refused("a chat notification needs chatId, and messageId for a message"))
    return Push(reply=_taken(now), rings=(ring,))


def _notice(request: HttpRequest) -> JsonObject | None:
    if request.method != "POST" or len(request.body) > MAX_PUSH_BYTES:
        return None
    try:
        notice = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    has_kind = isinstance(notice, dict) and isinstance(notice.get("notificationType"), str)
    return notice if has_kind else None


def _taken(now: datetime) -> HttpReply:
    """Answer as the platform wants every notification answered, `PING` too."""
    stamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return _json(200, {"version": VERSION, "name": NAME, "time": stamp})


def _refused(why: str) -> HttpReply:
    return _json(400, {"error": {"type": "WRONG_EVENT_FORMAT", "message": why}})


def _json(status: int, document: JsonObject) -> HttpReply:
    body = json.dumps(document).encode()
    return HttpReply(status=status, body=body, headers={"Content-Type": "application/json"})
