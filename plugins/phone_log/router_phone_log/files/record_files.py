"""Which files of call records are there now; a rotated one is found by its identity, not by its name."""

from __future__ import annotations

import glob
import hashlib
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    found: dict[str, RecordFile] = {}
    for settings in configured:
        paths = _paths_of(settings)
        if not paths:
            troubles.append(f"there is no file {settings.path}")
        for file in _looked_at(paths, settings):
            found.setdefault(file.identity, file)
    for settings in configured:
        for file in _renamed(settings, places, found):
            found[file.identity] = file
    for file in sorted(found.values(), key=lambda one: (one.changed_at_s, str(one.path))):
        if file.identity in places.files or file.changed_at_s > places.settled_s:
            yield file


def owner_of(settings: FileSettings) -> str:
    """Name a setting, so that a renamed file is read on as what it was."""
    return hashlib.blake2b(settings.path.encode(), digest_size=4).hexdigest()


def _renamed(settings: FileSettings, places: Places, found: Mapping[str, RecordFile]) -> list[RecordFile]:
    """Find the files a setting named once and nothing names now, under their new names in the folder."""
    owner, folder = owner_of(settings), Path(settings.path).parent
    lost = {name for name, place in places.files.items() if place.owner == owner and name not in found}
    if not lost or not folder.is_dir():
        return []
    return [file for file in _looked_at(sorted(folder.iterdir()), settings) if file.identity in lost]


def _looked_at(paths: Iterable[Path], settings: FileSettings) -> list[RecordFile]:
    return [file for path in paths if (file := _look_at(path, settings)) is not None]


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
