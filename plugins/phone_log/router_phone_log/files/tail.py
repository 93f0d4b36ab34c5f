"""A growing file in, the complete rows after a place out; knows bytes and lines, not what they mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from router_phone_log.files.places import TAIL_BYTES, Place, tail_digest

CHUNK_BYTES = 256 * 1024
MAX_ROW_BYTES = 32 * 1024
MAX_ROW_LINES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its bytes without the line end, its first line, and where the next one begins.

    `is_cut`: it was longer than any record, and only its beginning is kept.
    """

    content: bytes
    line: int
    next_offset: int
    next_line: int
    is_cut: bool = False


def identity_of(status: os.stat_result) -> str:
    """Name a file independently of its path."""
    return f"{status.st_dev:x}:{status.st_ino:x}"


def rows_after(path: Path, place: Place, *, multiline: bool, is_settled: bool) -> tuple[Place, list[Row]]:
    """Give the complete rows after a place, at most a chunk of them, and the place they are counted from.

    A last line without its end is still being written and waits, unless the file `is_settled`. A file that
    is shorter than the place, or has other bytes before it, was cut or written anew: it is read again.
    """
    with path.open("rb") as file:
        if not _is_where_it_was(file, place):
            place = Place()
        file.seek(place.offset)
        chunk = file.read(CHUNK_BYTES)
        is_last = len(chunk) < CHUNK_BYTES
    rows = list(_cut(chunk, place, multiline=multiline, takes_rest=is_last and is_settled))
    if not rows and not is_last:
        # No line end in a whole chunk: what is no record is set aside in pieces, and the rest goes on.
        end = place.offset + len(chunk)
        content = chunk[:MAX_ROW_BYTES]
        rows = [Row(content=content, line=place.line + 1, next_offset=end, next_line=place.line, is_cut=True)]
    return place, rows


def advanced(path: Path, place: Place, row: Row) -> Place:
    """Give the place behind a row."""
    with path.open("rb") as file:
        start = max(0, row.next_offset - TAIL_BYTES)
        file.seek(start)
        tail = file.read(row.next_offset - start)
    return replace(place, offset=row.next_offset, line=row.next_line, tail=tail_digest(tail))


def _is_where_it_was(file: BinaryIO, place: Place) -> bool:
    if place.offset == 0:
        return True
    start = max(0, place.offset - TAIL_BYTES)
    file.seek(start)
    tail = file.read(place.offset - start)
    return len(tail) == place.offset - start and tail_digest(tail) == place.tail


def _cut(chunk: bytes, place: Place, *, multiline: bool, takes_rest: bool) -> Iterator[Row]:
    """Cut a chunk into rows; with `multiline` a quoted cell may hold line ends."""
    start, line = 0, place.line
    while start < len(chunk):
        end, lines = _row_end(chunk, start) if multiline else (chunk.find(b"\n", start), 1)
        if end < 0:
            if not takes_rest:
                return
            end, lines = len(chunk), 1
        content = chunk[start:end].rstrip(b"\r")
        next_start = min(end + 1, len(chunk))
        yield Row(
            content=content[:MAX_ROW_BYTES],
            line=line + 1,
            next_offset=place.offset + next_start,
            next_line=line + lines,
            is_cut=len(content) > MAX_ROW_BYTES,
        )
        start, line = next_start, line + lines


def _row_end(chunk: bytes, start: int) -> tuple[int, int]:
    """Find the line end that is outside quotes; a quote that is never closed ends with its line."""
    end = first = chunk.find(b"\n", start)
    quotes, counted_to = 0, start
    for lines in range(1, MAX_ROW_LINES + 1):
        if end < 0:
            # The rest may still come; a lone quote is told apart once enough lines have followed it.
            return -1, 0
        quotes += chunk.count(b'"', counted_to, end)
        if quotes % 2 == 0:
            return end, lines
        counted_to, end = end, chunk.find(b"\n", end + 1)
    return first, 1
