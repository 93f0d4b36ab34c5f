"""The widget's files: settings of a site in; the frame page, the loader and the embed snippet out."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from hashlib import sha384
from html import escape
from pathlib import Path

from aiohttp import hdrs, web

from router_webchat.settings import WebchatSettings

STATIC = Path(__file__).with_name("static")
LOADER = "omni-loader-1.js"
SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(js|css|svg)")
_TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_LOOPBACK = ("http://localhost:*", "http://127.0.0.1:*", "https://localhost:*", "https://127.0.0.1:*")
_LOOKS_MARK = "__SITE__"


async def _read(name: str) -> bytes:
    """Read one built file; 503 with the remedy when the widget was not built, 404 for no such file."""
    try:
        return await asyncio.to_thread((STATIC / name).read_bytes)
    except FileNotFoundError:
        if await asyncio.to_thread((STATIC / LOADER).exists):
            raise web.HTTPNotFound(text="no such file") from None
        text = "the chat widget was not built; install omnirouter with pip, which builds it from ui/"
        raise web.HTTPServiceUnavailable(text=text) from None


def looks_of(settings: WebchatSettings) -> dict[str, str]:
    """Give what anybody may know of a site."""
    return {
        "accent": settings.accent,
        "position": settings.position,
        "title": settings.title,
        "greeting": settings.greeting,
    }


def frame_policy(settings: WebchatSettings, own_origin: str) -> str:
    """Give the content policy of the frame: its own files, its own socket, and who may show it."""
    socket = own_origin.replace("http", "ws", 1)
    shown_by = ["'self'", *settings.origins, *(_LOOPBACK if settings.allow_loopback else ())]
    parts = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        f"connect-src 'self' {socket}".rstrip(),
        "base-uri 'none'",
        "form-action 'none'",
        f"frame-ancestors {' '.join(shown_by)}",
    )
    return "; ".join(parts)


async def frame_page(settings: WebchatSettings, own_origin: str) -> web.Response:
    """Give the page of the frame, with the looks of its site in a meta tag."""
    looks = {**looks_of(settings), "origins": [*settings.origins, own_origin]}
    page = (await _read("frame.html")).decode().replace(_LOOKS_MARK, escape(json.dumps(looks)))
    headers = {
        **SAFE,
        "Content-Security-Policy": frame_policy(settings, own_origin),
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        hdrs.CACHE_CONTROL: "no-cache",
    }
    return web.Response(text=page, content_type="text/html", headers=headers)


async def loader_script(request: web.Request) -> web.Response:
    """Give the loader; any page may load it, which its integrity attribute needs."""
    body = await _read(LOADER)
    etag = sha384(body).hexdigest()[:32]
    headers = {
        **SAFE,
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        hdrs.CACHE_CONTROL: "public, max-age=3600",
        hdrs.ETAG: f'"{etag}"',
    }
    if any(known.value == etag for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return _compressed(web.Response(body=body, content_type="text/javascript", headers=headers))


async def static_file(name: str) -> web.Response:
    """Give one file of the frame; its name has the hash of its content, so it may be kept for ever."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise web.HTTPNotFound(text="no such file")
    headers = {**SAFE, hdrs.CACHE_CONTROL: "public, max-age=31536000, immutable"}
    body = await _read(name)
    return _compressed(web.Response(body=body, content_type=_TYPES[match[1]], headers=headers))


def _compressed(response: web.Response) -> web.Response:
    """Let the answer be compressed when the browser takes it."""
    response.enable_compression()
    return response


async def embed_snippet(settings: WebchatSettings, public_url: str) -> web.Response:
    """Give the tag for the shop's pages; the hash pins exactly this loader."""
    digest = b64encode(sha384(await _read(LOADER)).digest()).decode()
    tag = (
        f'<script async src="{escape(public_url)}/{LOADER}" data-site="{settings.site_key}"'
        f' integrity="sha384-{digest}" crossorigin="anonymous"></script>\n'
    )
    return web.Response(text=tag, headers={**SAFE, hdrs.CACHE_CONTROL: "no-cache"})
