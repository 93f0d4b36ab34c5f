"""The one address for all numbers: in, `/whatsapp/hook` of the web server; out, items in their own accounts.

An app calls one address for all its numbers. A single number can also be called at `/hooks/<account>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from router import ChannelRoute, HttpReply
from router.channel import AnyChannel
from router.errors import InboundRejected, MalformedMessage, StoreUnavailable
from router_whatsapp.channel import WhatsAppChannel
from router_whatsapp.webhook import SIGNATURE, answer_challenge, header_of, take

PREFIX = "/whatsapp"
PATH = f"{PREFIX}/hook"


async def receive(request: web.Request, channels: Mapping[str, AnyChannel]) -> web.StreamResponse:
    """Answer a challenge, or take a webhook for whichever numbers it is."""
    numbers = [channel for channel in channels.values() if isinstance(channel, WhatsAppChannel)]
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        # The signature is over the bytes sent, and a bomb is small until it is unpacked.
        return web.Response(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        if request.method == "GET":
            return _response(answer_challenge(request.query, numbers))
        signature = header_of(request.headers, SIGNATURE)
        return _response(await take(await request.read(), signature, numbers))
    except InboundRejected:
        return web.Response(status=HTTPStatus.UNAUTHORIZED)
    except MalformedMessage:
        return web.Response(status=HTTPStatus.BAD_REQUEST)
    except StoreUnavailable as away:
        later = {"Retry-After": str(away.retry_after_s)}
        return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=later)


def _response(reply: HttpReply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))


ROUTES = tuple(ChannelRoute(method=method, path=PATH, handle=receive) for method in ("GET", "POST"))
