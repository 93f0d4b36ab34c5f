"""The file of an uploaded form; in: a request whose body has been read, out: the file's name and bytes."""

from __future__ import annotations

from email import message_from_bytes

from aiohttp import web


async def file_of(request: web.Request, part: str) -> tuple[str, bytes]:
    """Give one file of a multipart body; aiohttp's own reader wants a body nobody has read before."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    for one in message_from_bytes(head + await request.read()).walk():
        if one.get_param("name", header="Content-Disposition") == part:
            content = one.get_payload(decode=True)
            return one.get_filename() or "", content if isinstance(content, bytes) else b""
    raise web.HTTPBadRequest(text=f"the form has no {part}")
