"""Renew an account's access when its token has run out; in: calls to a channel, out: their answers.

However many calls find the token out of date at once, it is renewed once, and each of them tries once more.
A renewal is never cut short by a caller that gives up: some providers take the old refresh token away with
the first byte of the request, so half a renewal would lock the account out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from router.abilities import RenewsAccess
from router.accounts.bounded import bounded
from router.accounts.judgement import cause_of
from router.channel import AnyChannel
from router.errors import AuthExpired, AuthInvalid, Retryable, SendError

T = TypeVar("T")


class Renewal:
    """The access of one open channel."""

    def __init__(self, channel: AnyChannel, limit_s: float) -> None:
        self._channel = channel
        self._limit_s = limit_s
        self._times = 0
        self._running: asyncio.Task[None] | None = None

    async def run(self, act: Callable[[AnyChannel], Coroutine[Any, Any, T]]) -> T:
        """Call the channel; when its access has run out renew it and call once more.

        Raises AuthInvalid when the renewed access is refused as well, and what `renew_access` raises. A
        channel that cannot renew gets its own AuthExpired back.
        """
        seen = self._times
        try:
            return await act(self._channel)
        except AuthExpired:
            if not isinstance(self._channel, RenewsAccess):
                raise
            await self.renew(self._channel, seen)
        try:
            return await act(self._channel)
        except AuthExpired as error:
            raise AuthInvalid(f"the renewed access is refused: {error}", code=error.code) from error

    async def renew(self, channel: RenewsAccess, seen: int | None = None) -> None:
        """Renew, unless that has happened since `times` stood at `seen`; joins a renewal that is running."""
        if seen is not None and seen != self._times:
            return
        if self._running is None:
            self._running = asyncio.ensure_future(self._once(channel))
            # Retrieved in any case, so that nothing is reported as forgotten when every caller has gone.
            self._running.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        await asyncio.shield(self._running)

    async def _once(self, channel: RenewsAccess) -> None:
        try:
            await bounded(channel.renew_access(), self._limit_s)
            self._times += 1
        except SendError:
            raise
        except Exception as error:
            # Nothing has been sent with the old access, so whatever broke here leaves no doubt.
            raise Retryable(f"the access was not renewed: {cause_of(error)}", code="renewal") from error
        finally:
            self._running = None

    async def close(self, patience_s: float) -> None:
        """Let a running renewal end, for a while; before the channel is closed."""
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=patience_s)
        if self._running is not None:
            self._running.cancel()
