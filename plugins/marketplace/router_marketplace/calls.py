"""What goes over the wire, as values: a call an adapter builds, the answer it reads, who we are there.

In: paths, fields and files. Out: frozen values without any I/O, so that signing and reading are table-tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from router.messages import JsonObject, JsonValue
from router_marketplace.parsing import written


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """One file of a multipart body; `part` is the form's name for it."""

    part: str
    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to a platform.

    `path` is appended to the platform's address unless `url` names another place. `body` is serialised once,
    so that what is signed is what is sent; with `file` the body is multipart. `writes` marks calls that must
    never be repeated blindly. `budget` names the limit of the facts file the call counts against.
    """

    method: str
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    content_type: str = ""
    file: FilePart | None = None
    url: str = ""
    writes: bool = False
    budget: str = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the platform said; `document` is its JSON object, empty where it sent none.

    Header names are in small letters.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    document: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Everything secret an account signs with: named keys that stay, and a token that may be renewed."""

    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None


def json_call(
    method: str,
    path: str,
    document: JsonValue = None,
    *,
    query: Mapping[str, str] | None = None,
    writes: bool = False,
    budget: str = "read",
) -> Call:
    """Build a call with a JSON body, written once and compactly; without `document` it has none."""
    has_body = document is not None
    return Call(
        method=method,
        path=path,
        query=query or {},
        body=written(document) if has_body else b"",
        content_type="application/json" if has_body else "",
        writes=writes,
        budget=budget,
    )
