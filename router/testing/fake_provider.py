"""A provider that remembers: the base of a plugin's simulated provider.

In: what customers write (`customer_says`) and what the plugin calls. Out: threads, messages and their
states as a real provider would keep them. A subclass adds its routes and its wire format:

    class FakeMarket(StatefulFake):
        def routes(self):
            yield "POST", "/messages", self.post_message

        async def post_message(self, request):
            if not self.token_is_good(request.headers.get("Authorization", "")):
                return json_answer({"code": "expired"}, status=401)
            body = await request.json()
            message = self.commit(body["thread"], body["text"], key=body.get("request_id", ""))
            return json_answer({"id": message.id})

Time stands still unless `clock.advance` is called, so equal time stamps are the normal case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from router.testing.fake_clock import FakeClock
from router.testing.fake_records import FakeMessage, FakePage, FakeThread, FakeUser
from router.testing.faults import Fault
from router.testing.faulty_http import ANY, FaultyHttp, Responder


class StatefulFake:
    """Users, threads, messages, tokens that run out, an idempotency ledger and a web server with faults."""

    shop = FakeUser(id="shop", name="Shop", role="shop")

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.http = FaultyHttp()
        self.users: dict[str, FakeUser] = {self.shop.id: self.shop}
        self.threads: dict[str, FakeThread] = {}
        self.messages: list[FakeMessage] = []
        self.tokens: dict[str, datetime] = {}
        self.tokens_issued = 0
        self._ledger: dict[str, FakeMessage] = {}
        self._hold = 0
        self._changed = asyncio.Event()
        self._last_number = 0
        for method, path, respond in self.routes():
            self.http.route(method, path, respond)

    def routes(self) -> Iterable[tuple[str, str, Responder]]:
        """Give method, aiohttp path template and responder of each call the provider offers."""
        return ()

    async def start(self, port: int = 0) -> None:
        """Serve on this port of the loopback, or on a free one."""
        await self.http.start(port)

    async def stop(self) -> None:
        """Free the port."""
        await self.http.stop()

    @property
    def url(self) -> str:
        """Where the provider is, without a final slash."""
        return self.http.url

    def fail_with(self, fault: Fault, route: str = ANY) -> None:
        """Queue a fault; see `router.testing.faulty_http`."""
        self.http.fail_next(fault, route)

    def user(self, user_id: str, name: str = "", role: str = "customer") -> FakeUser:
        """Give a user, new or known."""
        return self.users.setdefault(user_id, FakeUser(id=user_id, name=name or user_id, role=role))

    def thread(self, thread_id: str, user_id: str = "", **fields: Any) -> FakeThread:
        """Give a thread, new (with this user) or known."""
        if thread_id not in self.threads:
            user = self.user(user_id or f"user-of-{thread_id}")
            now = self.clock.now()
            self.threads[thread_id] = FakeThread(id=thread_id, user=user, opened_at=now, fields=fields)
        return self.threads[thread_id]

    def customer_says(
        self, thread_id: str, text: str, *, kind: str = "text", at: datetime | None = None, **fields: Any
    ) -> FakeMessage:
        """Let the thread's customer write; a kind the plugin does not know is as good as any."""
        thread = self.thread(thread_id)
        return self._keep(thread, thread.user, text, kind=kind, at=at, fields=fields)

    def commit(
        self,
        thread_id: str,
        text: str,
        *,
        key: str = "",
        kind: str = "text",
        author: FakeUser | None = None,
        **fields: Any,
    ) -> FakeMessage:
        """Keep what the shop sent; the same idempotency key gives the first message again."""
        if key and key in self._ledger:
            return self._ledger[key]
        state = "sent"
        if self._hold:
            self._hold -= 1
            state = "held"
        message = self._keep(
            self.thread(thread_id), author or self.shop, text, kind=kind, key=key, state=state, fields=fields
        )
        if key:
            self._ledger[key] = message
        return message

    def hold_next(self, count: int = 1) -> None:
        """Let moderation hold the next messages of the shop; `change` lets one go."""
        self._hold += count

    def change(self, message_id: str, *, state: str) -> FakeMessage:
        """Move a message to another state (sent, read, recalled)."""
        at = next(place for place, one in enumerate(self.messages) if one.id == message_id)
        self.messages[at] = replace(self.messages[at], state=state)
        return self.messages[at]

    def sent_by_shop(self) -> Sequence[FakeMessage]:
        """Give what the shop sent, oldest first."""
        return [one for one in self.messages if one.author.role == "shop"]

    def page(self, *, after: int = 0, limit: int, thread_id: str = "", inclusive: bool = False) -> FakePage:
        """Give a page of messages after a number, oldest first; `inclusive` repeats the boundary itself."""
        first = after if inclusive else after + 1
        wanted = [one for one in self.messages if one.number >= first and thread_id in ("", one.thread)]
        page = wanted[:limit]
        return FakePage(
            messages=page, next_after=page[-1].number if page else after, more=len(wanted) > limit
        )

    def forget(self) -> None:
        """Drop messages, keys and the log of calls; numbers go on. For long runs (`FreshSimulator`)."""
        self.messages.clear()
        self._ledger.clear()
        self.http.calls.clear()

    async def wait_for_news(self, after: int) -> None:
        """Wait until there is a message with a higher number, for long polls."""
        while self._last_number <= after:
            self._changed.clear()
            await self._changed.wait()

    def issue_token(self, lasts_s: float = 3600.0) -> str:
        """Give a new access token; the ones before stay good until they run out."""
        self.tokens_issued += 1
        token = f"token-{self.tokens_issued}"
        self.tokens[token] = self.clock.now() + timedelta(seconds=lasts_s)
        return token

    def token_is_good(self, token: str) -> bool:
        """Say whether a token (with or without `Bearer `) was issued and has not run out."""
        ends_at = self.tokens.get(token.removeprefix("Bearer "))
        return ends_at is not None and ends_at > self.clock.now()

    def expire_tokens(self) -> None:
        """Let every token run out now."""
        self.tokens = dict.fromkeys(self.tokens, self.clock.now())

    def _keep(
        self,
        thread: FakeThread,
        author: FakeUser,
        text: str,
        *,
        kind: str,
        fields: Mapping[str, Any],
        at: datetime | None = None,
        key: str = "",
        state: str = "sent",
    ) -> FakeMessage:
        self._last_number = number = self._last_number + 1
        message = FakeMessage(
            id=f"m{number}",
            number=number,
            thread=thread.id,
            author=author,
            text=text,
            at=at or self.clock.now(),
            kind=kind,
            fields=fields,
            state=state,
            key=key,
        )
        self.messages.append(message)
        self._changed.set()
        return message
