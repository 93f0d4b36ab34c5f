"""The flood by hand, for the contract suite; in: samples, out: the file of replies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from router.channel import AnyChannel
from router.messages import RawInbound
from router_flood.channel import FloodChannel, FloodSettings
from router_flood.messages import item_of

_KINDS = ("text", "image", "long", "automatic")
_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FloodSimulator:
    """Nothing comes by itself: the suite says what and when."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._replies = Path()

    def settings(self) -> FloodSettings:
        """Bring nothing by itself."""
        return FloodSettings(total=0, replies=self._replies)

    def samples(self) -> Sequence[RawInbound]:
        """Give one message of each kind."""
        return [item_of(number, _KINDS, 3, _AT) for number in range(len(_KINDS))]

    def fresh(self, number: int) -> RawInbound:
        """Give one more message."""
        return item_of(number + 1000, ("text",), 20, _AT)

    def forget(self) -> None:
        """Empty the file of replies."""
        self._replies.write_bytes(b"")

    async def start(self) -> None:
        """Make room for the replies."""
        self._folder = TemporaryDirectory(prefix="router-flood-")
        self._replies = Path(self._folder.name) / "replies.ndjson"
        self._replies.write_bytes(b"")

    async def stop(self) -> None:
        """Take the room away again."""
        if self._folder is not None:
            self._folder.cleanup()

    async def deliver(self, channel: AnyChannel, raw: RawInbound) -> str:
        """Bring one message in as the stream does."""
        if not isinstance(channel, FloodChannel):
            raise TypeError(f"{type(channel).__name__} is no flood")
        await channel.bring([raw])
        return "brought"

    def sent(self) -> Sequence[bytes]:
        """Give the replies that were noted."""
        return self._replies.read_bytes().splitlines()

    def fail_next(self, error: str) -> None:
        """Refuse: a file of one's own does not fail on demand."""
        raise LookupError(error)

    def errors(self) -> Sequence[str]:
        """Name nothing, see `fail_next`."""
        return []
