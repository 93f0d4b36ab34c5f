"""The one marketplace channel: pushes ring, pulls read, replies leave, doubts are settled in the thread.

In: an adapter, which knows one platform. Out: raw items accepted with their cursor, receipts, permissions.
Each platform derives a class that names its adapter and adds the abilities only it has.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar, TypeVar

from router.abilities import Permits
from router.channel import (
    Channel,
    ChannelContext,
    Confirms,
    HttpReply,
    HttpRequest,
    Pulled,
    PullSource,
    PushSource,
    Signal,
)
from router.errors import MalformedMessage
from router.messages import (
    Author,
    Confirmation,
    EventKind,
    Evidence,
    EvidenceKind,
    InboundEvent,
    JsonObject,
    OutboundAttempt,
    RawInbound,
    Receipt,
    Role,
    SendOutcome,
)
from router.threads import Permission, PlatformState
from router_marketplace.adapter import Adapter, Item, Mark, Notice, Ring
from router_marketplace.calls import Call
from router_marketplace.doubt import CLOCKS_DIFFER, ENTRIES_BEFORE, confirmation
from router_marketplace.exchange import Exchange
from router_marketplace.reading import LEFT_OUT, Reader
from router_marketplace.settings import MarketplaceSettings

SettingsT = TypeVar("SettingsT", bound=MarketplaceSettings)

MOST_RUNG = 1000
MAX_RAW_BYTES = 1024 * 1024
CONFIRM_PAGES = 100


class MarketplaceChannel(Channel[SettingsT], PushSource, PullSource, Confirms, Permits):
    """One shop on one platform."""

    adapter_class: ClassVar[type[Adapter[Any]]]

    def __init__(self, account: str, settings: SettingsT) -> None:
        super().__init__(account, settings)
        self.adapter = self.adapter_class(settings)
        self.poll_interval_s = settings.poll_s
        self._rung: dict[str, Ring] = {}
        self._reading = asyncio.Lock()
        self._swept_at_s: float | None = None

    async def open(self, ctx: ChannelContext) -> None:
        """Read secrets and cursor; the first pull is the first call to the platform."""
        await super().open(ctx)
        self.exchange = Exchange(self.adapter, ctx)
        self.reader = Reader(self.adapter, self.exchange, ctx)
        await self.exchange.open()
        await self.reader.open()
        self._swept_at_s = None

    async def handle_http(self, request: HttpRequest) -> HttpReply:
        """Take a push as a doorbell: verify it, answer at once, read afterwards.

        Nothing is lost with a doorbell: what it was about is in the thread, where the next poll finds it.
        What stands in no thread (a read state) is stored before the answer.
        """
        push = self.adapter.push(request, self.exchange.access, self.ctx.clock.now())
        if push.notices:
            await self.ctx.accept([self._notice_item(one) for one in push.notices])
        for ring in push.rings:
            self._rung[ring.thread] = ring
            self.ctx.ring(Signal(hint={"thread": ring.thread}))
        while len(self._rung) > MOST_RUNG:
            # While the platform gives nothing to read; the next sweep finds these too.
            del self._rung[next(iter(self._rung))]
        return push.reply

    async def pull(self, signal: Signal | None = None) -> Pulled:
        """Read the threads that were rung for; sweep over all when that is due."""
        async with self._reading:
            return await self._pull(signal)

    async def _pull(self, signal: Signal | None) -> Pulled:
        stored = 0
        for ring in list(self._rung.values()):
            try:
                stored += await self.reader.ring(ring)
            except LEFT_OUT as error:
                self.ctx.log.info(
                    "a push named a thread that cannot be read: %s", error, extra={"chat": ring.thread}
                )
            # Only now: a failure above leaves it for the next pull.
            if self._rung.get(ring.thread) == ring:
                del self._rung[ring.thread]
        now_s = self.ctx.clock.monotonic()
        is_due = self._swept_at_s is None or now_s - self._swept_at_s >= self.poll_interval_s
        if is_due or signal is None:
            stored += await self.reader.sweep()
            self._swept_at_s = now_s
        return Pulled(items=stored, more=bool(self._rung))

    def decode(self, raw: RawInbound) -> Sequence[InboundEvent]:
        """Read a stored message or a stored change of a thread's state."""
        document, listed = _document(raw), raw.envelope.get("listed")
        thread = raw.envelope.get("thread")
        if not isinstance(thread, str) or not thread:
            raise MalformedMessage("the envelope names no thread", code="no_thread")
        known = listed if isinstance(listed, dict) else {}
        try:
            if raw.envelope.get("what") == "thread":
                return [self._state_event(thread, document)]
            if raw.envelope.get("what") == "notice":
                return [self.adapter.notice(thread, document)]
            event = self.adapter.event(thread, document, known)
            if raw.envelope.get("is_fresh"):
                event = replace(
                    event, platform_state=_joined(event.platform_state, self.adapter.state(known))
                )
            return [event]
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise MalformedMessage(f"the message has another shape than known: {error!r:.200}") from error

    def _notice_item(self, notice: Notice) -> RawInbound:
        return RawInbound(
            dedupe_key=notice.key,
            raw=notice.body,
            received_at=self.ctx.clock.now(),
            envelope={"what": "notice", "thread": notice.thread},
        )

    def _state_event(self, thread: str, listed: JsonObject) -> InboundEvent:
        return InboundEvent(
            kind=EventKind.THREAD_STATE,
            author=Author(role=Role.SYSTEM),
            evidence=(Evidence(kind=EvidenceKind.THREAD, value=thread),),
            visible=False,
            context=self.adapter.context(listed),
            platform_state=self.adapter.state(listed),
        )

    async def send(self, attempt: OutboundAttempt) -> Receipt:
        """Send one message; before a second try the thread is asked whether the first arrived."""
        if attempt.number > 1 and await self._look_for(attempt) is Confirmation.FOUND:
            return Receipt(outcome=SendOutcome.ACCEPTED, detail="found in the thread")
        thread = await self._thread_for(attempt)
        call = await self.composed(thread, attempt)
        answer = await self.exchange.make(
            call, thread=thread, before=lambda: self.ctx.sending(attempt.attempt_id)
        )
        return self.adapter.sent(answer)

    async def composed(self, thread: str, attempt: OutboundAttempt) -> Call:
        """Build the call that sends a message; raises ContentRejected for what cannot be sent."""
        return self.adapter.compose(thread, attempt)

    async def confirm(self, attempt: OutboundAttempt) -> Confirmation:
        """Look into the thread, twice if need be: what was cut off may still be on its way."""
        found = await self._look_for(attempt)
        if found is Confirmation.NOT_FOUND:
            await asyncio.sleep(self.settings.confirm_after_s)
            found = await self._look_for(attempt)
        return found

    async def permissions(self, thread: str) -> Permission:
        """Say what the platform allows in a thread now."""
        return self.adapter.permission(await self.reader.look(thread), self.ctx.clock.now())

    async def _thread_for(self, attempt: OutboundAttempt) -> str:
        """Give the thread to write to; without one, a recipient like `order:1001` opens it."""
        if attempt.thread:
            return attempt.thread
        call = self.adapter.open_thread(attempt.recipient)
        return self.adapter.opened(await self.exchange.make(call))

    async def _look_for(self, attempt: OutboundAttempt) -> Confirmation:
        if not attempt.thread:
            return Confirmation.UNSURE
        items = await self._items_since(attempt)
        if items is None:
            return Confirmation.UNSURE
        after_seq = max(0, attempt.seq - ENTRIES_BEFORE)
        own = await self.ctx.thread_events(attempt.thread, after_seq)
        return confirmation(attempt, items, own, self.adapter)

    async def _items_since(self, attempt: OutboundAttempt) -> list[Item] | None:
        """Read a thread as far back as the message could stand; None when that is too much to read."""
        since = attempt.created_at - CLOCKS_DIFFER
        known = self.reader.progress.of(attempt.thread).mark
        mark: Mark | None = known if known and known.at < since else None
        items: list[Item] = []
        page = ""
        for _ in range(CONFIRM_PAGES):
            call = self.adapter.list_items(attempt.thread, mark, page, self.ctx.clock.now())
            found = self.adapter.items(await self.exchange.make(call, thread=attempt.thread))
            items += found.items
            page = found.next_page
            if not page or (self.adapter.newest_first and any(item.at < since for item in found.items)):
                return items
        return None


def _joined(said: PlatformState | None, listed: PlatformState) -> PlatformState:
    """Take what a message says of its thread, and from the listing what the message does not say."""
    if said is None:
        return listed
    told = {one.name: getattr(said, one.name) for one in fields(said)}
    return replace(listed, **{name: value for name, value in told.items() if value not in (None, "")})


def _document(raw: RawInbound) -> JsonObject:
    """Read a stored JSON object, whatever became of its bytes."""
    if len(raw.raw) > MAX_RAW_BYTES:
        raise MalformedMessage("the message is too long", code="too_long")
    try:
        document = json.loads(raw.raw)
    except (ValueError, RecursionError) as error:
        raise MalformedMessage(f"the message is no JSON: {type(error).__name__}") from None
    if not isinstance(document, dict):
        raise MalformedMessage("the message is no JSON object")
    return document
