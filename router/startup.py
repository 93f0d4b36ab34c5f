"""Refuse to start where a promise could not be kept: what is checked before anything is accepted."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url, text

from router.clock import Clock
from router.errors import ConfigError
from router.storage.store import Store

LEAST_FREE_BYTES = 500 * 1024 * 1024
CLOCK_TOLERANCE = timedelta(minutes=5)


def check_folder(url: str) -> None:
    """Check that an SQLite database's folder exists, can be written to and has room."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return
    folder = Path(parsed.database).absolute().parent
    if not folder.is_dir():
        raise ConfigError(f"the folder {folder} does not exist", path="store.url", hint="Create it first.")
    if not os.access(folder, os.W_OK):
        raise ConfigError(
            f"the folder {folder} cannot be written to", path="store.url", hint="Change its owner or mode."
        )
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise ConfigError(
            f"only {free // 1024**2} MB are free in {folder}",
            path="store.url",
            hint=f"At least {LEAST_FREE_BYTES // 1024**2} MB are needed to promise that nothing is lost.",
        )


def files_folder(url: str, named: Path | None) -> Path:
    """Give the folder of the files agents send: the one named, else one beside an SQLite database.

    Raises ConfigError when the one named cannot be written to.
    """
    if named is not None:
        place = named.absolute() if named.exists() else named.absolute().parent
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            raise ConfigError(
                f"the folder {place} cannot be written to",
                path="files.folder",
                hint="Create it for the user the router runs as, or name another.",
            )
        return named.absolute()
    parsed = make_url(url)
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database
    return Path(f"{parsed.database}.files" if is_file else "omnirouter.files").absolute()


def make_private(url: str) -> None:
    """Create an SQLite database's file for its owner only, before anything opens it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        os.close(os.open(parsed.database, os.O_CREAT | os.O_RDWR, 0o600))


async def check_clock(store: Store, clock: Clock) -> None:
    """Check that this machine's clock and the database server's agree."""
    if store.url.get_backend_name() == "sqlite":
        return
    async with store.reading() as connection:
        there: datetime = (await connection.execute(text("SELECT now()"))).scalar_one()
    if abs(there - clock.now()) > CLOCK_TOLERANCE:
        raise ConfigError(
            f"this machine's clock says {clock.now():%H:%M:%S}, the database's {there:%H:%M:%S} UTC",
            path="store.url",
            hint="Set both by a time server.",
        )
