"""Read what is new from a platform into the router; in: listed threads, out: raw items, stored.

Each page is committed with the cursor that follows it, so that a crash repeats a page at most, and the
repeat is a duplicate. The boundary message is always read again: platforms differ in whether a bound counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from router.channel import ChannelContext
from router.errors import ContentRejected, NotAllowedNow, Permanent, RecipientGone, Retryable, SendError
from router.messages import AcceptOutcome, JsonObject, RawInbound
from router_marketplace.adapter import Adapter, Item, Ring, Thread
from router_marketplace.calls import Answer
from router_marketplace.exchange import Exchange
from router_marketplace.parsing import written
from router_marketplace.progress import Progress, digest

PageT = TypeVar("PageT")

MOST_PAGES = 200
BATCH = 100
MOST_REMEMBERED = 5000
LOOK_PAGES = 2
MOST_LISTED = 1000
MOST_BUYERS = 2000
SETTLED_AFTER = timedelta(minutes=2)
"""Longer than clocks differ and than a push overtakes its message."""

LEFT_OUT = (Permanent, RecipientGone, NotAllowedNow, ContentRejected)
"""What is said of one thread alone, so that it must not hold up the others."""


class Reader:
    """Reads threads of one open account; `progress` is what was committed last."""

    def __init__(self, adapter: Adapter[Any], exchange: Exchange, ctx: ChannelContext) -> None:
        self._adapter = adapter
        self._exchange = exchange
        self._ctx = ctx
        self._is_new = True
        # Spares the store what a boundary or an overlap brings again; after a restart it knows better.
        self._stored: dict[str, None] = {}
        self._listed: dict[str, Thread] = {}
        self._awaited: dict[str, tuple[str, datetime]] = {}
        self._orders: dict[str, dict[str, None]] = {}
        self.progress = Progress(since=ctx.clock.now())

    async def open(self) -> None:
        """Go on where the last commit stands."""
        cursor = await self._ctx.cursor()
        history = timedelta(days=self._adapter.settings.history_days)
        self.progress = Progress.load(cursor, self._ctx.clock.now() - history)
        # What a new account leaves out is decided once, so that a long stop loses nothing.
        self._is_new = cursor is None

    async def sweep(self) -> int:
        """Read every thread that changed since the last sweep; give how many items were stored."""
        began = self.progress.until or self.progress.since
        since = began - timedelta(seconds=self._adapter.facts.poll.overlap_s)
        newest: datetime | None = None
        seen: set[str] = set()
        stored, page = 0, ""
        for _ in range(MOST_PAGES):
            answer = await self._exchange.make(self._adapter.list_threads(since, page, self._ctx.clock.now()))
            found = _understood(self._adapter.threads, answer, Retryable)
            for thread in found.threads:
                seen.add(thread.id)
                newest = max(filter(None, (newest, thread.at)), default=None)
                if not self.progress.is_read(thread, self._overlap_s):
                    stored += await self._read_or_leave(thread)
            page = found.next_page
            if not page or (self._adapter.newest_threads_first and _is_older(found.threads, since)):
                break
        else:
            self._ctx.log.warning("more threads than one sweep reads", extra={"pages": MOST_PAGES})
        stored += await self._read_unlisted(seen)
        await self._commit([], self.progress.swept(newest))
        return stored

    @property
    def _overlap_s(self) -> float | None:
        """How far the last sweep's time is trusted; not at all where each open thread has its own mark."""
        has_marks = self._adapter.lists_open and not self.progress.is_full
        return None if has_marks else self._adapter.facts.poll.overlap_s

    async def ring(self, ring: Ring) -> int:
        """Read one thread a push named; give how many items were stored."""
        # Without a message it is the thread itself that has changed.
        known = self._listed.get(ring.thread) if ring.item else None
        thread = await self.look(ring.thread) if known is None else replace(known, tail="")
        if ring.item:
            self._awaited[thread.id] = ring.item, self._ctx.clock.now() + SETTLED_AFTER
        return await self.read(thread)

    async def look(self, thread: str) -> Thread:
        """Get a thread as the platform lists it now; a bare one when it is listed too far back."""
        call = self._adapter.get_thread(thread)
        if call is None:
            return await self._look_in_listing(thread)
        return _understood(self._adapter.thread, await self._exchange.make(call, thread=thread), Permanent)

    async def _look_in_listing(self, thread: str) -> Thread:
        """Find a thread where single ones cannot be asked for: whoever wrote in last stands first.

        What its listing says of the people in it is remembered, so that a ring costs this call once.
        """
        page = ""
        for _ in range(LOOK_PAGES):
            call = self._adapter.list_threads(self._ctx.clock.now(), page, self._ctx.clock.now())
            found = _understood(self._adapter.threads, await self._exchange.make(call), Permanent)
            self._listed |= {one.id: one for one in found.threads}
            while len(self._listed) > MOST_LISTED:
                self._listed.pop(next(iter(self._listed)))
            listed = next((one for one in found.threads if one.id == thread), None)
            page = found.next_page
            if listed is not None:
                return listed
            if not page:
                break
        return Thread(id=thread)

    async def read(self, thread: Thread) -> int:
        """Store a thread's new messages.

        Its state travels with them; it goes by itself where it changed alone, or is the end of the thread.
        """
        self._note_order(thread)
        read = self._backwards if self._adapter.newest_first else self._forwards
        before = self.progress.of(thread.id)
        stored, ids = await read(thread)
        if not thread.tail:
            return stored  # a bare thread, which tells nothing of its listing
        after = self.progress.of(thread.id)
        speaks_for_itself = before.item_id == after.item_id or not thread.is_open
        state = []
        if after.item_id and before.status != digest(thread.status) and speaks_for_itself:
            state.append(self._state_item(thread))
        is_complete = self._has_awaited(thread, ids) and self._is_settled(thread)
        return stored + await self._commit(state, self.progress.seen(thread, is_complete=is_complete))

    def orders_of(self, buyer: str) -> list[str]:
        """Give the orders a buyer has been seen writing about, the newest first."""
        return list(self._orders.get(buyer, ()))[::-1]

    def _note_order(self, thread: Thread) -> None:
        """Remember whose order a thread is about: most platforms find orders by their number only."""
        buyer, order = self._adapter.buyer(thread.raw), self._adapter.context(thread.raw).get("order_id")
        if not buyer or not isinstance(order, str):
            return
        orders = self._orders.pop(buyer, {})
        orders.pop(order, None)
        orders[order] = None
        self._orders[buyer] = orders
        if len(self._orders) > MOST_BUYERS:
            del self._orders[next(iter(self._orders))]

    def _has_awaited(self, thread: Thread, ids: set[str]) -> bool:
        """Tell whether the message a push named has come; a push can overtake it, or it was taken back."""
        item, until = self._awaited.get(thread.id, ("", self._ctx.clock.now()))
        has_come = not item or item in ids or f"message:{thread.id}:{item}" in self._stored
        if not has_come and self._ctx.clock.now() < until:
            return False
        self._awaited.pop(thread.id, None)
        return True

    def _is_settled(self, thread: Thread) -> bool:
        """Tell whether one more message would be seen in the listing: in the same second it may not be."""
        if self._adapter.exact_tail or thread.at is None:
            return True
        return self._ctx.clock.now() - thread.at > SETTLED_AFTER

    async def _read_or_leave(self, thread: Thread) -> int:
        """Read one of many threads; one that the platform will not give must not hold up the others."""
        try:
            return await self.read(thread)
        except LEFT_OUT as error:
            self._ctx.log.warning("a thread was left out: %s", error, extra={"chat": thread.id})
            return 0

    async def _forwards(self, thread: Thread) -> tuple[int, set[str]]:
        mark, page, stored = self.progress.of(thread.id).mark, "", 0
        ids: set[str] = set()
        for _ in range(MOST_PAGES):
            call = self._adapter.list_items(thread.id, mark, page, self._ctx.clock.now())
            answer = await self._exchange.make(call, thread=thread.id)
            found = _understood(self._adapter.items, answer, Permanent)
            stored += await self._store(thread, found.items)
            ids |= {item.id for item in found.items}
            page = found.next_page
            if not page:
                break
        return stored, ids

    async def _backwards(self, thread: Thread) -> tuple[int, set[str]]:
        """Read pages until one reaches what is stored; only then is their order known."""
        mark = self.progress.of(thread.id).mark
        reread = timedelta(seconds=self._adapter.facts.poll.reread_s)
        bound = mark.at - reread if mark else self.progress.since
        page = ""
        items: list[Item] = []
        for _ in range(MOST_PAGES):
            call = self._adapter.list_items(thread.id, mark, page, self._ctx.clock.now())
            answer = await self._exchange.make(call, thread=thread.id)
            found = _understood(self._adapter.items, answer, Permanent)
            items += found.items
            page = found.next_page
            if not page or any(item.at < bound for item in found.items):
                break
        # Turned round, so that messages of one time stamp keep the platform's order.
        items = [item for item in reversed(items) if item.at >= bound]
        return await self._store(thread, items), {item.id for item in items}

    async def _store(self, thread: Thread, items: Sequence[Item]) -> int:
        """Commit messages in their order, the cursor with them; give how many were new."""
        wanted = [
            item
            for item in sorted(items, key=lambda one: one.at)
            if item.at >= self.progress.since and _key(thread.id, item) not in self._stored
        ]
        stored = 0
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            after = self.progress.stored(thread, batch[-1])
            stored += await self._commit([self._message_item(thread, item) for item in batch], after)
            self._remember(_key(thread.id, item) for item in batch)
        return stored

    def _remember(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._stored[key] = None
        while len(self._stored) > MOST_REMEMBERED:
            del self._stored[next(iter(self._stored))]

    async def _commit(self, items: Sequence[RawInbound], progress: Progress) -> int:
        """Store items and cursor together; give how many of them were new."""
        if not items and progress is self.progress and not self._is_new:
            return 0
        results = await self._ctx.accept(items, cursor=progress.dump())
        self.progress, self._is_new = progress, False
        return sum(one.outcome is AcceptOutcome.ACCEPTED for one in results)

    def _message_item(self, thread: Thread, item: Item) -> RawInbound:
        return self._raw(_key(thread.id, item), "message", thread, item.raw)

    def _state_item(self, thread: Thread) -> RawInbound:
        return self._raw(f"thread:{thread.id}:{thread.status}:{thread.tail}", "thread", thread, thread.raw)

    def _raw(self, key: str, what: str, thread: Thread, document: JsonObject) -> RawInbound:
        return RawInbound(
            dedupe_key=key,
            raw=written(document),
            received_at=self._ctx.clock.now(),
            envelope={
                "what": what,
                "thread": thread.id,
                "listed": thread.raw,
                "is_fresh": bool(thread.tail),
            },
        )

    async def _read_unlisted(self, seen: set[str]) -> int:
        """Read again what was open and is listed no more: it was closed, or handed on."""
        stored = 0
        gone = [id for id, one in self.progress.threads.items() if one.is_open and id not in seen]
        for thread in gone if self._adapter.lists_open else []:
            try:
                stored += await self.ring(Ring(thread=thread))
            except RecipientGone:
                await self._commit([], self.progress.seen(Thread(id=thread, is_open=False), is_complete=True))
        return stored


def _key(thread: str, item: Item) -> str:
    """Name a message in the version it stands in now."""
    return f"message:{thread}:{item.id}" + (f":{item.version}" if item.version else "")


def _is_older(threads: Sequence[Thread], since: datetime) -> bool:
    return any(thread.at is not None and thread.at < since for thread in threads)


def _understood(read: Callable[[Answer], PageT], answer: Answer, kind: type[SendError]) -> PageT:
    """Read a page; one in an unknown shape is an error of this kind, not a crash."""
    try:
        return read(answer)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise kind(
            f"the platform's answer has another shape than known ({type(error).__name__}: {error})",
            code="shape",
        ) from error
