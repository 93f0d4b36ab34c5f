"""What filing knows of messages that are there already: those of ours that may come back, and those changed.

In: rows of the store, and rows a batch has just made. Out: values that echoes and changes are matched with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from router.messages import DeliveryState, EventKind, Role

Columns = dict[str, Any]

CHANGES = frozenset({EventKind.EDIT, EventKind.RECALL, EventKind.REACTION})
CHANGED_COLUMNS = ("blocks", "preview", "recalled_at", "edited_at", "versions", "reactions")
ECHO_WINDOW = timedelta(days=2)
"""For how long the words alone of a message come back can tell that it is ours."""


@dataclass(slots=True, kw_only=True)
class OwnMessage:
    """A message of the shop: sent here (`state` says how far it came), or elsewhere (`state` is None).

    `refs` are the ids it is known under outside, `tried_at` when it was first given to the provider. `is_seen`:
    nothing more is learned from another echo.
    """

    id: str
    refs: set[str]
    text: str
    state: DeliveryState | None
    tried_at: datetime | None
    has_remote_ref: bool = False
    is_seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """One of our messages was seen at its provider, under this id and in this place of its thread.

    What is not visible there yet has arrived, and is held.
    """

    conversation_id: str
    message_id: str
    remote_ref: str
    sort_key: str
    is_visible: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to become of a message: recalled, edited, or reacted to.

    `row_id` is the entry in which the change itself is kept, `who` tells one author from another.
    """

    row_id: str
    kind: str
    target: str
    who: str
    role: str
    author_name: str
    text: str
    blocks: list[dict[str, object]]
    at: datetime


@dataclass(slots=True, kw_only=True)
class Known:
    """A message that changes may be about; `columns` are those a change touches."""

    id: str
    columns: Columns
    is_new: bool
    is_changed: bool = False


@dataclass(slots=True, kw_only=True)
class Thread:
    """What is known of one conversation's messages; `by_ref` finds them by their ids outside."""

    own: list[OwnMessage] = field(default_factory=list)
    by_ref: dict[str, Known] = field(default_factory=dict)
    unmet: list[Change] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Wanted:
    """What a batch has to know of messages there are: by conversation, the ids its events name.

    `echoes` are ids of messages of the shop, `targets` of messages that changes are about. `stated` are the
    conversations whose provider says how it sees them, `spoken` those in which something new is said.
    """

    echoes: dict[str, set[str]] = field(default_factory=dict)
    targets: dict[str, set[str]] = field(default_factory=dict)
    stated: set[str] = field(default_factory=set)
    spoken: set[str] = field(default_factory=set)


def folded(texts: Iterable[str]) -> str:
    """Fold the words of a message for comparison: providers change spaces."""
    return " ".join(" ".join(texts).split())


def change_of(row: Columns, target: str) -> Change:
    """Read what an entry changes from its row."""
    return Change(
        row_id=row["id"],
        kind=row["kind"],
        target=target,
        who=_who(row),
        role=row["role"],
        author_name=row["author_name"],
        text=" ".join(block["text"] for block in row["blocks"]),
        blocks=list(row["blocks"]),
        at=row["occurred_at"] or row["created_at"],
    )


def _who(row: Columns) -> str:
    """Tell one author of changes from another: a customer by his address, others by role and name."""
    is_customer = row["role"] == Role.CUSTOMER
    return f"{row['role']} {row['contact_point_id'] if is_customer else row['author_name']}"
