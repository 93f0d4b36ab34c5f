"""One source of context, asked so that it can delay nobody: limits, a short memory, and a rest when it is slow.

In: questions. Out: its cards within a limit, or an error. A question that is on its way is never asked twice,
and whoever stops waiting for it leaves the answer to the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeAlias

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar

from router.clock import Clock
from router.errors import Retryable, SendError
from router.legible import legible
from router.orders import ContextCard, ContextKind, ContextProvider, ContextQuery
from router.sources import ContextSource

log = logging.getLogger(__name__)

KEPT_S = 60.0
KEPT_ANSWERS = 2_000
AT_ONCE = 16
ON_THEIR_WAY = 200
MAX_CARDS = 50
MAX_FIELDS = 30
MAX_CHARS = 500
REST_AFTER = 3
REST_S = 30.0

_HTTP_LIMIT = ClientTimeout(total=10)

Cards: TypeAlias = tuple[ContextCard, ...]


class KnowsOrders(Protocol):
    """The open channels, as far as they know orders."""

    def context_kinds(self, account: str) -> frozenset[ContextKind]:
        """Say what the channel of an account can be asked for."""
        ...

    async def look_up(self, query: ContextQuery) -> Sequence[ContextCard]:
        """Ask the channel of the query's account. Raises SendError classes only."""
        ...


@dataclass(frozen=True, slots=True)
class OfChannel:
    """A channel that knows orders, in the place of a configured source."""

    name: str
    channels: KnowsOrders


class Source:
    """One source with what it answered lately, what it is asked now, and how slow it was."""

    def __init__(self, of: ContextSource | OfChannel, clock: Clock, answer_s: float) -> None:
        self.name = of.name
        self._answer_s = answer_s
        self._of = of
        self._clock = clock
        self._kept: OrderedDict[object, tuple[float, Cards]] = OrderedDict()
        self._asked: dict[object, asyncio.Task[Cards]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._opening = asyncio.Lock()
        self._provider: ContextProvider | None = None
        self._http: ClientSession | None = None
        self._missed = 0
        self._rests_until_s = 0.0

    @property
    def title(self) -> str:
        """What people call it."""
        return self._of.kind.title if isinstance(self._of, ContextSource) else self.name

    @property
    def kinds(self) -> frozenset[ContextKind]:
        """What it can be asked for."""
        return self._of.kind.kinds if isinstance(self._of, ContextSource) else frozenset(ContextKind)

    @property
    def facts(self) -> str:
        """When rules may wait for it."""
        return self._of.facts if isinstance(self._of, ContextSource) else "order"

    @property
    def rests(self) -> bool:
        """Say whether triage should not wait for it now, because it was too slow several times in a row."""
        return self._clock.monotonic() < self._rests_until_s

    def serves(self, account: str) -> bool:
        """Say whether it knows the customers of an account."""
        return (
            not isinstance(self._of, ContextSource) or not self._of.accounts or account in self._of.accounts
        )

    def was_slow(self, slow: bool) -> None:
        """Count how often in a row triage waited in vain."""
        self._missed = self._missed + 1 if slow else 0
        if self._missed >= REST_AFTER:
            self._missed, self._rests_until_s = 0, self._clock.monotonic() + REST_S
            log.warning("context source %s is too slow for rules; they go on without it", self.name)

    async def cards(self, query: ContextQuery, limit_s: float) -> Cards:
        """Give its answer; raises TimeoutError past the limit, else SendError classes."""
        key = _key(query)
        kept = self._kept.get(key)
        if kept is not None and self._clock.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        task = self._asked.get(key)
        if task is None:
            if len(self._asked) >= ON_THEIR_WAY:
                raise Retryable("too many questions are waiting for it", code="busy")
            task = self._asked[key] = asyncio.create_task(self._fetch(key, query))
            task.add_done_callback(lambda done: self._done(key, done))
        async with asyncio.timeout(limit_s):
            # One who stops waiting leaves the question to the others, and the answer to the next.
            return await asyncio.shield(task)

    async def close(self) -> None:
        """Stop asking and let the connections go."""
        tasks = list(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def _fetch(self, key: object, query: ContextQuery) -> Cards:
        async with self._turns, asyncio.timeout(self._answer_s):
            try:
                answer = await (await self._ready())(query)
                cards = _fitting(answer, query)
            except (SendError, TimeoutError):
                raise
            except Exception as error:
                log.error("context source %s failed", self.name, exc_info=error)
                raise Retryable("it failed, see the log", code="plugin") from error
        self._kept[key] = (self._clock.monotonic(), cards)
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT_ANSWERS:
            self._kept.popitem(last=False)
        return cards

    def _done(self, key: object, task: asyncio.Task[Cards]) -> None:
        self._asked.pop(key, None)
        if not task.cancelled():
            # Nobody may have waited to the end; then this is the one who hears of it.
            task.exception()

    async def _ready(self) -> Callable[[ContextQuery], Awaitable[Sequence[ContextCard]]]:
        if isinstance(self._of, OfChannel):
            return self._of.channels.look_up
        async with self._opening:
            if self._provider is None:
                if self._http is None:
                    self._http = ClientSession(timeout=_HTTP_LIMIT, cookie_jar=DummyCookieJar())
                provider = self._of.kind.factory(self.name, self._of.settings)
                await provider.open(self._http, self._clock)
                self._provider = provider
            return self._provider.look_up


def _key(query: ContextQuery) -> object:
    persons = tuple((each.kind, each.value, each.proof) for each in query.identities)
    return query.kind, query.account, persons, query.order_id, query.product_id, query.limit


def _fitting(answer: object, query: ContextQuery) -> Cards:
    """Cut an answer to what a desk can show; raises TypeError for what is no answer."""
    if not isinstance(answer, Sequence) or not all(isinstance(card, ContextCard) for card in answer):
        raise TypeError(f"look_up returned {answer!r:.80}, not ContextCards")
    return tuple(_cut(card) for card in answer[: min(query.limit, MAX_CARDS)])


def _cut(card: ContextCard) -> ContextCard:
    fields: Mapping[str, object] = dict(list(card.fields.items())[:MAX_FIELDS])
    return replace(
        card,
        id=_text(card.id),
        title=_text(card.title),
        status=_text(card.status),
        stage=_text(card.stage),
        amount=_text(card.amount),
        currency=_text(card.currency),
        order_id=_text(card.order_id),
        at=card.at if isinstance(card.at, datetime) and card.at.tzinfo else None,
        url=card.url if card.url.startswith(("https://", "http://")) else "",
        fields={_text(name): _short(value) for name, value in fields.items()},
    )


def _text(value: object) -> str:
    """Give a text whatever a plugin put there."""
    return legible(str(value)[:MAX_CHARS])


def _short(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _text(value)
