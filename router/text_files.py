"""Read a text file that people edit; in: its path and a bound, out: its text.

What keeps it from being read is a ConfigError that says what to do.
"""

from __future__ import annotations

from pathlib import Path

from router.errors import ConfigError


def read_text(path: Path, *, max_chars: int, if_missing: str = "Check the name.") -> str:
    """Read a text file of bounded size; `if_missing` is the remedy where there is none."""
    # A character takes at most four bytes; the exact limit is checked where the text is parsed.
    max_bytes = max_chars * 4
    try:
        # Not by its size: a device has none and never ends.
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise ConfigError(
                "the file is too large.", path=str(path), hint=f"Keep it below {max_chars:,} characters."
            )
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise ConfigError("no such file.", path=str(path), hint=if_missing) from None
    except UnicodeDecodeError as error:
        message = f"byte {error.start + 1} is not UTF-8."
        raise ConfigError(message, path=str(path), hint="Save the file as UTF-8.") from None
    except OSError as error:
        reason = f"{error.strerror or 'it cannot be read'}."
        raise ConfigError(reason, path=str(path), hint="Check the name and who may read it.") from None
