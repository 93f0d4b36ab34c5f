"""Where an account's coroutines run: on the router's loop, or in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


class ChannelLoop(Protocol):
    """A place to run one account; every method is called from the core's loop."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop the account's coroutines run on."""
        ...

    @property
    def thread_id(self) -> int:
        """The thread that runs it."""
        ...

    async def start(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin to run `main`, once."""
        ...

    async def call(self, coroutine: Coroutine[Any, Any, T], limit_s: float) -> T:
        """Run one more coroutine there and await it; raises TimeoutError even if the place is blocked."""
        ...

    def post(self, call: Callable[[], object]) -> None:
        """Call a plain function there soon; dropped if the place is gone."""
        ...

    async def ended(self) -> None:
        """Wait until `main` has ended."""
        ...

    async def stop(self, grace_s: float) -> bool:
        """Cancel `main`; False if it had not ended after the grace and was left behind."""
        ...


class SharedLoop:
    """The router's own loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread_id = threading.get_ident()
        self._main: asyncio.Task[None] | None = None

    async def start(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin to run `main`."""
        self._main = asyncio.ensure_future(main())

    async def call(self, coroutine: Coroutine[Any, Any, T], limit_s: float) -> T:
        """Run one more coroutine and await it."""
        async with asyncio.timeout(limit_s):
            return await coroutine

    def post(self, call: Callable[[], object]) -> None:
        """Call a plain function."""
        call()

    async def ended(self) -> None:
        """Wait until `main` has ended."""
        if self._main is not None:
            await asyncio.wait({self._main})
            _report(self._main)

    async def stop(self, grace_s: float) -> bool:
        """Cancel `main` and wait for it."""
        if self._main is None:
            return True
        self._main.cancel()
        done, _ = await asyncio.wait({self._main}, timeout=grace_s)
        return bool(done)


class OwnThread:
    """A daemon thread with its own loop: a blocking call in there harms only its account."""

    def __init__(self, name: str) -> None:
        self._core = asyncio.get_running_loop()
        self._started = asyncio.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"account-{name}", daemon=True)
        self._main: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._task: asyncio.Task[None] | None = None
        self.loop: asyncio.AbstractEventLoop = self._core

    @property
    def thread_id(self) -> int:
        """The thread that runs the loop."""
        return self._thread.ident or 0

    async def start(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start the thread and run `main` in it; returns once it runs, or has already ended."""
        self._main = main
        self._thread.start()
        await self._started.wait()

    async def call(self, coroutine: Coroutine[Any, Any, T], limit_s: float) -> T:
        """Run one more coroutine in the thread and await it."""
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except RuntimeError:
            coroutine.close()
            raise TimeoutError("its thread has ended") from None
        async with asyncio.timeout(limit_s):
            return await asyncio.wrap_future(future)

    def post(self, call: Callable[[], object]) -> None:
        """Call a plain function in the thread."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(call)

    async def ended(self) -> None:
        """Wait until the thread is through with `main`."""
        await self._ended.wait()

    async def stop(self, grace_s: float) -> bool:
        """Cancel `main` and wait for the thread; one that stays blocked is left to itself."""
        try:
            # not wait_for: on Python 3.11 it loses a cancellation that comes with the result
            async with asyncio.timeout(grace_s):
                # A thread that has only been started has nothing to cancel yet.
                await self._started.wait()
                if self._task is not None:
                    self.post(self._task.cancel)
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                self.loop = runner.get_loop()
                runner.run(self._run_main())
        except asyncio.CancelledError:
            pass
        except BaseException:
            _log.exception("account thread crashed", extra={"thread": self._thread.name})
        finally:
            # The core's loop may be gone by the time an abandoned thread wakes.
            with contextlib.suppress(RuntimeError):
                self._core.call_soon_threadsafe(self._note_end)

    def _note_end(self) -> None:
        # Both: a thread that crashed before `main` never said that it had started.
        self._started.set()
        self._ended.set()

    async def _run_main(self) -> None:
        self._task = asyncio.current_task()
        self._core.call_soon_threadsafe(self._started.set)
        if self._main is not None:
            await self._main()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("account task crashed", exc_info=task.exception())
