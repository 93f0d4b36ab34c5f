"""Say what a file is by its first bytes; its name only decides where bytes say nothing. Pure.

In: a name and the beginning. Out: a media type. Whatever claims to be a kind it is not is plain bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from mimetypes import MimeTypes
from types import MappingProxyType

UNKNOWN = "application/octet-stream"
HEAD_BYTES = 512
"""How much of a file has to be looked at."""

_SIGNATURES: Sequence[tuple[int, bytes, str]] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp3gp", "video/3gpp"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xfa", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"#!AMR", "audio/amr"),
    (8, b"WAVE", "audio/x-wav"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
# marks that a text may hold as well count only together with another place
_WITH: Mapping[bytes, tuple[int, bytes]] = MappingProxyType(
    {b"BM": (6, bytes(4)), b"WEBP": (0, b"RIFF"), b"WAVE": (0, b"RIFF")}
)
_OFFICE = "application/vnd.openxmlformats-officedocument."
# what these containers hold, only the name tells
_INSIDE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "application/zip": {
            ".docx": f"{_OFFICE}wordprocessingml.document",
            ".xlsx": f"{_OFFICE}spreadsheetml.sheet",
            ".pptx": f"{_OFFICE}presentationml.presentation",
            ".odt": "application/vnd.oasis.opendocument.text",
            ".ods": "application/vnd.oasis.opendocument.spreadsheet",
        },
        "application/x-ole-storage": {
            ".doc": "application/msword",
            ".xls": "application/vnd.ms-excel",
            ".ppt": "application/vnd.ms-powerpoint",
        },
    }
)
_SEEN_BY_BYTES = frozenset(
    {type_ for _, _, type_ in _SIGNATURES}
    | {type_ for inside in _INSIDE.values() for type_ in inside.values()}
)


def content_type_of(name: str, head: bytes) -> str:
    """Give the media type of a file."""
    ending = _ending(name)
    seen = next((type_ for at, mark, type_ in _SIGNATURES if _is_marked(head, at, mark)), "")
    if seen:
        return _INSIDE.get(seen, {}).get(ending, UNKNOWN if seen == "application/x-ole-storage" else seen)
    # the table of the standard library alone: what the machine knows besides differs from one to the next
    by_name = MimeTypes(filenames=()).guess_type(f"x{ending}")[0] or UNKNOWN
    is_media = by_name.partition("/")[0] in ("image", "audio", "video") and by_name != "image/svg+xml"
    return UNKNOWN if by_name in _SEEN_BY_BYTES or is_media else by_name


def _is_marked(head: bytes, at: int, mark: bytes) -> bool:
    also_at, also = _WITH.get(mark, (0, b""))
    return head.startswith(mark, at) and head.startswith(also, also_at)


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f".{ending.lower()}" if stem and dot else ""
