"""Say in words why a database cannot be used; in: what its driver raised, out: a ConfigError."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from router.errors import ConfigError

# asyncpg's errors reach SQLAlchemy with their class in front of the words.
_CLASS = re.compile(r"^<class '[^']*'>: ")


@contextmanager
def opening(url: URL) -> Iterator[None]:
    """Turn what goes wrong while a database is opened into a ConfigError with a remedy."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError, CommandError, ModuleNotFoundError) as error:
        reason, hint = _reason(error), _hint(error, url)
        message = f"the database {_place(url)} cannot be opened: {reason}"
        raise ConfigError(message, path="store.url", hint=hint) from error


def _reason(error: Exception) -> str:
    cause: BaseException = error.orig or error if isinstance(error, DBAPIError) else error
    words = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
    return _CLASS.sub("", words).partition("\n")[0] or type(cause).__name__


def _place(url: URL) -> str:
    """Name the database without what may be secret."""
    return url.set(query={}).render_as_string(hide_password=True)


def _hint(error: Exception, url: URL) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "Install what PostgreSQL needs: pip install 'omnirouter[postgres]'."
    if isinstance(error, CommandError):
        return "It was written by another version of the router; start that one, or a newer one."
    if url.get_backend_name() == "sqlite":
        return "Check the file's name and mode; if it is damaged, put a backup in its place."
    return "Check that the server runs, and its address, user, password and database."
