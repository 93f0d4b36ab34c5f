"""Files of call records in, batches of raw rows with the place behind them out. Blocking; holds no state.

Only here is decided what belongs to a row but does not stand in it: the columns of its header, its line,
and when the row before it was written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from router.calls import Call
from router.errors import MalformedMessage
from router.messages import JsonObject, JsonValue, RawInbound
from router_phone_log.facts import Reading
from router_phone_log.files.cells import RowLayout, cells_of, named_cells, text_of
from router_phone_log.files.column_maps import ColumnMap, shipped_map
from router_phone_log.files.places import Place, Places
from router_phone_log.files.record_files import RecordFile, find_files, owner_of
from router_phone_log.files.rows import read_row
from router_phone_log.files.tail import Row, advanced, rows_after
from router_phone_log.settings import FileSettings, PhoneLogSettings

SOURCE = "file"
BATCH_ROWS = 100
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows to store, the place behind them, and whether there may be more at once."""

    items: Sequence[RawInbound] = ()
    places: Places
    more: bool = False
    troubles: Sequence[str] = ()


class Importer:
    """Reads the files of one account."""

    def __init__(self, settings: PhoneLogSettings, reading: Reading) -> None:
        self._settings = settings
        self._reading = reading

    def map_named(self, name: str) -> ColumnMap:
        """Give a column map: the account's own before a shipped one. ConfigError when there is none."""
        return self._settings.maps.get(name) or shipped_map(name)

    def next_batch(self, places: Places, now: datetime) -> Batch:
        """Give the next rows of the first file that has any."""
        troubles: list[str] = []
        files = list(find_files(self._settings.files, places, troubles))
        for number, file in enumerate(files):
            place = places.files.get(file.identity, Place())
            try:
                place, items, is_whole = self._read(file, place, now)
            except OSError as error:
                troubles.append(f"{file.path.name}: {error.strerror or error}")
                continue
            if place != places.files.get(file.identity):
                more = not is_whole or number + 1 < len(files)
                known = replace(place, changed_at_s=file.changed_at_s, owner=owner_of(file.settings))
                places = places.with_place(file.identity, known)
                return Batch(items=items, places=places, more=more, troubles=troubles)
        return Batch(places=places, troubles=troubles)

    def _read(self, file: RecordFile, place: Place, now: datetime) -> tuple[Place, list[RawInbound], bool]:
        """Read the next rows of a file; give the place behind them and whether that is its end."""
        columns = self.map_named(file.settings.map)
        is_settled = now.timestamp() - file.changed_at_s >= self._settings.settle_s
        place, rows = rows_after(file.path, place, multiline=columns.multiline, is_settled=is_settled)
        items: list[RawInbound] = []
        taken: Row | None = None
        for row in rows:
            if len(items) >= BATCH_ROWS:
                break
            taken = row
            place = self._take(file, columns, place, row, items, now)
        if taken is None:
            return place, [], True
        place = advanced(file.path, place, taken)
        return place, items, taken is rows[-1] and place.offset >= file.size_bytes

    def _take(
        self,
        file: RecordFile,
        columns: ColumnMap,
        place: Place,
        row: Row,
        items: list[RawInbound],
        now: datetime,
    ) -> Place:
        """Turn one row into an item, or into the columns of the rows after it."""
        if not row.content.strip(b"\0\r\n\t ,;"):
            return place
        encodings = file.settings.encodings or columns.encodings
        if header := _header_of(row, place, file.settings, columns):
            return replace(place, columns=header[0], delimiter=header[1])
        if not place.delimiter:
            place = replace(place, delimiter=_delimiter_of(row, file.settings, columns, encodings))
        layout = RowLayout(
            map_name=file.settings.map,
            map=columns,
            columns=place.columns or file.settings.columns or columns.columns,
            delimiter=place.delimiter,
            encodings=encodings,
        )
        written = self._written_at(file, row, layout, place)
        if written is None:
            return place
        items.append(self._item(file, layout, place, row, now))
        return replace(place, after=written) if written else place

    def _item(self, file: RecordFile, layout: RowLayout, place: Place, row: Row, now: datetime) -> RawInbound:
        envelope: dict[str, JsonValue] = {
            "source": SOURCE,
            "zone": self._settings.zone,
            "map": layout.map_name,
            "file": file.path.name,
            "line": row.line,
            "delimiter": layout.delimiter,
        }
        if layout.columns != layout.map.columns:
            envelope["columns"] = list(layout.columns)
        if layout.encodings != layout.map.encodings:
            envelope["encodings"] = list(layout.encodings)
        if place.after:
            envelope["after"] = place.after
        if row.is_cut:
            envelope["cut"] = True
        digest = hashlib.blake2b(row.content.strip(b"\0\r\n\t "), digest_size=20).hexdigest()
        return RawInbound(
            dedupe_key=f"row {layout.map_name} {digest}", raw=row.content, received_at=now, envelope=envelope
        )

    def _is_too_old(self, settings: FileSettings, call: Call) -> bool:
        if settings.since is None or call.started_at is None:
            return False
        return call.started_at.astimezone(self._reading.zone).date() < settings.since

    def _written_at(self, file: RecordFile, row: Row, layout: RowLayout, place: Place) -> str | None:
        """Say when a row was written, as its call ended: empty when unknown, None when it is not wanted."""
        try:
            cells = named_cells(row.content, layout)
            if layout.map.is_skipped(cells):
                return None
            after = datetime.fromisoformat(place.after) if place.after else None
            call = read_row(cells, layout, self._reading, after=after).call
        except MalformedMessage:
            return ""
        if self._is_too_old(file.settings, call):
            return None
        at = {"ended": call.ended_at or call.started_at, "started": call.started_at, "": None}
        known = at[layout.map.ordered_by]
        return known.isoformat() if known is not None else ""


def layout_of(envelope: JsonObject, columns: ColumnMap) -> RowLayout:
    """Give back how a stored row is cut, from its envelope."""
    names, encodings = envelope.get("columns"), envelope.get("encodings")
    return RowLayout(
        map_name=str(envelope.get("map", "")),
        map=columns,
        columns=tuple(str(name) for name in names) if isinstance(names, list | tuple) else columns.columns,
        delimiter=str(envelope.get("delimiter") or ","),
        encodings=tuple(str(one) for one in encodings)
        if isinstance(encodings, list | tuple)
        else columns.encodings,
    )


def _header_of(
    row: Row, place: Place, settings: FileSettings, columns: ColumnMap
) -> tuple[tuple[str, ...], str] | None:
    """Give columns and delimiter when a row is a header, in whichever delimiter names most columns.

    Only a file that began with a header may have another one, where exports were put behind each other.
    """
    if row.is_cut or columns.layout == "pairs" or (place.delimiter and not place.columns):
        return None
    best: tuple[str, ...] = ()
    best_delimiter = ""
    for delimiter in place.delimiter or settings.delimiter or _DELIMITERS:
        try:
            text = text_of(row.content, settings.encodings or columns.encodings)
            names = columns.header_of(cells_of(text, delimiter))
        except MalformedMessage:
            continue
        if len(names) > len(best):
            best, best_delimiter = names, delimiter
    return (best, best_delimiter) if best else None


def _delimiter_of(row: Row, settings: FileSettings, columns: ColumnMap, encodings: Sequence[str]) -> str:
    """Give the delimiter of a file without a header: as configured, else the one that cuts most cells."""
    if settings.delimiter or columns.delimiter:
        return settings.delimiter or columns.delimiter
    try:
        text = text_of(row.content, encodings)
    except MalformedMessage:
        return ","
    return max(_DELIMITERS, key=text.count)
