"""The bytes of one row in, its cells by column out; MalformedMessage where they cannot be cut."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from router.errors import MalformedMessage
from router_phone_log.files.column_maps import MAX_CELL_CHARS, ColumnMap

_PAIR = re.compile(r"(?:^|[\s:])([\w.-]+)\s*=(.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLayout:
    """How the rows of one file are cut into cells; `columns` are the header's, or the map's own."""

    map_name: str
    map: ColumnMap
    columns: tuple[str, ...]
    delimiter: str
    encodings: tuple[str, ...]


def text_of(row: bytes, encodings: Sequence[str]) -> str:
    """Read bytes in the first encoding that fits; raises MalformedMessage when none does."""
    for encoding in encodings:
        try:
            return row.decode(encoding).strip("\0\ufeff\r\n")
        except UnicodeDecodeError:
            continue
    raise MalformedMessage(f"the row is in none of these encodings: {', '.join(encodings)}", code="charset")


def cells_of(text: str, delimiter: str) -> list[str]:
    """Cut a row into cells; raises MalformedMessage when its quotes cannot be understood."""
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise MalformedMessage(f"the row cannot be cut into cells: {error}", code="row") from None
    cells = [cell.strip() for row in rows for cell in row]
    if any(len(cell) > MAX_CELL_CHARS for cell in cells):
        raise MalformedMessage(f"a cell is longer than {MAX_CELL_CHARS} characters", code="row")
    return cells


def named_cells(row: bytes, layout: RowLayout) -> dict[str, str]:
    """Give a row's cells by column; raises MalformedMessage when there are too few."""
    text = text_of(row, layout.encodings)
    cells = cells_of(text, layout.delimiter)
    if layout.map.layout == "pairs":
        found = (_PAIR.search(cell) for cell in cells)
        named = {pair[1].casefold(): pair[2].strip() for pair in found if pair is not None}
        count = len(named)
    else:
        if not layout.columns:
            raise MalformedMessage(
                f"no header the map {layout.map_name!r} knows was found; name the file's `columns`",
                code="header",
            )
        named = dict(zip((name.casefold() for name in layout.columns), cells, strict=False))
        count = len(cells)
    least = layout.map.at_least if layout.columns == layout.map.columns else 2
    if count < max(least, 2):
        raise MalformedMessage(
            f"the row has {count} columns, the map {layout.map_name!r} needs {max(least, 2)}", code="row"
        )
    return named
