"""The two ways lines talk: Asterisk's blocks of `Name: value` lines, and baresip's JSON in netstrings.

Bytes in, messages out, and the other way round; every length is bounded before anything is kept.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

MAX_MESSAGE_BYTES = 64 * 1024
MAX_LINES = 500


class BrokenWire(ConnectionError):
    """The peer sent what is no message; the connection cannot go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the peer: as it came, its fields, and the token of the question it answers."""

    raw: bytes
    fields: Mapping[str, str]
    token: str = ""


class Wire(Protocol):
    """One way of talking."""

    async def read(self, reader: asyncio.StreamReader) -> Message:
        """Read one message; EOFError or BrokenWire when there can be no more."""
        ...

    def write(self, fields: Mapping[str, str], token: str) -> bytes:
        """Write one question."""
        ...


class AmiWire:
    """Blocks of lines that end with an empty one."""

    async def read(self, reader: asyncio.StreamReader) -> Message:
        """Read one block."""
        lines: list[bytes] = []
        size = 0
        while True:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                raise BrokenWire("a line of the manager interface is too long") from None
            size += len(line)
            if size > MAX_MESSAGE_BYTES or len(lines) > MAX_LINES:
                raise BrokenWire("a message of the manager interface is too long")
            if line.strip():
                lines.append(line)
            elif lines:
                break
        raw = b"".join(lines)
        fields = block_fields(raw)
        is_answer = "Response" in fields and "Event" not in fields
        return Message(raw=raw, fields=fields, token=fields.get("ActionID", "") if is_answer else "")

    def write(self, fields: Mapping[str, str], token: str) -> bytes:
        """Write one action; a line end inside a value would begin another action, so it is refused."""
        lines = [f"{name}: {value}" for name, value in (*fields.items(), ("ActionID", token))]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a value of an action must not hold a line end")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def block_fields(raw: bytes) -> dict[str, str]:
    """Read the lines of a block; of a repeated name the first value holds."""
    fields: dict[str, str] = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), value.strip())
    return fields


class NetstringWire:
    """JSON objects, each behind its length and before a comma."""

    async def read(self, reader: asyncio.StreamReader) -> Message:
        """Read one object."""
        try:
            head = await reader.readuntil(b":")
        except asyncio.LimitOverrunError:
            raise BrokenWire("the control socket sent no netstring") from None
        digits = head[:-1]
        if not digits.isdigit() or len(digits) > 6 or int(digits) > MAX_MESSAGE_BYTES:
            raise BrokenWire(f"the control socket sent no netstring of a fit length: {digits[:20]!r}")
        content = await reader.readexactly(int(digits) + 1)
        if content[-1:] != b",":
            raise BrokenWire("a netstring of the control socket does not end with a comma")
        raw = content[:-1]
        fields = object_fields(raw)
        return Message(raw=raw, fields=fields, token=fields.get("token", "") if "response" in fields else "")

    def write(self, fields: Mapping[str, str], token: str) -> bytes:
        """Write one command."""
        raw = json.dumps({**fields, "token": token}).encode()
        return b"%d:%s," % (len(raw), raw)


def object_fields(raw: bytes) -> dict[str, str]:
    """Read the plain fields of a JSON object; anything else is no field at all."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    plain = {name: one for name, one in value.items() if isinstance(one, str | int | float)}
    return {name: one if isinstance(one, str) else json.dumps(one) for name, one in plain.items()}
