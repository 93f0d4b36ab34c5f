"""Recalls, edits and reactions: what they make of the message they are about.

In: the columns of a message and a `Change`. Out: the columns as they are afterwards. Pure, and the same in
whatever order changes come, and however often: the latest text is shown, older ones stand in `versions`; of
one author the latest reaction counts; the first recall stands.
"""

from __future__ import annotations

from typing import Any

from router.entries import preview_of
from router.messages import EventKind
from router.model.threads import Change, Columns


def apply_change(columns: Columns, change: Change) -> bool:
    """Change a message's columns; false when that changed nothing."""
    if change.kind == EventKind.RECALL:
        return _recall(columns, change)
    if change.kind == EventKind.EDIT:
        return _edit(columns, change)
    return _react(columns, change)


def _recall(columns: Columns, change: Change) -> bool:
    if columns["recalled_at"] is not None:
        return False
    columns |= {"recalled_at": change.at, "preview": ""}
    return True


def _edit(columns: Columns, change: Change) -> bool:
    shown_since = columns["edited_at"] or columns["occurred_at"] or columns["created_at"]
    version: dict[str, Any] = {"at": change.at.isoformat(), "blocks": change.blocks}
    if version in columns["versions"] or columns["blocks"] == change.blocks:
        return False
    if columns["edited_at"] is not None and change.at < shown_since:
        columns["versions"] = sorted([*columns["versions"], version], key=lambda one: str(one["at"]))
        return True
    replaced = {"at": shown_since.isoformat(), "blocks": columns["blocks"]}
    columns |= {
        "versions": [*columns["versions"], replaced],
        "blocks": change.blocks,
        "edited_at": change.at,
        "preview": "" if columns["recalled_at"] else preview_of(change.blocks),
    }
    return True


def _react(columns: Columns, change: Change) -> bool:
    """Keep the reaction of one author; an empty one is kept too, so that an older one stays taken back."""
    at = change.at.isoformat()
    earlier = next((one for one in columns["reactions"] if one["who"] == change.who), None)
    if earlier is not None and (earlier["at"] > at or earlier["text"] == change.text):
        return False
    reaction = {
        "who": change.who,
        "role": change.role,
        "name": change.author_name,
        "text": change.text,
        "at": at,
    }
    columns["reactions"] = [*(one for one in columns["reactions"] if one["who"] != change.who), reaction]
    return True
