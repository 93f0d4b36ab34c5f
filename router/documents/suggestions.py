"""Suggest what somebody may have meant; in: an unknown word, out: the nearest known one.

The known words are given, or are the keys a pydantic model has at a place of its document.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from router.documents.places import Path


def did_you_mean(given: str, known: Sequence[str]) -> str:
    """Suggest the nearest known word, or list what there is."""
    near = get_close_matches(given, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean `{near[0]}`?"
    if not known:
        return "None is declared yet."
    listed = ", ".join(sorted(known)[:15])
    return f"Known: {listed}{', …' if len(known) > 15 else ''}."


def keys_of(annotation: Any, path: Path) -> set[str]:
    """Collect the keys a document may have at a path below a model, over all members of a union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        if not path:
            return set(fields)
        return keys_of(fields[str(path[0])].annotation, path[1:]) if path[0] in fields else set()
    arguments, origin = get_args(annotation), get_origin(annotation)
    if origin is Annotated:
        return keys_of(arguments[0], path)
    if origin in (Union, UnionType):
        return {key for member in arguments for key in keys_of(member, path)}
    # A container: one step of the path leads to its items.
    return {key for item in arguments for key in keys_of(item, path[1:])} if path else set()
