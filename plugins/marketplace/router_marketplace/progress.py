"""How far an account has read: the cursor that is committed with every batch; in and out: small JSON.

`until` is the time of the newest change that a finished sweep has seen; a thread that last changed well
before it has been read. Marks of single threads only save reading the same again, so old ones may go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from router.messages import JsonValue
from router_marketplace.adapter import Item, Mark, Thread

VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_MARKS = 600
"""At about 80 bytes each they stay well under the 64 KB a cursor may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMark:
    """What is known of a thread: its newest stored message, and digests of its listing and of its state."""

    item_id: str = ""
    at_ms: int = 0
    tail: str = ""
    status: str = ""
    is_open: bool = True

    @property
    def mark(self) -> Mark | None:
        """Where reading goes on; None before the first message."""
        if not self.item_id:
            return None
        return Mark(item_id=self.item_id, at=_EPOCH + timedelta(milliseconds=self.at_ms))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The whole cursor. Nothing before `since` is ever taken in: that is what a new account leaves out."""

    since: datetime
    until: datetime | None = None
    threads: Mapping[str, ThreadMark] = field(default_factory=dict)

    def of(self, thread: str) -> ThreadMark:
        """Give what is known of a thread."""
        return self.threads.get(thread, ThreadMark())

    @property
    def is_full(self) -> bool:
        """Tell whether marks have had to go."""
        return len(self.threads) >= MOST_MARKS

    def is_read(self, thread: Thread, overlap_s: float | None) -> bool:
        """Tell whether a listed thread holds nothing new.

        Without an overlap the time of the last sweep is not gone by: pages that shift may have hidden a
        thread from it.
        """
        known = self.threads.get(thread.id)
        if known is not None:
            return known.tail == digest(thread.tail) != ""
        if thread.at is None:
            return False
        if overlap_s is None or self.until is None:
            return thread.at < self.since
        return (self.until - thread.at).total_seconds() > overlap_s or thread.at < self.since

    def stored(self, thread: Thread, newest: Item) -> Progress:
        """Move a thread's mark to a message that is stored with this cursor, and so with the state of its thread.

        The end of a thread is stored by itself, and noted then. What a bare thread says of its state is old.
        """
        known, at_ms = self.of(thread.id), round(newest.at.timestamp() * 1000)
        if known.at_ms > at_ms or known.item_id == newest.id:
            return self
        changed = replace(known, item_id=newest.id, at_ms=at_ms)
        if thread.is_open and (thread.tail or not known.status):
            changed = replace(changed, status=digest(thread.status))
        return self._with(thread.id, changed)

    def seen(self, thread: Thread, *, is_complete: bool) -> Progress:
        """Note what was listed; a thread that is not completely read will be looked at again."""
        tail = digest(thread.tail) if is_complete else ""
        changed = replace(self.of(thread.id), tail=tail, status=digest(thread.status), is_open=thread.is_open)
        return self if changed == self.threads.get(thread.id) else self._with(thread.id, changed)

    def swept(self, until: datetime | None) -> Progress:
        """Note that everything that changed up to a time has been read."""
        if until is None or (self.until is not None and until <= self.until):
            return self
        return replace(self, until=until)

    def dump(self) -> JsonValue:
        """Write it as the cursor."""
        return {
            "v": VERSION,
            "since": self.since.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "threads": {
                thread: [one.item_id, one.at_ms, one.tail, one.status, one.is_open]
                for thread, one in self.threads.items()
            },
        }

    @classmethod
    def load(cls, cursor: JsonValue, since: datetime) -> Progress:
        """Read a cursor; a new account, or one of another version, begins at `since`."""
        if not isinstance(cursor, Mapping) or cursor.get("v") != VERSION:
            return cls(since=since)
        threads = cursor["threads"]
        assert isinstance(threads, Mapping)
        return cls(
            since=datetime.fromisoformat(str(cursor["since"])),
            until=datetime.fromisoformat(str(cursor["until"])) if cursor["until"] else None,
            threads={thread: _mark_of(entry) for thread, entry in threads.items()},
        )

    def _with(self, thread: str, known: ThreadMark) -> Progress:
        """Put a thread last, as the one used most recently, and let the longest unused go."""
        threads = {id: one for id, one in self.threads.items() if id != thread}
        threads[thread] = known
        surplus = len(threads) - MOST_MARKS
        if surplus > 0:
            closed = [id for id, one in threads.items() if not one.is_open]
            for id in [*closed, *threads][:surplus]:
                threads.pop(id, None)
        return replace(self, threads=threads)


def digest(text: str) -> str:
    """Shorten a text that is only ever compared."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest() if text else ""


def _mark_of(entry: JsonValue) -> ThreadMark:
    assert isinstance(entry, list | tuple)
    item_id, at_ms, tail, status, is_open = entry
    return ThreadMark(
        item_id=str(item_id),
        at_ms=int(str(at_ms)),
        tail=str(tail),
        status=str(status),
        is_open=bool(is_open),
    )
