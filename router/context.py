"""What shops' systems know beside conversations: every source is asked at once, none can delay another.

In: questions of the desk and of triage. Out: one answer from each source that serves the account, with its
cards or with why it gave none. A source is a configured provider, or an open channel that knows orders.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from router.clock import Clock
from router.context_source import MAX_CHARS, Cards, KnowsOrders, OfChannel, Source
from router.errors import SendError
from router.orders import ContextKind, ContextQuery
from router.sources import FailedSource, Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextAnswer:
    """What one source answered; `state` is answered, late or failed, `problem` why it failed in plain words."""

    source: str
    title: str
    kind: ContextKind
    cards: Cards = ()
    state: Literal["answered", "late", "failed"] = "answered"
    problem: str = ""


class ContextRoom:
    """Asks all sources; `async with room.opened()` around its use."""

    def __init__(self, sources: Sources, clock: Clock, channels: KnowsOrders) -> None:
        self._clock = clock
        self._channels = channels
        self.patience = sources.patience
        self._sources = [Source(each, clock, self.patience.answer_s) for each in sources.context]
        self._failed = [each for each in sources.failed if each.section == "context"]
        self._channel_sources: dict[str, Source] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Close in the end whatever has been opened meanwhile; sources open when first asked."""
        try:
            yield
        finally:
            for source in (*self._sources, *self._channel_sources.values()):
                await source.close()

    async def ask(self, query: ContextQuery) -> list[ContextAnswer]:
        """Ask every source that serves the account and knows this kind; in the order of the file."""
        return [
            *await asyncio.gather(*(self._answer(source, query) for source in self.serving(query))),
            *(_failed_answer(each, query.kind) for each in self._failed if _serves(each, query.account)),
        ]

    def kinds(self, account: str) -> frozenset[ContextKind]:
        """Say what can be asked for about customers of an account."""
        own = [source.kinds for source in self._sources if source.serves(account)]
        return frozenset().union(self._channels.context_kinds(account), *own)

    def serving(self, query: ContextQuery, facts: Iterable[str] = ()) -> list[Source]:
        """Give the sources for a question; `facts` narrows them to those rules may wait for."""
        wanted = frozenset(facts)
        found = [
            source
            for source in self._sources
            if source.serves(query.account)
            and query.kind in source.kinds
            and (not wanted or source.facts in wanted)
        ]
        # A platform counts its calls, so its channel is not asked for every message of a known buyer.
        may_wait = not wanted or "order" in wanted
        if may_wait and query.kind in self._channels.context_kinds(query.account):
            found.append(self._channel_source(query.account))
        return found

    async def _answer(self, source: Source, query: ContextQuery) -> ContextAnswer:
        answer = ContextAnswer(source=source.name, title=source.title, kind=query.kind)
        try:
            return replace(answer, cards=await source.cards(query, self.patience.answer_s))
        except TimeoutError:
            return replace(answer, state="late")
        except SendError as error:
            return replace(answer, state="failed", problem=error.public_text[:MAX_CHARS])

    def _channel_source(self, account: str) -> Source:
        if account not in self._channel_sources:
            of = OfChannel(account, self._channels)
            self._channel_sources[account] = Source(of, self._clock, self.patience.answer_s)
        return self._channel_sources[account]


def _serves(failed: FailedSource, account: str) -> bool:
    return not failed.accounts or account in failed.accounts


def _failed_answer(failed: FailedSource, kind: ContextKind) -> ContextAnswer:
    return ContextAnswer(
        source=failed.name,
        title=failed.name,
        kind=kind,
        state="failed",
        problem=failed.cause[:MAX_CHARS],
    )
