"""Which files of call records are there now; a rotated one is found by its identity, not by its name."""

from __future__ import annotations

import glob
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from router_phone_log.files.places import Places
from router_phone_log.files.tail import identity_of
from router_phone_log.settings import FileSettings

# Rotated files are packed, and files still being copied are named so.
_NO_RECORDS = frozenset({".gz", ".bz2", ".xz", ".zst", ".zip", ".tmp", ".part", ".filepart", ".crdownload"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFile:
    """One file that is there now."""

    path: Path
    identity: str
    changed_at_s: float
    size_bytes: int
    settings: FileSettings


def find_files(
    configured: Sequence[FileSettings], places: Places, troubles: list[str]
) -> Iterator[RecordFile]:
    """List the files that are configured, and those known ones that were renamed beside them."""
    seen: set[str] = set()
    for settings in configured:
        paths = _paths_of(settings)
        if not paths:
            troubles.append(f"there is no file {settings.path}")
        found = [file for path in paths if (file := _look_at(path, settings)) is not None]
        folder = Path(settings.path).parent
        named = {file.identity for file in found}
        if set(places.files) - named and folder.is_dir():
            beside = (_look_at(path, settings) for path in sorted(folder.iterdir()))
            rotated = [
                file
                for file in beside
                if file and file.identity in places.files and file.identity not in named
            ]
            found = [*rotated, *found]
        for file in sorted(found, key=lambda one: (one.changed_at_s, str(one.path))):
            is_done = file.changed_at_s <= places.settled_s and file.identity not in places.files
            if file.identity not in seen and not is_done:
                seen.add(file.identity)
                yield file


def _paths_of(settings: FileSettings) -> list[Path]:
    """Give the files a setting names: one, those of a folder, or those a pattern fits."""
    path = Path(settings.path)
    if path.is_dir():
        return [one for one in path.iterdir() if not one.name.startswith(".")]
    if path.is_file():
        return [path]
    return [Path(one) for one in glob.glob(settings.path)]


def _look_at(path: Path, settings: FileSettings) -> RecordFile | None:
    try:
        status = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode) or path.suffix.lower() in _NO_RECORDS:
        return None
    return RecordFile(
        path=path,
        identity=identity_of(status),
        changed_at_s=status.st_mtime,
        size_bytes=status.st_size,
        settings=settings,
    )
