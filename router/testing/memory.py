"""The core in memory, for channel tests; in: what a channel hands over, out: lists to look at.

`MemoryStore` keeps what every account accepted, with the constraints of the real store: one delivery per
account and dedupe key, the cursor moving with its batch, a dense `seq` per thread. It fulfils
`router.accounts.context.Core`; `MemoryContext` is one account's `ChannelContext` upon it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import ClientSession, DummyCookieJar

from router.capabilities import Health
from router.channel import AnyChannel, Signal
from router.clock import Clock
from router.errors import MalformedMessage, StoreUnavailable
from router.messages import (
    AcceptOutcome,
    AcceptResult,
    DeliveryReport,
    EventKind,
    EvidenceKind,
    FileContent,
    FiledMessage,
    InboundEvent,
    JsonValue,
    RawInbound,
    ThreadEvent,
)
from router.testing.fake_clock import FakeClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One item that was stored, and what it turned out to be."""

    inbound_id: str
    account: str
    raw: RawInbound
    events: Sequence[InboundEvent]
    filed: Sequence[FiledMessage]


@dataclass(slots=True)
class _Fault:
    error: BaseException
    after_commit: bool


@dataclass(slots=True)
class MemoryStore:
    """What the core would keep, and the faults it is told to have; no commit ends before it is `released`."""

    clock: Clock = field(default_factory=FakeClock)
    accepted: list[Accepted] = field(default_factory=list)
    quarantined: list[RawInbound] = field(default_factory=list)
    reports: list[tuple[str, DeliveryReport]] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    typing: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, FileContent] = field(default_factory=dict)
    duplicates: int = 0
    delay_s: float = 0.0
    released: asyncio.Event | None = None
    _channels: dict[str, AnyChannel] = field(default_factory=dict)
    _results: dict[tuple[str, str], AcceptResult] = field(default_factory=dict)
    _cursors: dict[str, JsonValue] = field(default_factory=dict)
    _values: dict[tuple[str, str], JsonValue] = field(default_factory=dict)
    _threads: dict[tuple[str, str], list[ThreadEvent]] = field(default_factory=dict)
    _faults: list[_Fault] = field(default_factory=list)

    def know(self, channel: AnyChannel) -> None:
        """Use this channel's `decode` for what its account accepts."""
        self._channels[channel.account] = channel

    def fail_accept_next(self, error: BaseException | None = None) -> None:
        """Let the next `accept` fail before anything is stored."""
        self._faults.append(_Fault(error or StoreUnavailable(), after_commit=False))

    def lose_answer_next(self, error: BaseException | None = None) -> None:
        """Let the next `accept` store everything and fail afterwards, as a crash between would."""
        self._faults.append(_Fault(error or StoreUnavailable(), after_commit=True))

    def forget(self) -> None:
        """Drop every item and its key, as retention does in the real store; cursors and values stay."""
        for kept in (self.accepted, self.quarantined, self.reports, self.marked, self.typing):
            kept.clear()
        self._results.clear()
        self._threads.clear()
        self.duplicates = 0

    def of(self, account: str) -> list[Accepted]:
        """Give what one account accepted, in order."""
        return [item for item in self.accepted if item.account == account]

    def thread_of(self, account: str) -> tuple[str, ThreadEvent] | None:
        """Give the thread and entry an account filed last, if it has threads."""
        mine = [(thread, events) for (owner, thread), events in self._threads.items() if owner == account]
        return (mine[-1][0], mine[-1][1][-1]) if mine else None

    async def accept(
        self, account: str, items: Sequence[RawInbound], cursor: JsonValue
    ) -> list[AcceptResult]:
        """Store items and cursor together, or nothing."""
        # A real commit takes a turn of the loop at least; a channel that answers before it must be caught.
        await asyncio.sleep(self.delay_s)
        if self.released is not None:
            await self.released.wait()
        fault = self._faults.pop(0) if self._faults else None
        if fault is not None and not fault.after_commit:
            raise fault.error
        results = [self._take(account, item) for item in items]
        if cursor is not None:
            self._cursors[account] = cursor
        if fault is not None:
            raise fault.error
        return results

    async def filed(self, inbound_id: str) -> Sequence[FiledMessage]:
        """Give where an item ended; filing is immediate here."""
        return next((item.filed for item in self.accepted if item.inbound_id == inbound_id), ())

    async def cursor(self, account: str) -> JsonValue:
        """Give the cursor committed last."""
        return self._cursors.get(account)

    async def report(self, account: str, report: DeliveryReport) -> None:
        """Keep a delivery report."""
        self.reports.append((account, report))

    async def sending(self, attempt_id: str) -> None:
        """Keep that an attempt may have left."""
        self.marked.append(attempt_id)

    async def thread_events(self, account: str, thread: str, after_seq: int, limit: int) -> list[ThreadEvent]:
        """Read the thread's entries after a number."""
        entries = self._threads.get((account, thread), [])
        return [entry for entry in entries if entry.seq > after_seq][:limit]

    async def file(self, account: str, id: str, thread: str) -> FileContent:
        """Give a file that was put into `files`; a KeyError is the LookupError of the real store."""
        return self.files[id]

    async def customer_typing(self, account: str, thread: str) -> None:
        """Note that a customer is writing."""
        self.typing.append((account, thread))

    async def get(self, account: str, key: str) -> JsonValue:
        """Read one value of an account's own store."""
        return self._values.get((account, key))

    async def put(self, account: str, key: str, value: JsonValue) -> None:
        """Write one value of an account's own store; None deletes it."""
        self._values.pop((account, key), None)
        if value is not None:
            self._values[account, key] = value

    def _take(self, account: str, raw: RawInbound) -> AcceptResult:
        key = (account, raw.dedupe_key)
        if key in self._results:
            self.duplicates += 1
            return AcceptResult(outcome=AcceptOutcome.DUPLICATE, inbound_id=self._results[key].inbound_id)
        inbound_id = f"in-{len(self._results) + 1}"
        result = AcceptResult(outcome=AcceptOutcome.ACCEPTED, inbound_id=inbound_id)
        try:
            events = tuple(self._channels[account].decode(raw)) if account in self._channels else ()
        except MalformedMessage:
            self.quarantined.append(raw)
            result = AcceptResult(outcome=AcceptOutcome.QUARANTINED, inbound_id=inbound_id)
        else:
            filed = [self._file(account, inbound_id, event) for event in events if _is_filed(event)]
            self.accepted.append(
                Accepted(inbound_id=inbound_id, account=account, raw=raw, events=events, filed=filed)
            )
        self._results[key] = result
        return result

    def _file(self, account: str, inbound_id: str, event: InboundEvent) -> FiledMessage:
        thread = next((one.value for one in event.evidence if one.kind is EvidenceKind.THREAD), "")
        entries = self._threads.setdefault((account, thread), [])
        at = event.occurred_at or self._now()
        entry = ThreadEvent(
            seq=len(entries) + 1,
            id=f"{inbound_id}-{len(entries) + 1}",
            at=at,
            kind=event.kind.value,
            role=event.author.role,
            author_name=event.author.display,
            blocks=event.blocks,
            external_id=event.external_id,
        )
        entries.append(entry)
        return FiledMessage(
            inbound_id=inbound_id,
            conversation_id=f"conversation of {thread or account}",
            message_id=entry.id,
            seq=entry.seq,
            at=at,
        )

    def _now(self) -> datetime:
        return self.clock.now()


class MemoryContext:
    """A `ChannelContext` for one account upon a `MemoryStore` (its own unless one is given)."""

    def __init__(
        self,
        account: str = "account-1",
        *,
        store: MemoryStore | None = None,
        public_url: str = "http://127.0.0.1:8080",
    ) -> None:
        self.store = store or MemoryStore()
        self.health: list[Health] = []
        self.signals: list[Signal] = []
        self._http: ClientSession | None = None
        self._account = account
        self._public_url = public_url
        self._log = logging.getLogger(f"router.channel.{account}")

    @property
    def account(self) -> str:
        """Name of the account."""
        return self._account

    @property
    def clock(self) -> Clock:
        """The store's clock."""
        return self.store.clock

    @property
    def log(self) -> logging.Logger:
        """A logger that names the account."""
        return self._log

    @property
    def public_url(self) -> str:
        """Where the outside world would reach the router."""
        return self._public_url

    @property
    def http(self) -> ClientSession:
        """The account's own HTTP client; whoever made the context closes it with `close_http`."""
        if self._http is None:
            self._http = ClientSession(cookie_jar=DummyCookieJar())
        return self._http

    async def close_http(self) -> None:
        """Close the HTTP client."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    def ring(self, signal: Signal) -> None:
        """Keep the signal; a stage that pulls in turn needs no waking."""
        self.signals.append(signal)

    @property
    def accepted(self) -> list[Accepted]:
        """What this account accepted, in order."""
        return self.store.of(self._account)

    @property
    def values(self) -> Mapping[str, JsonValue]:
        """What this account keeps in its own small store."""
        mine = self.store._values.items()
        return {key: value for (account, key), value in mine if account == self._account}

    def fail_accept_next(self, error: BaseException | None = None) -> None:
        """Let the next `accept` fail before anything is stored."""
        self.store.fail_accept_next(error)

    async def accept(self, items: Sequence[RawInbound], cursor: JsonValue = None) -> list[AcceptResult]:
        """Store items and cursor together, or nothing."""
        return await self.store.accept(self._account, items, cursor)

    async def filed(self, inbound_id: str) -> Sequence[FiledMessage]:
        """Give where an item ended."""
        return await self.store.filed(inbound_id)

    async def cursor(self) -> JsonValue:
        """Give the cursor committed last."""
        return await self.store.cursor(self._account)

    async def report(self, report: DeliveryReport) -> None:
        """Keep a delivery report."""
        await self.store.report(self._account, report)

    async def sending(self, attempt_id: str) -> None:
        """Keep that an attempt may have left."""
        await self.store.sending(attempt_id)

    async def thread_events(self, thread: str, after_seq: int = 0, limit: int = 200) -> list[ThreadEvent]:
        """Read the thread's entries after a number."""
        return await self.store.thread_events(self._account, thread, after_seq, limit)

    async def file(self, id: str, thread: str = "") -> FileContent:
        """Give a file that was put into the store's `files`."""
        return await self.store.file(self._account, id, thread)

    async def customer_typing(self, thread: str) -> None:
        """Note that a customer is writing."""
        await self.store.customer_typing(self._account, thread)

    async def get(self, key: str) -> JsonValue:
        """Read one value of the account's own store."""
        return await self.store.get(self._account, key)

    async def put(self, key: str, value: JsonValue) -> None:
        """Write one value of the account's own store."""
        await self.store.put(self._account, key, value)

    def set_health(self, health: Health) -> None:
        """Keep what the channel says about itself."""
        self.health.append(health)


def _is_filed(event: InboundEvent) -> bool:
    return event.kind is EventKind.MESSAGE and event.visible
