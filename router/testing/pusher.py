"""The provider's side of a push; in: signed calls, out: what the door answered.

A push can be repeated or kept back, and those kept back arrive late and in another order, as real ones do.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import ClientSession, DummyCookieJar

from router.testing.hook_door import HookDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One call of a provider, signed and ready to go; `path` is what follows `/hooks/<account>`."""

    body: bytes
    path: str = "/"
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What the provider was answered, and how long it waited."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    took_s: float

    @property
    def taken(self) -> bool:
        """Say whether the provider may forget the push."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    def __str__(self) -> str:
        return f"{self.status} {self.body.decode('utf-8', 'replace')}".strip()


class Pusher:
    """The provider's side: posts to a `HookDoor`, and does to pushes what networks do."""

    def __init__(self, door: HookDoor) -> None:
        self._door = door
        self._client: ClientSession | None = None
        self._repeats: deque[int] = deque()
        self._keep_back = 0
        self._kept: list[tuple[str, Push]] = []

    async def start(self) -> None:
        """Get ready to call."""
        self._client = ClientSession(cookie_jar=DummyCookieJar())

    async def stop(self) -> None:
        """Hang up."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def repeat_next(self, times: int = 2) -> None:
        """Send the next push this many times."""
        self._repeats.append(times)

    def keep_back_next(self, count: int = 1) -> None:
        """Send nothing for the next pushes; `release` brings them late."""
        self._keep_back += count

    async def release(self, *, reverse: bool = True) -> Sequence[Pushed]:
        """Send what was kept back, the last one first unless told otherwise."""
        kept, self._kept = self._kept, []
        return [await self._post(account, push) for account, push in (kept[::-1] if reverse else kept)]

    async def push(self, account: str, push: Push) -> Pushed | None:
        """Post one push and give the (last) answer; None while it is kept back."""
        if self._keep_back:
            self._keep_back -= 1
            self._kept.append((account, push))
            return None
        times = self._repeats.popleft() if self._repeats else 1
        answers = [await self._post(account, push) for _ in range(times)]
        return answers[-1]

    async def _post(self, account: str, push: Push) -> Pushed:
        if self._client is None:
            raise RuntimeError("start the pusher first")
        began_s = time.perf_counter()
        async with self._client.request(
            push.method,
            f"{self._door.url}/hooks/{account}{push.path}",
            params=push.query,
            headers=push.headers,
            data=push.body,
        ) as response:
            body = await response.read()
        return Pushed(
            status=response.status,
            body=body,
            headers=dict(response.headers),
            took_s=time.perf_counter() - began_s,
        )
