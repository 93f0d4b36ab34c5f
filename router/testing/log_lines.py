"""Look for secrets where they must not be: what is logged, and which environment variables hold them."""

from __future__ import annotations

import logging

from pydantic import BaseModel


def secret_variables(settings: BaseModel) -> list[str]:
    """Name the environment variables whose names settings hold."""
    names = []
    for key in type(settings).model_fields:
        value = getattr(settings, key)
        if isinstance(value, BaseModel):
            names += secret_variables(value)
        elif key.endswith("_env") and isinstance(value, str):
            names.append(value)
    return names


class LogLines(logging.Handler):
    """Collects every log line of the process."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line with its error."""
        self.seen.append(f"{record.getMessage()} {record.exc_info}")

    def __enter__(self) -> LogLines:
        self._level = logging.getLogger().level
        logging.getLogger().addHandler(self)
        logging.getLogger().setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)
        logging.getLogger().setLevel(self._level)
