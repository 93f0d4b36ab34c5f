"""Files of one mail as MIME parts: bytes and a name in, base64 and a name every mail program reads out.

Nothing here is left to chance, boundaries included: every attempt gives the same bytes.
"""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Sequence
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import Compat32
from hashlib import blake2b
from urllib.parse import quote

from router.messages import FileContent
from router_email.charsets import scrub
from router_email.headers import clean

_PIECE_CHARS = 60


def boundary(name: str, ref: str) -> str:
    """Give what parts the parts of a mail: nobody could know it who wrote one of them."""
    return f"=_{name}_{blake2b(ref.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def with_files(body: Message, files: Sequence[FileContent], ref: str, policy: Compat32) -> Message:
    """Give a mail's body with files beside it; without files the body itself."""
    if not files:
        return body
    mixed = MIMEMultipart("mixed", boundary("files", ref), policy=policy)
    mixed.attach(body)
    for file in files:
        mixed.attach(_part(file, policy))
    return mixed


def _part(file: FileContent, policy: Compat32) -> Message:
    main, _, sub = file.content_type.partition("/")
    if main in ("message", "multipart") or not sub:
        # those may not be encoded, and what is not encoded may be changed on its way
        main, sub = "application", "octet-stream"
    part = MIMENonMultipart(main, sub, policy=policy)
    part["Content-Transfer-Encoding"] = "base64"
    part["Content-Disposition"] = _disposition(clean(scrub(file.name)))
    part.set_payload(encodebytes(file.content).decode("ascii"))
    return part


def _disposition(name: str) -> str:
    """Write a name as it is where that is safe, else by RFC 2231, in pieces that fit a line."""
    if name.isascii() and not set(name) & {'"', "\\"} and len(name) <= _PIECE_CHARS:
        return f'attachment; filename="{name}"'
    pieces = [""]
    for character in name:
        written = quote(character, safe="")
        if len(pieces[-1]) + len(written) > _PIECE_CHARS:
            pieces.append("")
        pieces[-1] += written
    if len(pieces) == 1:
        return f"attachment; filename*=utf-8''{pieces[0]}"
    marked = [f"utf-8''{pieces[0]}", *pieces[1:]]
    return "; ".join(["attachment", *(f"filename*{number}*={piece}" for number, piece in enumerate(marked))])
