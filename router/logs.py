"""Logging of the program: one line of text or JSON per event, with its fields; never bodies or secrets."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from aiohttp.http_exceptions import HttpProcessingError

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# aiohttp reports a stranger's broken request line as an error of ours, each with its traceback.
_STRANGERS_FAULTS = "aiohttp.server"
_QUIET = ("alembic", "mail.log", "aiosqlite", "asyncio")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, event and the fields given with it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def _is_our_fault(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def configure_logs(level: str, form: Literal["text", "json"]) -> None:
    """Send all logs to standard error; libraries that chatter speak only of warnings."""
    stream = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    stream.setFormatter(JsonFormatter() if form == "json" else text)
    logging.basicConfig(level=level, handlers=[stream], force=True)
    logging.getLogger(_STRANGERS_FAULTS).addFilter(_is_our_fault)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
