"""Say what a contract test ran into, and where; in: an exception, out: one line for the certificate."""

from __future__ import annotations

import traceback
from pathlib import PurePath
from types import TracebackType

_LONGEST = 400


def tell(error: Exception, package: str) -> str:
    """Say what happened in one line; anything but a finding in words names the line of the plugin it came from."""
    text = str(error).partition("\n")[0]
    if isinstance(error, AssertionError) and text:
        return text
    text = text[:_LONGEST]
    # What was waited for when the time ran out stands in the cancellation the time-out was made of.
    is_late = isinstance(error, TimeoutError) and error.__cause__ is not None
    source = error.__cause__ if is_late and error.__cause__ is not None else error
    what = "nothing came within the time" if is_late else f"{type(error).__name__}: {text}".rstrip(": ")
    place = _place(source.__traceback__, package)
    return f"{what} ({place})" if place else what


def _place(trace: TracebackType | None, package: str) -> str:
    """Name the innermost line of the plugin, else the innermost of all."""
    frames = list(traceback.walk_tb(trace))
    mine = [
        each for each in frames if each[0].f_globals.get("__name__", "").partition(".")[0] == package
    ] or frames
    if not mine:
        return ""
    frame, line = mine[-1]
    return f"{'/'.join(PurePath(frame.f_code.co_filename).parts[-2:])}, line {line}"
